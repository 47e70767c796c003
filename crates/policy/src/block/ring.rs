//! The ring of consistent hashing.

/// A number that goes around in a circle.
pub trait Circular: Copy + Ord {
    /// Its highest bits, so many of them, as a number.
    fn highest(self, bits: u32) -> usize;
}

impl Circular for u32 {
    #[inline]
    fn highest(self, bits: u32) -> usize {
        self.checked_shr(Self::BITS - bits).unwrap_or(0) as usize
    }
}

impl Circular for u64 {
    #[inline]
    fn highest(self, bits: u32) -> usize {
        self.checked_shr(Self::BITS - bits).unwrap_or(0) as usize
    }
}

/// Points on a circle of hashes, each with the place of its endpoint. A key belongs to the first
/// point at or behind its own hash, and behind the last comes the first again.
///
/// How many points an endpoint has, and where they are, is what tells the rings of different
/// projects apart.
#[derive(Clone, Debug)]
pub struct Ring<H> {
    hashes: Vec<H>,
    places: Vec<u32>,
    /// The circle is cut in as many equal sectors as this has bits; where the points of each begin.
    /// With a point or two in a sector, nothing needs to be searched for.
    bits: u32,
    sectors: Vec<u32>,
}

impl<H> Default for Ring<H> {
    fn default() -> Self {
        Self { hashes: Vec::new(), places: Vec::new(), bits: 0, sectors: vec![0, 0] }
    }
}

impl<H: Circular> Ring<H> {
    /// The ring of these points. Of equal ones, those that are named first come first.
    #[must_use]
    pub fn new(mut points: Vec<(H, usize)>) -> Self {
        points.sort_by_key(|(hash, _)| *hash);
        let bits = points.len().max(1).ilog2();
        let mut sectors = Vec::with_capacity((1 << bits) + 1);
        for (point, (hash, _)) in (0..).zip(&points) {
            // The sectors up to its own that begin behind the point before.
            let begun = hash.highest(bits) + 1;
            sectors.resize(sectors.len().max(begun), point);
        }
        sectors.resize((1 << bits) + 1, points.len() as u32);
        let (hashes, places) = points.into_iter().map(|(hash, place)| (hash, place as u32)).unzip();
        Self { hashes, places, bits, sectors }
    }

    /// The ring of these points without those that are equal to another named before them.
    #[must_use]
    pub fn without_equals(mut points: Vec<(H, usize)>) -> Self {
        points.sort_by_key(|(hash, _)| *hash);
        points.dedup_by_key(|(hash, _)| *hash);
        Self::new(points)
    }

    /// How many points there are.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether there is none.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// The number of the first point at or behind a hash; `None` where there is no point.
    #[must_use]
    #[inline]
    pub fn first_from(&self, hash: H) -> Option<usize> {
        let sector = hash.highest(self.bits);
        let (first, end) = (self.sectors[sector] as usize, self.sectors[sector + 1] as usize);
        let behind = first + self.hashes[first..end].partition_point(|point| *point < hash);
        match self.hashes.len() {
            0 => None,
            length if behind == length => Some(0),
            _ => Some(behind),
        }
    }

    /// Where a point is.
    #[must_use]
    #[inline]
    pub fn hash(&self, point: usize) -> H {
        self.hashes[point]
    }

    /// The place of a point's endpoint.
    #[must_use]
    #[inline]
    pub fn place(&self, point: usize) -> usize {
        self.places[point] as usize
    }

    /// The place of the endpoint that a hash belongs to.
    #[must_use]
    #[inline]
    pub fn find(&self, hash: H) -> Option<usize> {
        self.first_from(hash).map(|point| self.place(point))
    }

    /// The places of the endpoints that come up from a hash on, once around.
    pub fn walk(&self, hash: H) -> impl Iterator<Item = usize> {
        let first = self.first_from(hash).unwrap_or(0);
        (first..self.len()).chain(0..first).map(|point| self.place(point))
    }

    /// The points in order.
    pub fn points(&self) -> impl Iterator<Item = (H, usize)> {
        self.hashes.iter().copied().zip(self.places.iter().map(|place| *place as usize))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_belongs_to_the_first_point_at_or_behind_it() {
        let ring = Ring::new(vec![(30_u32, 0), (10, 1), (20, 2), (20, 1)]);
        for (hash, point, place) in [(0, 0, 1), (10, 0, 1), (11, 1, 2), (20, 1, 2), (31, 0, 1)] {
            assert_eq!(ring.first_from(hash), Some(point), "{hash}");
            assert_eq!(ring.find(hash), Some(place), "{hash}");
        }
        assert_eq!(ring.walk(21).collect::<Vec<_>>(), [0, 1, 2, 1]);
        assert_eq!(ring.walk(99).collect::<Vec<_>>(), [1, 2, 1, 0]);
        let fewer = Ring::without_equals(ring.points().collect());
        assert_eq!(fewer.points().collect::<Vec<_>>(), [(10, 1), (20, 2), (30, 0)]);
    }

    #[test]
    fn sectors_find_what_a_search_finds() {
        let mixed = |number: u64| number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for count in [1, 2, 3, 7, 100, 1000] {
            // Half of them are spread, half are close together.
            let point = |number: u64| {
                if number.is_multiple_of(2) { mixed(number) } else { 1 << 40 | number }
            };
            let ring = Ring::new((0..count).map(|number| (point(number), 0)).collect());
            let ends = [0, u64::MAX, ring.hash(0), ring.hash(ring.len() - 1)];
            for hash in (0..500).map(|number| mixed(number + 7)).chain(ends) {
                let searched = ring.points().position(|(point, _)| point >= hash);
                assert_eq!(ring.first_from(hash), Some(searched.unwrap_or(0)), "{count}: {hash}");
            }
        }
    }

    #[test]
    fn of_no_points_there_is_none() {
        let ring = Ring::<u64>::default();
        assert_eq!(ring.first_from(5), None);
        assert_eq!(ring.walk(5).count(), 0);
        assert!(ring.is_empty());
    }
}
