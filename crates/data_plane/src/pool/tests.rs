//! Kept connections: which is taken, when one ends, and that no end is overlooked.

use proptest::prelude::*;

use super::*;

const SERVER: u32 = 7;

fn at(millis: u64) -> Time {
    Time::ZERO + Span::from_millis(millis)
}

fn keeping() -> Keeping {
    Keeping {
        streams: 1,
        min: 0,
        max: u32::MAX,
        max_idle: u32::MAX,
        max_age: None,
        idle_timeout: None,
        ping_timeout: None,
        newest_first: true,
    }
}

/// A connection to a program one millisecond away.
fn route() -> Route {
    Route {
        pod: PodId(3),
        port: 8080,
        server: ServerId::after(SERVER),
        node: NodeId(0),
        asked: None,
        by_rules: true,
        delay: Span::from_millis(1),
        idle_timeout: None,
    }
}

/// A pool with connections that were opened one after the other, which no request is on.
fn pool(keeping: &Keeping, count: usize) -> (Pool, Vec<ConnectionId>) {
    let mut pool = Pool::default();
    for _ in 0..count {
        assert_eq!(pool.take(keeping, at(0)), Taken::Open);
    }
    let ids: Vec<_> = (0..count).map(|_| pool.establish(route(), keeping, at(0))).collect();
    for id in &ids {
        assert!(pool.answered(*id, keeping, at(0)).is_none());
    }
    (pool, ids)
}

#[test]
fn the_newest_is_taken_first_or_the_oldest() {
    let (mut newest, ids) = pool(&keeping(), 3);
    assert_eq!(newest.take(&keeping(), at(5)), Taken::Over(ids[2]));
    assert_eq!(newest.take(&keeping(), at(5)), Taken::Over(ids[1]));
    newest.answered(ids[2], &keeping(), at(7));
    assert_eq!(newest.take(&keeping(), at(8)), Taken::Over(ids[2]));
    let oldest = Keeping { newest_first: false, ..keeping() };
    let (mut pool, ids) = pool(&oldest, 3);
    for turn in 0..6 {
        assert_eq!(pool.take(&oldest, at(5)), Taken::Over(ids[turn % 3]), "in turn");
        pool.answered(ids[turn % 3], &oldest, at(5));
    }
}

#[test]
fn there_are_as_many_as_are_wanted_and_no_more_than_are_allowed() {
    let few = Keeping { min: 2, max: 3, ..keeping() };
    let mut pool = Pool::default();
    assert_eq!(pool.take(&few, at(0)), Taken::Open);
    let first = pool.establish(route(), &few, at(0));
    pool.answered(first, &few, at(0));
    assert_eq!(pool.take(&few, at(0)), Taken::Open, "two are to be there");
    assert_eq!(pool.take(&few, at(0)), Taken::Over(first));
    assert_eq!(pool.take(&few, at(0)), Taken::Open, "none is free, and there may be three");
    assert_eq!(pool.take(&few, at(0)), Taken::Wait);
    pool.give_up_opening();
    assert_eq!(pool.take(&few, at(0)), Taken::Open);
}

#[test]
fn a_multiplexed_one_is_opened_once_and_carries_many() {
    let http2 = Keeping { streams: 2, ..keeping() };
    let mut pool = Pool::default();
    assert_eq!(pool.take(&http2, at(0)), Taken::Open);
    assert_eq!(pool.take(&http2, at(0)), Taken::Wait, "the one being opened will do");
    let id = pool.establish(route(), &http2, at(0));
    assert_eq!(pool.take(&http2, at(0)), Taken::Over(id));
    assert_eq!(pool.take(&http2, at(0)), Taken::Open, "two are on it");
}

/// Whether a request that is sent over the only connection at a moment finds it usable at its sender's,
/// and open where it arrives a millisecond later.
fn sent_at(pool: &mut Pool, keeping: &Keeping, now: Time) -> (bool, bool) {
    match pool.take(keeping, now) {
        Taken::Over(id) => {
            let arrival = now + Span::from_millis(1);
            let open = !pool.get(id).expect("it is there").is_closed(arrival);
            pool.accepted(id, arrival);
            pool.answered(id, keeping, arrival);
            (true, open)
        }
        Taken::Open | Taken::Wait => (false, false),
    }
}

#[test]
fn what_was_closed_is_used_until_its_sender_hears_of_it() {
    let cases: [(u64, (bool, bool)); 4] =
        [(8, (true, true)), (9, (true, false)), (10, (true, false)), (11, (false, false))];
    for (sent, expected) in cases {
        let (mut pool, _) = pool(&keeping(), 1);
        pool.close(at(10), |route| route.server == ServerId::after(SERVER));
        assert_eq!(sent_at(&mut pool, &keeping(), at(sent)), expected, "{sent} ms");
    }
    let (mut pool, _) = pool(&keeping(), 1);
    pool.close(at(10), |route| route.server == ServerId::after(SERVER + 1));
    assert_eq!(sent_at(&mut pool, &keeping(), at(99)), (true, true), "another's");
}

