//! The controller manager: runs controllers over shared informers, several workers each, and sends
//! what they want written to the API server under each controller's client limit.

use std::collections::VecDeque;

use api::{Change, Key, Object};
use engine::{Distribution, Source, Stream, Streams, Time};

use crate::{
    Cx,
    api_server::ApiServer,
    controller::{Again, Answer, Controller, Plan, SyncContext},
    event::{ControllerId, Event, class},
    event_sink::EventSink,
    informer::Informers,
    token_bucket::TokenBucket,
    work_queue::{BackOff, WorkQueue},
    write::{ApiError, Write},
};

/// Workers of each controller (`pkg/controller/*/config/v1alpha1/defaults.go`).
const WORKERS: usize = 5;

/// How long the controller manager's parts take, and how often its clients may call.
#[derive(Clone, Debug)]
pub struct Config {
    /// From a key's being taken to its first call.
    pub sync: Distribution,
    /// From sending a call to its reaching the API server; the answer is heard at once.
    pub api_call: Distribution,
    /// From a new pod's being stored to its creator's hearing so, which takes longer than for other
    /// calls. A batch of creates waits for the one before.
    pub pod_create_answer: Distribution,
    /// Calls a second of each controller's client; `None` for no limit.
    pub client_qps: Option<f64>,
    /// How many it may send at once after a pause.
    pub client_burst: u32,
}

/// The controller manager.
pub struct ControllerManager {
    informers: Informers,
    controllers: Vec<Managed>,
    config: Config,
}

struct Managed {
    controller: Box<dyn Controller>,
    queue: WorkQueue,
    workers: Vec<Option<Job>>,
    client: TokenBucket,
    events: EventSink,
    delays: Stream,
    random: Stream,
}

/// What a worker is busy with.
struct Job {
    key: Key,
    plan: Plan,
    /// The batches still to send, after the one on its way.
    rest: VecDeque<Vec<Write>>,
    /// The batch on its way; a call is taken out as it is answered.
    sent: Vec<Option<Write>>,
    outstanding: usize,
    failed: bool,
    /// It wanted something in a namespace that is being deleted: it ends, and is not tried again.
    stopped: bool,
    /// A write met a conflict and was tried again.
    reread: bool,
    began: Time,
}

