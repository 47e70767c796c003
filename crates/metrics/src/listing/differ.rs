//! What one list of pods has that another has not.

use std::sync::Arc;

use api::PodId;

use crate::traffic::slot;

/// Pods that a rule did not list before, and pods that it lists no more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) added: Vec<PodId>,
    pub(crate) dropped: Vec<PodId>,
}

/// Compares lists. Whoever hears the same news changes from the same list to the same other one, so the
/// last answer is kept.
#[derive(Clone, Debug, Default)]
pub(super) struct Differ {
    /// Per pod the number of the list that had it last: tells added and dropped from kept.
    marks: Vec<u64>,
    lists: u64,
    last: Option<Known>,
}

/// What was found out of two lists, which are kept so that no other can be taken for one of them.
#[derive(Clone, Debug)]
struct Known {
    before: Arc<[PodId]>,
    after: Arc<[PodId]>,
    change: Change,
}

impl Differ {
    /// What changes where one list takes the place of another.
    pub(super) fn change(&mut self, before: &Arc<[PodId]>, after: &Arc<[PodId]>) -> Change {
        if Arc::ptr_eq(before, after) {
            return Change::default();
        }
        let same = |it: &&Known| Arc::ptr_eq(&it.before, before) && Arc::ptr_eq(&it.after, after);
        if let Some(known) = self.last.as_ref().filter(same) {
            return known.change.clone();
        }
        let change =
            Change { added: self.missing(before, after), dropped: self.missing(after, before) };
        let (before, after) = (Arc::clone(before), Arc::clone(after));
        self.last = Some(Known { before, after, change: change.clone() });
        change
    }

    /// The pods that `list` has and `other` has not, each once, in time proportional to both.
    fn missing(&mut self, other: &[PodId], list: &[PodId]) -> Vec<PodId> {
        self.lists += 1;
        let Self { marks, lists, .. } = self;
        for id in other {
            *slot(marks, id.0 as usize) = *lists;
        }
        let mut first = |id: &PodId| {
            let mark = slot(marks, id.0 as usize);
            std::mem::replace(mark, *lists) != *lists
        };
        list.iter().copied().filter(|id| first(id)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(pods: &[u32]) -> Arc<[PodId]> {
        pods.iter().map(|id| PodId(*id)).collect()
    }

    #[test]
    fn what_is_known_of_two_lists_is_said_of_no_others() {
        let mut differ = Differ::default();
        let (one, two, three) = (ids(&[1, 2]), ids(&[2, 3]), ids(&[3]));
        let change = |added: &[u32], dropped: &[u32]| Change {
            added: ids(added).to_vec(),
            dropped: ids(dropped).to_vec(),
        };
        for _ in 0..2 {
            assert_eq!(differ.change(&one, &two), change(&[3], &[1]));
        }
        assert_eq!(differ.change(&two, &one), change(&[1], &[3]));
        assert_eq!(differ.change(&one, &three), change(&[3], &[1, 2]));
        assert_eq!(differ.change(&one, &one), change(&[], &[]));
        assert_eq!(differ.change(&one, &ids(&[1, 2])), change(&[], &[]));
    }
}