/// A program that drains says good-bye first where the connection is multiplexed: what comes before its
/// sender has heard is served.
#[test]
fn one_that_leaves_loses_nothing_where_it_is_multiplexed() {
    let http2 = Keeping { streams: 9, ..keeping() };
    for (keeping, served) in [(http2, true), (keeping(), false)] {
        let (mut pool, _) = pool(&keeping, 1);
        pool.leave_by(ServerId::after(SERVER), &keeping, at(10));
        assert_eq!(sent_at(&mut pool, &keeping, at(10)), (true, served));
        assert_eq!(sent_at(&mut pool, &keeping, at(11)), (false, false), "it knows");
    }
    // A request that is there is answered, and one that is on its way meets a closed connection.
    for (accepted, closed) in [(true, false), (false, true)] {
        let (mut pool, ids) = pool(&keeping(), 1);
        assert_eq!(pool.take(&keeping(), at(9)), Taken::Over(ids[0]));
        if accepted {
            pool.accepted(ids[0], at(12));
        }
        pool.leave_by(ServerId::after(SERVER), &keeping(), at(10));
        assert_eq!(pool.get(ids[0]).expect("it is there").is_closed(at(10)), closed);
        assert!(pool.answered(ids[0], &keeping(), at(13)).is_some(), "it was the last");
    }
}

#[test]
fn age_and_idleness_end_it_at_either_end() {
    let brief = Keeping { max_age: Some(Span::from_millis(50)), ..keeping() };
    let idle = Keeping { idle_timeout: Some(Span::from_millis(20)), ..keeping() };
    for (keeping, last) in [(brief, 49), (idle, 19)] {
        let (mut pool, _) = pool(&keeping, 1);
        assert!(sent_at(&mut pool, &keeping, at(last)).0);
        assert!(!sent_at(&mut pool, &keeping, at(last + 21)).0, "{last}");
    }
    for (sent, expected) in [(28, (true, true)), (29, (true, false)), (31, (false, false))] {
        let mut pool = Pool::default();
        pool.take(&keeping(), at(0));
        let route = Route { idle_timeout: Some(Span::from_millis(30)), ..route() };
        let id = pool.establish(route, &keeping(), at(0));
        pool.answered(id, &keeping(), at(0));
        assert_eq!(sent_at(&mut pool, &keeping(), at(sent)), expected, "{sent} ms");
    }
}

#[test]
fn a_failure_ends_it_unless_it_was_answered_or_others_are_on_it() {
    let http2 = Keeping { streams: 9, ..keeping() };
    for (cause, alone, shared) in [
        (Cause::ResetKilledInFlight, true, true),
        (Cause::TimeoutSlow, true, false),
        (Cause::TimeoutUnreachable, true, false),
        (Cause::RejectedOverload, false, false),
    ] {
        for (keeping, ends) in [(keeping(), alone), (http2, shared)] {
            let (mut pool, ids) = pool(&keeping, 1);
            assert_eq!(pool.take(&keeping, at(1)), Taken::Over(ids[0]));
            assert_eq!(pool.failed(ids[0], &keeping, cause, at(2)).is_some(), ends, "{cause}");
        }
    }
    // One on which nobody answers is given up in the end.
    let pinging = Keeping { ping_timeout: Some(Span::from_millis(20)), ..http2 };
    let (mut pool, ids) = pool(&pinging, 1);
    pool.take(&pinging, at(1));
    pool.failed(ids[0], &pinging, Cause::TimeoutUnreachable, at(5));
    assert!(pool.prune(&pinging, at(24)).is_none() && pool.prune(&pinging, at(25)).is_some());
}

#[test]
fn no_more_stay_idle_than_are_wanted() {
    let one = Keeping { max_idle: 1, ..keeping() };
    let mut pool = Pool::default();
    let ids: Vec<_> = (0..2)
        .map(|_| {
            assert_eq!(pool.take(&one, at(0)), Taken::Open);
            pool.establish(route(), &one, at(0))
        })
        .collect();
    assert!(pool.answered(ids[0], &one, at(1)).is_none());
    assert!(pool.answered(ids[1], &one, at(1)).is_some(), "there is one already");
}

proptest! {
    /// Whatever happens to connections, nothing is overlooked: in `prune` all are looked at where
    /// debug assertions are on.
    #[test]
    fn no_end_is_overlooked(
        limits: [Option<u8>; 4],
        streams in 1_u32..3,
        steps in prop::collection::vec((0_u8..8, 0_u8..6, 0_u64..12), 1..120),
    ) {
        let [max_age, idle, ping, at_server] = limits.map(|limit| {
            limit.map(|limit| Span::from_millis(u64::from(limit)))
        });
        let keeping = Keeping {
            streams,
            max: 6,
            max_idle: 4,
            max_age,
            idle_timeout: idle,
            ping_timeout: ping,
            ..keeping()
        };
        let (mut pool, mut now, mut under_way) = (Pool::default(), 0, Vec::new());
        for (what, which, pause) in steps {
            now += pause;
            while pool.prune(&keeping, at(now)).is_some() {}
            let server = ServerId::after(u32::from(which % 2));
            let route = Route { idle_timeout: at_server, server, ..route() };
            match what {
                0..4 => match pool.take(&keeping, at(now)) {
                    Taken::Open => {
                        under_way.push(pool.establish(route, &keeping, at(now + 1)));
                    }
                    Taken::Over(id) => {
                        let kept = pool.get(id).expect("it was taken");
                        prop_assert!(!kept.is_over(&keeping, at(now)) && kept.requests <= streams);
                        pool.accepted(id, at(now + pause));
                        under_way.push(id);
                    }
                    Taken::Wait => {}
                },
                4 => pool.close(at(now), |route| route.server == server),
                5 => pool.leave_by(server, &keeping, at(now)),
                _ if under_way.is_empty() => {}
                _ => {
                    let id = under_way.swap_remove(usize::from(which) % under_way.len());
                    match what {
                        6 => pool.answered(id, &keeping, at(now)),
                        _ => pool.failed(id, &keeping, Cause::TimeoutUnreachable, at(now)),
                    };
                }
            }
            // One that a failure has ended has no requests any more.
            under_way.retain(|id| pool.get(*id).is_some());
        }
    }
}
