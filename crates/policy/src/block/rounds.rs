//! Weighted turns in rounds of falling levels.

/// Rounds over a list of weights. An entry has its turn in each round whose level its weight
/// reaches. Levels fall from the largest weight in steps of the greatest common divisor of all,
/// then begin anew; with equal weights it is plain round robin.
///
/// Levels are lower than the weights by a divisor less one, so that the last one is 1, as Linux has
/// it: every weight is a multiple of the divisor, so that makes no difference.
#[derive(Clone, Debug, Default)]
pub struct Rounds {
    step: u32,
    most: u32,
    level: u32,
    /// Whose turn was last; `None` at the head of the list.
    last: Option<usize>,
}

impl Rounds {
    /// Begins with the highest level at the head of the list.
    #[must_use]
    pub fn new(weights: impl IntoIterator<Item = u32>) -> Self {
        let mut rounds = Self::default();
        rounds.change(weights);
        rounds
    }

    /// Begins with the highest level behind an entry.
    pub fn begin_after(&mut self, place: usize) {
        self.level = self.most;
        self.last = Some(place);
    }

    /// Takes in that the list or its weights changed: it goes on at the head of the list, in the
    /// round that it was in, if there is still such a level.
    pub fn change(&mut self, weights: impl IntoIterator<Item = u32>) {
        let (mut most, mut step) = (0, 0);
        for weight in weights {
            most = most.max(weight);
            step = greatest_common_divisor(step, weight);
        }
        self.step = step.max(1);
        self.most = (most + 1).saturating_sub(self.step);
        self.last = None;
        if self.level > self.most || self.level == 0 {
            self.level = self.most;
        } else if self.step > 1 {
            self.level = self.level / self.step * self.step + 1;
        }
    }

    /// Whose turn is next in a list of this length; `None` where nobody has a weight.
    #[inline]
    pub fn next(&mut self, length: usize, weight: impl Fn(usize) -> u32) -> Option<usize> {
        if self.most == 0 {
            return None;
        }
        let mut first = self.last.map_or(0, |last| last + 1);
        loop {
            if let Some(place) = (first..length).find(|place| weight(*place) >= self.level) {
                self.last = Some(place);
                return Some(place);
            }
            first = 0;
            self.level = self.level.saturating_sub(self.step);
            if self.level == 0 {
                self.level = self.most;
            }
        }
    }

    /// The highest level, and by how much levels fall.
    #[must_use]
    pub fn levels(&self) -> (u32, u32) {
        (self.most, self.step)
    }
}

/// The largest number that divides both; 0 and any other have that other.
#[must_use]
pub fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(rounds: &mut Rounds, weights: &[u32], count: usize) -> Vec<usize> {
        (0..count).filter_map(|_| rounds.next(weights.len(), |place| weights[place])).collect()
    }

    #[test]
    fn the_heaviest_have_the_first_turns() {
        let weights = [4, 2, 0, 2];
        let mut rounds = Rounds::new(weights);
        assert_eq!(rounds.levels(), (3, 2));
        assert_eq!(turns(&mut rounds, &weights, 8), [0, 0, 1, 3, 0, 0, 1, 3]);
        rounds.begin_after(1);
        assert_eq!(turns(&mut rounds, &weights, 3), [0, 1, 3], "the first round was nearly over");
        assert_eq!(turns(&mut Rounds::new([0, 0]), &[0, 0], 3), [0; 0]);
        assert_eq!(turns(&mut Rounds::default(), &[], 3), [0; 0]);
    }

    #[test]
    fn a_change_keeps_the_level_where_there_is_one() {
        let mut rounds = Rounds::new([3, 1]);
        assert_eq!(turns(&mut rounds, &[3, 1], 2), [0, 0]);
        rounds.change([3, 5]);
        assert_eq!(turns(&mut rounds, &[3, 5], 4), [0, 1, 0, 1], "levels 2 and 1");
        rounds.change([1, 1]);
        assert_eq!(turns(&mut rounds, &[1, 1], 3), [0, 1, 0], "the level was too high");
        rounds.change([]);
        rounds.change([7]);
        assert_eq!(turns(&mut rounds, &[7], 2), [0, 0]);
    }
}
