//! HAProxy's fast weighted round robin: positions on a line, in three trees.

use std::{cmp::Reverse, collections::BinaryHeap, mem};

use crate::haproxy::weight::{MAX_EFFECTIVE, SCALE};

/// A server's place on the line, which is `next` once it has one in this turn.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Server {
    /// Its weight; 0 for one that is not in use.
    weight: u64,
    tree: Option<Tree>,
    key: u64,
    /// When it was put into its tree: of those with the same key the first comes first.
    order: u64,
    next: u64,
    /// What divisions left over.
    rest: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tree {
    /// Those with a position in this turn.
    Current,
    /// One of the two that change places: those that wait for their first position in this turn,
    /// and those whose position is in the next.
    Side(usize),
}

type Sorted = BinaryHeap<Reverse<(u64, u64, usize)>>;

/// All servers of a backend. A turn has as many positions as the weights have units. Who is taken
/// moves on by total/weight positions; who leaves the turn so waits for the next, which begins with
/// the heaviest. Servers come, go and change without disturbing the others: who comes or changes is
/// placed somewhere in what is left of this turn and the next.
#[derive(Clone, Debug, Default)]
pub(super) struct Fwrr {
    servers: Vec<Server>,
    current: Sorted,
    sides: [Sorted; 2],
    /// Which of the sides waits for its first position.
    init: usize,
    position: u64,
    /// The weight of this turn, and of the next.
    weight: u64,
    next_weight: u64,
    queued: u64,
}

impl Fwrr {
    /// The first servers: all wait for their first position.
    pub(super) fn begin(weights: impl Iterator<Item = u64>) -> Self {
        let mut all = Self::default();
        for (server, weight) in weights.enumerate() {
            all.servers.push(Server { weight, ..Server::default() });
            all.next_weight += weight;
            if weight > 0 {
                all.queue_by_weight(all.init, server);
            }
        }
        all.weight = all.next_weight;
        all.position = all.weight;
        all
    }

    /// Takes up a new order of the servers: each place with the number that it had, or none. Who is
    /// not among them goes.
    pub(super) fn arrange(&mut self, before: &[Option<usize>]) {
        let kept = |old: &Option<usize>| old.map(|old| self.servers[old]).unwrap_or_default();
        let servers: Vec<Server> = before.iter().map(kept).collect();
        self.servers = servers;
        self.next_weight = self.servers.iter().map(|server| server.weight).sum();
        self.sort();
    }

    /// A weight, which may have changed.
    pub(super) fn weigh(&mut self, server: usize, weight: u64) {
        let old = mem::replace(&mut self.servers[server].weight, weight);
        if old == weight {
            return;
        }
        self.next_weight = self.next_weight - old + weight;
        let left = (self.next_weight + self.weight).saturating_sub(self.position);
        let it = &mut self.servers[server];
        if let Some(steps) = left.checked_div(weight) {
            // It comes up, or is treated as if it did.
            if it.tree == Some(Tree::Side(self.init)) {
                it.rest = 0;
            }
            it.next = self.position + steps;
            self.queue(server);
        } else {
            it.tree = None;
        }
        self.sort();
    }

    /// Takes the next server; not this one, if there is another.
    pub(super) fn take(&mut self, avoid: Option<usize>) -> Option<usize> {
        let (mut avoided, mut switched) = (None, false);
        let server = loop {
            if self.weight == 0 {
                self.weight = self.next_weight;
                self.position = self.weight;
            }
            let Some(server) = self.first() else {
                if switched {
                    break avoided?;
                }
                switched = true;
                self.switch();
                continue;
            };
            self.move_on(server);
            self.position += 1;
            if Some(server) != avoid {
                break server;
            }
            avoided = Some(server);
        };
        self.queue(server);
        match avoided.filter(|avoided| *avoided != server) {
            Some(avoided) if switched => self.queue_by_weight(self.init, avoided),
            Some(avoided) => self.queue(avoided),
            None => {}
        }
        Some(server)
    }

    /// Takes the first server out of its tree: one that has a position, or where there is a hole
    /// one that waits for its first.
    fn first(&mut self) -> Option<usize> {
        let due = self.current.peek().map(|Reverse((.., server))| *server);
        let hole = due.is_none_or(|server| self.servers[server].next > self.position);
        if hole && let Some(Reverse((.., server))) = self.sides[self.init].pop() {
            self.servers[server].next = 0;
            self.servers[server].rest = 0;
            return Some(server);
        }
        self.current.pop();
        due
    }

    fn switch(&mut self) {
        self.init = 1 - self.init;
        self.weight = self.next_weight;
        self.position = self.weight;
    }

    /// A server is taken: its next position.
    fn move_on(&mut self, server: usize) {
        let it = &mut self.servers[server];
        if it.next == 0 {
            it.next = self.position;
        }
        it.next += self.next_weight / it.weight;
        it.rest += self.next_weight % it.weight;
        if it.rest >= it.weight {
            it.rest -= it.weight;
            it.next += 1;
        }
    }

    /// Puts a server where its position is: in this turn or the next.
    fn queue(&mut self, server: usize) {
        let it = &mut self.servers[server];
        if it.next >= 2 * self.weight || it.next >= self.weight + self.next_weight {
            it.next = it.next.saturating_sub(self.weight);
            self.queue_by_weight(1 - self.init, server);
        } else {
            let (weight, rest) = (it.weight, it.rest);
            let key = (MAX_EFFECTIVE / SCALE) * it.next + (MAX_EFFECTIVE + rest - weight) / SCALE;
            let entry = self.put(server, Tree::Current, key);
            self.current.push(entry);
        }
    }

    /// Puts a server among those at a side, the heaviest first.
    fn queue_by_weight(&mut self, side: usize, server: usize) {
        let key = MAX_EFFECTIVE - self.servers[server].weight;
        let entry = self.put(server, Tree::Side(side), key);
        self.sides[side].push(entry);
    }

    fn put(&mut self, server: usize, tree: Tree, key: u64) -> Reverse<(u64, u64, usize)> {
        self.queued += 1;
        let it = &mut self.servers[server];
        (it.tree, it.key, it.order) = (Some(tree), key, self.queued);
        Reverse((key, it.order, server))
    }

    /// Builds the trees anew from what the servers say.
    fn sort(&mut self) {
        self.current.clear();
        self.sides.iter_mut().for_each(BinaryHeap::clear);
        for tree in [&mut self.current].into_iter().chain(&mut self.sides) {
            tree.reserve(self.servers.len());
        }
        for (server, it) in self.servers.iter().enumerate() {
            let entry = Reverse((it.key, it.order, server));
            match it.tree {
                Some(Tree::Current) => self.current.push(entry),
                Some(Tree::Side(side)) => self.sides[side].push(entry),
                None => {}
            }
        }
    }
}
