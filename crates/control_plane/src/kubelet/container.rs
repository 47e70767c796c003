//! One container as its kubelet sees it.

use api::{
    Timestamp,
    pod::{ContainerState, ContainerStatus, Termination},
    runtime_interface::ProbeKind,
};
use engine::{Span, Time};

use crate::prober;

/// Where a container is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Not started yet, or between two starts.
    Waiting,
    /// Its program runs.
    Running,
    /// Its program ended for good.
    Exited,
}

/// The back-off before a restart: none the first time, then 10 s doubling to 300 s, forgotten after
/// 10 minutes of running (`client-go/util/flowcontrol/backoff.go`).
const BACK_OFF_SECONDS: (u64, u64) = (10, 300);
const FORGET_AFTER: Span = Span::from_secs(600);

/// A container and its probes.
#[derive(Debug)]
pub(super) struct Container {
    pub(super) state: State,
    pub(super) started: Time,
    pub(super) restarts: u32,
    pub(super) probes: Vec<prober::Worker>,
    /// The program said that it listens (`readiness: direct`).
    pub(super) declared_started: bool,
    /// The program said that it is ready (`readiness: direct`).
    pub(super) declared_ready: bool,
    /// Its state changed since the kubelet last looked.
    pub(super) unnoticed: bool,
    /// The kubelet has seen that it runs; until then it is not probed.
    pub(super) known: bool,
    /// It ended, and may be started again from then on.
    pub(super) restart_at: Option<Time>,
    /// How its program ended last: with which code, since when it had run, and when.
    ended: Option<(u8, Time, Time)>,
    crashes: u32,
}

impl Container {
    /// A container that was not started yet. Each of its probes has one worker, over all restarts.
    pub(super) fn new(spec: &api::Container) -> Self {
        let probes = spec.probes();
        let worker = |(kind, probe): (ProbeKind, &api::Probe)| {
            prober::Worker::new(kind, probe.clone(), probe.port(spec))
        };
        let probes = probes.map(worker).collect();
        Self {
            state: State::Waiting,
            started: Time::ZERO,
            restarts: 0,
            probes,
            declared_started: false,
            declared_ready: false,
            unnoticed: false,
            known: false,
            restart_at: None,
            ended: None,
            crashes: 0,
        }
    }

    pub(super) fn started_at(&mut self, now: Time) {
        self.state = State::Running;
        self.started = now;
        (self.declared_started, self.declared_ready) = (false, false);
        self.known = false;
        self.probes.iter_mut().for_each(prober::Worker::begin_anew);
    }

    pub(super) fn exited_at(&mut self, now: Time, code: u8) {
        self.state = State::Exited;
        self.ended = Some((code, self.started, now));
        if now.since(self.started) > FORGET_AFTER {
            self.crashes = 0;
        }
    }

    /// How long to wait before the next start, counted from its end.
    pub(super) fn next_back_off(&mut self) -> Span {
        self.crashes += 1;
        self.state = State::Waiting;
        match self.crashes {
            1 => Span::ZERO,
            crashes => {
                let seconds = BACK_OFF_SECONDS.0 << (crashes - 2).min(5);
                Span::from_secs(seconds.min(BACK_OFF_SECONDS.1))
            }
        }
    }

    /// Whether its program ended, and badly.
    pub(super) fn has_failed(&self) -> bool {
        self.state == State::Exited && self.ended.is_some_and(|(code, ..)| code != 0)
    }

    /// Its status; `at` is the clock of the API.
    pub(super) fn status(&self, direct: bool, at: impl Fn(Time) -> Timestamp) -> ContainerStatus {
        let last = self.ended.map(|(exit_code, started, ended)| Termination {
            exit_code,
            started_at: at(started),
            finished_at: at(ended),
        });
        let state = match (self.state, last) {
            // Without a runtime to wait for, its program says when it is there.
            (State::Running, _) if direct && !self.declared_started => ContainerState::default(),
            (State::Running, _) => ContainerState::Running(at(self.started)),
            (State::Exited, Some(last)) => ContainerState::Terminated(last),
            // The first time it is started again at once, so that nobody sees it wait.
            (State::Waiting, Some(last)) if self.crashes < 2 => ContainerState::Terminated(last),
            (State::Waiting, Some(_)) => ContainerState::Waiting("CrashLoopBackOff"),
            (State::Waiting | State::Exited, None) => ContainerState::default(),
        };
        // A restart counts once it is made.
        let to_come = self.state == State::Waiting && self.restarts > 0;
        ContainerStatus {
            ready: self.is_ready(direct),
            started: self.is_started(),
            restart_count: self.restarts - u32::from(to_come),
            last_termination: last.filter(|_| !matches!(state, ContainerState::Terminated(_))),
            state,
        }
    }

    pub(super) fn startup_passed(&self) -> bool {
        self.probes.iter().all(|probe| probe.kind != ProbeKind::Startup || probe.passes())
    }

    /// Running, and past its start-up probe.
    pub(super) fn is_started(&self) -> bool {
        self.state == State::Running && self.startup_passed()
    }

    /// Started, and ready by its readiness probe, or by its own word.
    pub(super) fn is_ready(&self, direct: bool) -> bool {
        let readiness = self.probes.iter().find(|probe| probe.kind == ProbeKind::Readiness);
        self.is_started()
            && if direct {
                self.declared_ready
            } else {
                readiness.is_none_or(prober::Worker::passes)
            }
    }

    /// While a started container is not ready, every sync of its pod asks its readiness probe at
    /// once and begins a new period (`prober_manager.go:UpdatePodStatus`). Gives the generation of
    /// the turn to plan.
    pub(super) fn poke_readiness(&mut self) -> Option<u32> {
        if !self.is_started() {
            return None;
        }
        let probe = self.probes.iter_mut().find(|probe| probe.kind == ProbeKind::Readiness)?;
        if probe.passes() {
            return None;
        }
        probe.generation += 1;
        Some(probe.generation)
    }
}
