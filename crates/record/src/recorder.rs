//! Who listens to a stream of records.

use engine::Time;

use crate::{Record, Request};

/// Takes the facts of a run, in order.
pub trait Recorder {
    /// Takes one fact and the time it happened at.
    fn record(&mut self, time: Time, record: &Record);

    /// Takes a finished request: the same as its [`Record::RequestFinished`]. Nearly all facts are of
    /// this kind, so that it pays to have a way for them where nothing is wrapped and unwrapped.
    #[inline]
    fn request_finished(&mut self, time: Time, request: &Request) {
        self.record(time, &Record::RequestFinished(*request));
    }
}

/// Listens to nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Discard;

impl Recorder for Discard {
    fn record(&mut self, _: Time, _: &Record) {}
}

/// Two listeners to one stream.
#[derive(Debug)]
pub struct Tee<A, B>(pub A, pub B);

impl<A: Recorder, B: Recorder> Recorder for Tee<A, B> {
    fn record(&mut self, time: Time, record: &Record) {
        self.0.record(time, record);
        self.1.record(time, record);
    }

    #[inline]
    fn request_finished(&mut self, time: Time, request: &Request) {
        self.0.request_finished(time, request);
        self.1.request_finished(time, request);
    }
}

impl<R: Recorder + ?Sized> Recorder for &mut R {
    fn record(&mut self, time: Time, record: &Record) {
        (**self).record(time, record);
    }

    #[inline]
    fn request_finished(&mut self, time: Time, request: &Request) {
        (**self).request_finished(time, request);
    }
}

impl<R: Recorder> Recorder for Option<R> {
    fn record(&mut self, time: Time, record: &Record) {
        if let Some(recorder) = self {
            recorder.record(time, record);
        }
    }

    #[inline]
    fn request_finished(&mut self, time: Time, request: &Request) {
        if let Some(recorder) = self {
            recorder.request_finished(time, request);
        }
    }
}

/// Keeps everything; for tests and for short runs only.
impl Recorder for Vec<(Time, Record)> {
    fn record(&mut self, time: Time, record: &Record) {
        self.push((time, record.clone()));
    }
}
