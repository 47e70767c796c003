//! Which few of many endpoints a client is to know, so that not everybody connects to everybody.

use rand_mt::Mt;
use twox_hash::XxHash64;

use crate::Endpoint;

/// The places of `size` endpoints that this client keeps: those whose address, hashed with the client's
/// own seed, comes first, in the order of the hashes. All places where there are no more than that.
///
/// A change of the list moves one of them for each kept endpoint that leaves, or that a new one comes
/// before. How many clients an endpoint has is a matter of chance.
///
/// **Reference** gRPC's proposal A68, random subsetting. Go hashes a debugging form of the address; here
/// it is the plain text.
#[must_use]
pub fn random_subset(endpoints: &[Endpoint], size: usize, seed: u64) -> Vec<usize> {
    let hash =
        |endpoint: &Endpoint| XxHash64::oneshot(seed, endpoint.address.to_string().as_bytes());
    let mut hashed: Vec<(u64, usize)> = endpoints.iter().map(hash).zip(0..).collect();
    if hashed.len() > size {
        hashed.sort_unstable();
        hashed.truncate(size);
    }
    hashed.into_iter().map(|(_, place)| place).collect()
}

/// The places of `size` of `count` endpoints that the client of this number keeps. Clients are numbered
/// from 0 without gaps; as many as there are whole subsets share a round, in which each endpoint is in
/// one subset at most. All places where there are no more than that.
///
/// Each endpoint has as many clients as another, but for the last round, and for the endpoints that no
/// whole subset is left for. A change of the list shuffles everything anew.
///
/// **Reference** Site Reliability Engineering (Google), chapter 20, and the draft of gRPC's proposal A68
/// that random subsetting replaced.
#[must_use]
pub fn deterministic_subset(count: usize, size: usize, client: u32) -> Vec<usize> {
    let subsets = match count.checked_div(size) {
        Some(subsets) if subsets > 0 => subsets as u32,
        _ => return (0..count.min(size)).collect(),
    };
    let (round, subset) = (client / subsets, (client % subsets) as usize);
    shuffled(count, round).split_off(subset * size).into_iter().take(size).collect()
}

/// The endpoints' places in the order of a round: what the book's program gives, which is Python's
/// `random.seed(round)` and `random.shuffle`, as Python 2 has them.
fn shuffled(count: usize, round: u32) -> Vec<usize> {
    let mut random = Mt::new_with_key([round]);
    let mut places: Vec<usize> = (0..count).collect();
    for last in (1..count).rev() {
        let other = unit(&mut random) * (last + 1) as f64;
        places.swap(last, other as usize);
    }
    places
}

/// A number from 0 and below 1, of 53 random bits.
fn unit(random: &mut Mt) -> f64 {
    const STEP: f64 = 1.0 / (1_u64 << 53) as f64;
    let (high, low) = (random.next_u32() >> 5, random.next_u32() >> 6);
    ((u64::from(high) << 26) + u64::from(low)) as f64 * STEP
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_the_book_comes_out() {
        let rounds: [&[usize]; 2] =
            [&[0, 6, 3, 5, 1, 7, 11, 9, 2, 4, 8, 10], &[8, 11, 4, 0, 5, 6, 10, 3, 2, 7, 9, 1]];
        for (client, expected) in rounds.iter().flat_map(|round| round.chunks(3)).enumerate() {
            assert_eq!(deterministic_subset(12, 3, client as u32), expected, "client {client}");
        }
    }

    #[test]
    fn a_round_has_each_endpoint_once_and_some_are_left_over() {
        for (count, size) in [(12, 3), (10, 4), (7, 7), (100, 9)] {
            let clients = (count / size) as u32;
            let mut seen: Vec<usize> =
                (0..clients).flat_map(|client| deterministic_subset(count, size, client)).collect();
            seen.sort_unstable();
            seen.dedup();
            assert_eq!(seen.len(), count / size * size, "{size} of {count}");
        }
    }

    #[test]
    fn few_are_kept_whole_and_none_of_none() {
        let all = Endpoint::numbered(&[1; 3]);
        for (size, kept) in [(0, 0), (2, 2), (3, 3), (9, 3)] {
            assert_eq!(random_subset(&all, size, 1).len(), kept);
            assert_eq!(deterministic_subset(3, size, 5).len(), kept);
            assert_eq!(random_subset(&[], size, 1), [0; 0]);
            assert_eq!(deterministic_subset(0, size, 5), [0; 0]);
        }
    }

    #[test]
    fn who_leaves_a_random_subset_is_replaced_and_nobody_else_moves() {
        let all = Endpoint::numbered(&[1; 50]);
        for seed in 0..20 {
            let kept = random_subset(&all, 10, seed);
            let left: Vec<Endpoint> =
                all.iter().filter(|endpoint| **endpoint != all[kept[0]]).copied().collect();
            let after: Vec<_> =
                random_subset(&left, 10, seed).into_iter().map(|place| left[place].id).collect();
            let stayed: Vec<_> = kept[1..].iter().map(|place| all[*place].id).collect();
            assert_eq!(after[..9], stayed, "seed {seed}");
            let other = random_subset(&all, 10, seed + 100);
            assert_ne!(kept, other, "each client keeps others");
        }
    }
}
