//! Many independent jobs on all processors.

use std::{
    num::NonZero,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

/// What each of so many jobs comes to, in their order. Which thread does which, and which is done
/// first, changes nothing.
pub(crate) fn side_by_side<T: Send>(jobs: usize, job: impl Fn(usize) -> T + Sync) -> Vec<T> {
    on_threads(thread::available_parallelism().map_or(1, NonZero::get), jobs, job)
}

fn on_threads<T: Send>(threads: usize, jobs: usize, job: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            if place >= jobs {
                return done;
            }
            done.push((place, job(place)));
        }
    };
    let mut done: Vec<(usize, T)> = thread::scope(|scope| {
        let running: Vec<_> = (0..threads.min(jobs)).map(|_| scope.spawn(work)).collect();
        running.into_iter().flat_map(|it| it.join().expect("a job does not fail")).collect()
    });
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_threads_changes_nothing() {
        let squares: Vec<usize> = (0..50).map(|place| place * place).collect();
        for threads in [1, 2, 7, 100] {
            assert_eq!(on_threads(threads, 50, |place| place * place), squares, "{threads}");
        }
        assert!(on_threads(4, 0, |place| place).is_empty());
    }
}
