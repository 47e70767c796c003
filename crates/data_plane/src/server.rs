//! The program in a container: a first-come-first-served station with several workers and a bounded
//! queue, which starts, warms up, and ends in its own way.
//!
//! With that discipline the time at which a request will be done is known when it is accepted:
//! it begins at the later of its own arrival and the next worker's being free.

use std::{collections::VecDeque, num::NonZeroU32, sync::Arc};

use api::ContainerId;
use engine::{Random, Span, Time};

use policy::Report;

use crate::{behaviour::Behaviour, meter::Meter, workers::Workers};

/// A program's number in one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerId(NonZeroU32);

impl ServerId {
    /// The one that was started after so many others.
    #[must_use]
    pub fn after(others: u32) -> Self {
        Self(NonZeroU32::MIN.saturating_add(others))
    }

    /// How many were started before it: its place among all.
    #[must_use]
    #[inline]
    pub fn place(self) -> u32 {
        self.0.get() - 1
    }
}

/// Whether a program listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listener {
    /// Not yet.
    NotYet,
    /// It does.
    Open,
    /// No more.
    Closed,
}

/// When a request that was accepted is worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admission {
    /// How long it waits for a worker.
    pub queued: Span,
    /// When it is done.
    pub departure: Time,
}

/// A program in a container.
#[derive(Debug)]
pub struct Server {
    /// Which container it is in.
    pub container: ContainerId,
    /// How it behaves.
    pub behaviour: Arc<Behaviour>,
    /// How many programs of its image were started before it.
    pub turn: u64,
    listener: Listener,
    /// Whether it runs at all.
    running: bool,
    /// Whether it was sent SIGTERM and minds it.
    ending: bool,
    listening_since: Time,
    ready: bool,
    workers: Workers,
    /// When the requests that still wait begin.
    waiting: VecDeque<Time>,
    /// When the last of the accepted requests is done.
    busy_until: Time,
    /// How many times longer everything takes (a fault), 1 if nothing is wrong.
    slowdown: f64,
    /// What it would say of its load, where anybody asks.
    meter: Option<Box<Meter>>,
    /// Requests it dropped when it was told to end, before it did.
    pub dropped: u32,
}

impl Server {
    /// A program that was just started.
    #[must_use]
    pub fn new(container: ContainerId, behaviour: Arc<Behaviour>, turn: u64) -> Self {
        Self {
            container,
            listener: Listener::NotYet,
            running: true,
            ending: false,
            listening_since: Time::ZERO,
            ready: false,
            workers: Workers::default(),
            waiting: VecDeque::new(),
            busy_until: Time::ZERO,
            slowdown: 1.0,
            meter: None,
            dropped: 0,
            behaviour,
            turn,
        }
    }

    /// Whether it listens.
    #[must_use]
    #[inline]
    pub fn listener(&self) -> Listener {
        self.listener
    }

    /// Whether it runs.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.running
    }

    /// Whether it was sent SIGTERM and minds it.
    #[must_use]
    pub fn is_ending(&self) -> bool {
        self.ending
    }

    /// Whether it passes its readiness checks.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.ready && self.listener == Listener::Open
    }

    /// When the last of the accepted requests is done.
    #[must_use]
    pub fn busy_until(&self) -> Time {
        self.busy_until
    }

    /// It measures its load from now on, to tell whoever asks.
    pub fn measure_load(&mut self) {
        self.meter.get_or_insert_default();
    }

    /// How many requests it has, waiting and in service.
    #[must_use]
    pub fn in_flight(&self, now: Time) -> u32 {
        let in_service = self.workers.busy(now).count();
        let waiting = self.waiting.iter().filter(|start| **start > now).count();
        (in_service + waiting) as u32
    }

    /// How long it would take to do what it has.
    #[must_use]
    pub fn work_left(&self, now: Time) -> Span {
        self.workers.busy(now).max().map_or(Span::ZERO, |last| last.since(now))
    }

    /// What it says of its load.
    #[must_use]
    pub fn report(&self, now: Time) -> Option<Report> {
        let meter = self.meter.as_ref()?;
        let (workers, in_flight) =
            (f64::from(self.behaviour.concurrency.max(1)), self.in_flight(now));
        Some(Report {
            in_flight,
            latency: meter.latency(in_flight),
            utilization: (meter.work.at(now) / workers).min(1.0),
            rate: meter.requests.at(now),
            errors: 0.0,
        })
    }

    /// It listens from now on.
    pub fn listen(&mut self, now: Time) {
        self.listener = Listener::Open;
        self.listening_since = now;
    }

    /// It passes, or fails, its readiness checks from now on.
    pub fn set_ready(&mut self, ready: bool) {
        self.ready = ready;
    }

    /// It takes so many times as long from now on.
    pub fn set_slowdown(&mut self, factor: f64) {
        self.slowdown = factor;
    }

    /// It minds SIGTERM from now on.
    pub fn begin_to_end(&mut self) {
        self.ending = true;
    }

    /// It listens no more. Gives back whether it did before.
    pub fn close_listener(&mut self) -> bool {
        std::mem::replace(&mut self.listener, Listener::Closed) == Listener::Open
    }

    /// It runs no more.
    pub fn end(&mut self) {
        self.running = false;
        self.drop_work();
    }

    /// It works on nothing any more.
    pub fn drop_work(&mut self) {
        self.waiting.clear();
    }

    /// Accepts a request whose last byte is there at `ready`; `None` where its queue is full.
    #[inline]
    pub fn admit(
        &mut self,
        now: Time,
        ready: Time,
        workload: &mut impl Random,
    ) -> Option<Admission> {
        while self.waiting.front().is_some_and(|start| *start <= now) {
            self.waiting.pop_front();
        }
        let most = self.behaviour.concurrency.max(1) as usize;
        let free_at = self.workers.free_at(now, most);
        let start = free_at.map_or(ready, |free_at| free_at.max(ready));
        if start > ready && self.waiting.len() >= self.behaviour.backlog as usize {
            return None;
        }
        // Who queues does not meet himself.
        let met = self.meter.is_some().then(|| self.in_flight(now));
        if start > ready {
            self.waiting.push_back(start);
        }
        let mut service = self.behaviour.service_time.sample(workload);
        let age = start.since(self.listening_since);
        let warming = self.behaviour.warm_up.map_or(1.0, |warm_up| warm_up.slowdown(age));
        let factor = warming * self.slowdown;
        if factor > 1.0 {
            service = service.mul_f64(factor);
        }
        let departure = start + service;
        if let (Some(meter), Some(met)) = (&mut self.meter, met) {
            meter.admit(now, met, service, departure.since(ready));
        }
        self.workers.occupy(departure);
        self.busy_until = self.busy_until.max(departure);
        Some(Admission { queued: start.since(ready), departure })
    }
}
