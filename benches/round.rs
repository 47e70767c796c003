//! Rounds of requests, each of which somebody is picked for.

use std::{hint::black_box, net::Ipv4Addr};

use criterion::measurement::{Measurement, WallTime};
use engine::{RequestStream, Span, Streams};
use policy::{Flow, PickContext};

/// So many different requests come again and again.
const REQUESTS: usize = 1024;

/// So many come in a round: few, so that some rounds are disturbed by nobody.
const ROUND: u32 = 1024;

/// So many rounds there are of each, and fewer where those take longer than that together.
const ROUNDS: u32 = 20_000;
const LONGEST: Span = Span::from_secs(1);

/// What a request is told apart by.
pub(crate) struct Request {
    key: Vec<u8>,
    key_number: u32,
    flow: Flow,
}

/// The same as it is handed over with each pick.
pub(crate) struct Known<'a> {
    pub(crate) key: &'a [u8],
    pub(crate) flow: Flow,
}

impl Request {
    #[inline]
    pub(crate) fn known(&self) -> Known<'_> {
        Known { key: &self.key, flow: self.flow }
    }

    /// Hands it over with a pick.
    #[inline]
    pub(crate) fn tell_pick<'a>(&'a self, context: &mut PickContext<'a>) {
        (context.key, context.key_number) = (&self.key, Some(self.key_number));
        context.flow = self.flow;
    }
}

/// Requests as long as the program lives.
pub(crate) type Requests = &'static [Request];

pub(crate) fn requests() -> Requests {
    let request = |number: u32| {
        let mut flow = Flow::UNKNOWN;
        flow.source.set_ip(Ipv4Addr::from(0x0a00_0000 | number.wrapping_mul(0x9e_3779)));
        flow.source.set_port(1024 + number as u16);
        flow.destination.set_ip(Ipv4Addr::new(10, 96, 0, 1));
        flow.destination.set_port(80);
        let key = format!("/users/{number}/profile").into_bytes();
        Request { key, key_number: number, flow }
    };
    (0..REQUESTS as u32).map(request).collect::<Vec<_>>().leak()
}

/// A round of requests.
pub(crate) type Round = Box<dyn FnMut()>;

/// Rounds in which each request, with a random stream of its own, is given to a function.
pub(crate) fn round(
    requests: Requests,
    mut pick: impl FnMut(&Request, &mut RequestStream) -> Option<usize> + 'static,
) -> Round {
    let streams = Streams::new(1).requests("policies");
    let mut number = 0;
    Box::new(move || {
        for _ in 0..ROUND {
            let mut random = streams.request(number as u64);
            let place = pick(&requests[number % REQUESTS], &mut random);
            black_box(place.unwrap_or(usize::MAX));
            number += 1;
        }
    })
}

/// Rounds in which nobody is picked.
pub(crate) fn empty(requests: Requests) -> Round {
    round(requests, |_, random| {
        black_box(random);
        None
    })
}

/// How long a request takes in each of several kinds of rounds, in nanoseconds: in the fastest of
/// many. One of each kind comes after the other, so that all have the same neighbours.
pub(crate) fn fastest<const KINDS: usize>(mut kinds: [Round; KINDS]) -> [f64; KINDS] {
    let mut fastest = [f64::INFINITY; KINDS];
    let mut spent = 0.0;
    for _ in 0..ROUNDS {
        for (round, fastest) in kinds.iter_mut().zip(&mut fastest) {
            let nanos = nanos(round);
            spent += nanos;
            *fastest = fastest.min(nanos / f64::from(ROUND));
        }
        if spent > LONGEST.as_nanos() as f64 {
            break;
        }
    }
    fastest
}

/// How long something takes.
pub(crate) fn nanos(work: impl FnOnce()) -> f64 {
    let start = WallTime.start();
    work();
    WallTime.end(start).as_nanos() as f64
}