impl ControllerManager {
    /// A manager of no controllers.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self { informers: Informers::default(), controllers: Vec::new(), config }
    }

    /// Adds a controller under a name that its random streams are drawn by, and gives it its number.
    pub fn add(
        &mut self,
        name: &str,
        back_off: BackOff,
        controller: Box<dyn Controller>,
        streams: &Streams,
    ) -> ControllerId {
        self.controllers.push(Managed {
            controller,
            queue: WorkQueue::new(back_off),
            workers: (0..WORKERS).map(|_| None).collect(),
            client: TokenBucket::new(self.config.client_qps, self.config.client_burst),
            events: EventSink::default(),
            delays: streams.named(&format!("controller/{name}/delays")),
            random: streams.named(&format!("controller/{name}/choices")),
        });
        ControllerId(self.controllers.len() as u8 - 1)
    }

    /// Lets a controller's client call so many times as often as others, and so many times as much at once.
    pub fn widen_limit(&mut self, controller: ControllerId, (qps, burst): (f64, u32)) {
        let per_second = self.config.client_qps.map(|limit| limit * qps);
        self.controllers[usize::from(controller.0)].client =
            TokenBucket::new(per_second, self.config.client_burst.saturating_mul(burst));
    }

    /// Lets a controller look at a key later.
    pub fn look_at(&mut self, controller: ControllerId, key: &Key, at: Time, cx: &mut Cx<'_>) {
        if self.controllers[usize::from(controller.0)].queue.add_at(key, at) {
            let wake = Event::Wake { controller, key: Box::new(key.clone()) };
            cx.agenda.at(at, source(controller), wake);
        }
    }

    /// Takes in a change and shows it to every controller.
    pub fn observe(&mut self, change: &Change, cx: &mut Cx<'_>) {
        let old = self.informers.observe(change);
        for index in 0..self.controllers.len() {
            let managed = &mut self.controllers[index];
            managed.controller.observe(change, old.as_ref(), &self.informers, &mut managed.queue);
            self.start_workers(ControllerId(index as u8), cx);
        }
    }

    /// A key's delay is over.
    pub fn wake(&mut self, controller: ControllerId, key: Key, cx: &mut Cx<'_>) {
        self.controllers[usize::from(controller.0)].queue.add_due(key, cx.now);
        self.start_workers(controller, cx);
    }

    /// A worker begins with the key it took.
    pub fn sync(&mut self, id: ControllerId, worker: u8, api: &ApiServer, cx: &mut Cx<'_>) {
        let managed = &mut self.controllers[usize::from(id.0)];
        let job = managed.workers[usize::from(worker)].as_mut();
        let job = job.expect("a Sync event belongs to a worker with a key");
        let mut sync = SyncContext {
            now: cx.now,
            wall_nanos: api.wall_nanos(cx.now),
            random: &mut managed.random,
        };
        let mut plan = managed.controller.reconcile(&job.key, &self.informers, &mut sync);
        job.rest = std::mem::take(&mut plan.batches).into();
        job.plan = plan;
        job.began = cx.now;
        self.send_next_batch(id, worker, cx);
    }

    /// A call reaches the API server.
    pub fn call(
        &mut self,
        id: ControllerId,
        worker: u8,
        index: u16,
        api: &mut ApiServer,
        cx: &mut Cx<'_>,
    ) {
        let managed = &mut self.controllers[usize::from(id.0)];
        let job = managed.workers[usize::from(worker)].as_mut();
        let job = job.expect("a Call event belongs to a worker with a key");
        let write = job.sent[usize::from(index)].take().expect("a call arrives once");
        let result = api.write(&write, cx);
        if result == Err(ApiError::Conflict) && !job.reread && managed.controller.rereads(&write) {
            job.reread = true;
            job.sent[usize::from(index)] = Some(write.unconditional());
            let granted = managed.client.take(cx.now);
            let read = granted + self.config.api_call.sample(&mut managed.delays);
            cx.agenda.at(read, source(id), Event::Reread { controller: id, worker, index });
            return;
        }
        let answer = match &result {
            Ok(object) => object.as_ref().map(Answer::Stored),
            Err(error) => Some(Answer::Refused(*error)),
        };
        if let Some(answer) = answer {
            managed.controller.answered(&job.key, &write, answer);
        }
        // What was to be deleted and is gone already is what was wanted.
        let gone = matches!(write, Write::Delete { .. }) && result == Err(ApiError::NotFound);
        match result {
            Err(ApiError::NamespaceTerminating) => {
                job.stopped |= !managed.controller.goes_on_without(&write);
            }
            _ => job.failed |= result.is_err() && !gone,
        }
        if result.is_ok() {
            let about = managed.controller.announces(&write, &self.informers);
            about.into_iter().for_each(|about| managed.events.push(about));
        }
        let creates_pod = matches!(write, Write::Create(Object::Pod(_)));
        if creates_pod && !self.config.pod_create_answer.is_zero() {
            let heard = cx.now + self.config.pod_create_answer.sample(&mut managed.delays);
            cx.agenda.at(heard, source(id), Event::Answered { controller: id, worker });
        } else {
            self.answer(id, worker, cx);
        }
        self.tell(id, cx);
    }

    /// The object was read anew: the write goes out again.
    pub fn write_again(&mut self, id: ControllerId, worker: u8, index: u16, cx: &mut Cx<'_>) {
        let managed = &mut self.controllers[usize::from(id.0)];
        let granted = managed.client.take(cx.now);
        let arrival = granted + self.config.api_call.sample(&mut managed.delays);
        cx.agenda.at(arrival, source(id), Event::Call { controller: id, worker, index });
    }

    /// A worker hears that one of its calls was carried out; after the last it goes on.
    pub fn answer(&mut self, id: ControllerId, worker: u8, cx: &mut Cx<'_>) {
        let managed = &mut self.controllers[usize::from(id.0)];
        let job = managed.workers[usize::from(worker)].as_mut();
        let job = job.expect("an answer belongs to a worker with a key");
        job.outstanding -= 1;
        if job.outstanding == 0 {
            if job.failed || job.stopped {
                for write in job.rest.drain(..).flatten() {
                    managed.controller.answered(&job.key, &write, Answer::Skipped);
                }
            }
            self.send_next_batch(id, worker, cx);
        }
    }

    /// An event reached the API server.
    pub fn told(&mut self, id: ControllerId, cx: &mut Cx<'_>) {
        self.controllers[usize::from(id.0)].events.end();
        self.tell(id, cx);
    }

    /// Sends the next event. It waits for the client like any other call.
    fn tell(&mut self, id: ControllerId, cx: &mut Cx<'_>) {
        let managed = &mut self.controllers[usize::from(id.0)];
        if managed.events.begin(cx.now) {
            let granted = managed.client.take(cx.now);
            let arrival = granted + self.config.api_call.sample(&mut managed.delays);
            cx.agenda.at(arrival, source(id), Event::Told { controller: id });
        }
    }

    fn send_next_batch(&mut self, id: ControllerId, worker: u8, cx: &mut Cx<'_>) {
        let managed = &mut self.controllers[usize::from(id.0)];
        let job = managed.workers[usize::from(worker)].as_mut();
        let job = job.expect("only a busy worker sends");
        let Some(batch) = job.rest.pop_front() else { return self.finish(id, worker, cx) };
        job.outstanding = batch.len();
        for index in 0..batch.len() {
            let granted = managed.client.take(cx.now);
            let arrival = granted + self.config.api_call.sample(&mut managed.delays);
            let event = Event::Call { controller: id, worker, index: index as u16 };
            cx.agenda.at(arrival, source(id), event);
        }
        job.sent = batch.into_iter().map(Some).collect();
    }

    fn finish(&mut self, id: ControllerId, worker: u8, cx: &mut Cx<'_>) {
        let managed = &mut self.controllers[usize::from(id.0)];
        let job = managed.workers[usize::from(worker)].take();
        let job = job.expect("only a busy worker finishes");
        let again = if job.failed { Again::Failed } else { job.plan.again };
        let retry = match again {
            Again::No => None,
            Again::RateLimited | Again::Failed => managed.queue.retry_at(&job.key, cx.now),
        };
        if again != Again::Failed {
            managed.queue.forget(&job.key);
        }
        // The delay counts from the sync that asked for it, however long its calls took.
        let later = job.plan.requeue_after.map(|delay| (job.began + delay).max(cx.now));
        for at in retry.into_iter().chain(later) {
            self.look_at(id, &job.key, at, cx);
        }
        self.controllers[usize::from(id.0)].queue.done(&job.key);
        self.start_workers(id, cx);
    }

    fn start_workers(&mut self, id: ControllerId, cx: &mut Cx<'_>) {
        let managed = &mut self.controllers[usize::from(id.0)];
        while let Some(worker) = managed.workers.iter().position(Option::is_none) {
            let Some(key) = managed.queue.take() else { return };
            managed.workers[worker] = Some(Job {
                key,
                plan: Plan::default(),
                rest: VecDeque::new(),
                sent: Vec::new(),
                outstanding: 0,
                failed: false,
                stopped: false,
                reread: false,
                began: cx.now,
            });
            let begin = cx.now + self.config.sync.sample(&mut managed.delays);
            let event = Event::Sync { controller: id, worker: worker as u8 };
            cx.agenda.at(begin, source(id), event);
        }
    }
}

fn source(controller: ControllerId) -> Source {
    Source { class: class::CONTROLLER, entity: u32::from(controller.0) }
}
