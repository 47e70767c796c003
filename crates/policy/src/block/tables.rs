//! Tables that balancers which are made alike have in common.

use std::{
    any::Any,
    fmt,
    net::SocketAddrV4,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use crate::Endpoint;

/// The most points of a ring, and the most slots of a table but for the way to the next prime number. Ever larger ones
/// have shares that are hardly more even, and take ever longer to build with each change.
pub const LARGEST_TABLE: u64 = 1 << 20;

/// What a table is made of beside its policy's settings: addresses and weights, in their order.
type List = Vec<(SocketAddrV4, u32)>;

/// The tables of all instances that are built of one configuration, or of clones of it.
///
/// A ring or a table of consistent hashing is made of the list alone, so that every balancer with
/// the same list has the same. Of many balancers, each of which hears of every change, one builds
/// it, and the others share it. Which one does makes no difference to anything but the time it takes.
///
/// A table is known for as long as an instance has it.
#[derive(Clone, Default)]
pub struct Tables(Arc<Mutex<Vec<Known>>>);

struct Known {
    list: List,
    table: Weak<dyn Any + Send + Sync>,
}

impl Tables {
    /// The table of these endpoints: one that an instance has already, or what is built.
    pub fn of<T: Any + Send + Sync>(
        &self,
        endpoints: &[Endpoint],
        build: impl FnOnce() -> T,
    ) -> Arc<T> {
        self.of_list(endpoints.iter().map(|it| (it.address, it.weight)), build)
    }

    /// The same of addresses and weights.
    pub fn of_list<T: Any + Send + Sync>(
        &self,
        list: impl Iterator<Item = (SocketAddrV4, u32)> + Clone,
        build: impl FnOnce() -> T,
    ) -> Arc<T> {
        if let Some(table) = self.find(list.clone()) {
            return table;
        }
        // Built without the lock: runs side by side have lists of their own as a rule.
        let table = Arc::new(build());
        let shared: Arc<dyn Any + Send + Sync> = table.clone();
        let known = Known { list: list.collect(), table: Arc::downgrade(&shared) };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|known| known.table.strong_count() > 0);
        all.push(known);
        table
    }

    fn find<T: Any + Send + Sync>(
        &self,
        list: impl Iterator<Item = (SocketAddrV4, u32)> + Clone,
    ) -> Option<Arc<T>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // The latest is the likeliest.
        let mut same = all.iter().rev().filter(|known| known.list.iter().copied().eq(list.clone()));
        same.find_map(|known| known.table.upgrade()?.downcast().ok())
    }
}

impl fmt::Debug for Tables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        f.debug_struct("Tables").field("known", &all.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_the_same_list_has_the_same_table_for_as_long_as_anybody_has_it() {
        let tables = Tables::default();
        let [few, many] = [Endpoint::numbered(&[1, 1]), Endpoint::numbered(&[1, 1, 1])];
        let built = |list: &[Endpoint]| tables.of(list, || list.len());
        let first = built(&few);
        assert!(Arc::ptr_eq(&first, &built(&few)));
        let other = built(&many);
        assert_eq!((*first, *other), (2, 3));
        assert!(Arc::ptr_eq(&first, &tables.of::<usize>(&few, || unreachable!("it is known"))));
        let weak = Arc::downgrade(&first);
        drop(first);
        assert!(weak.upgrade().is_none(), "nobody has it");
        assert_eq!(*tables.of(&few, || 7), 7, "it is built anew");
        assert_eq!(tables.0.lock().expect("nobody panicked").len(), 2);
    }

    #[test]
    fn another_order_or_weight_makes_another_table() {
        let tables = Tables::default();
        let all = Endpoint::numbered(&[1, 2]);
        let turned: Vec<Endpoint> = all.iter().rev().copied().collect();
        let heavier = Endpoint::numbered(&[1, 3]);
        let built: Vec<_> = [&all, &turned, &heavier].map(|list| tables.of(list, || 0)).into();
        assert!(!Arc::ptr_eq(&built[0], &built[1]) && !Arc::ptr_eq(&built[0], &built[2]));
    }
}
