//! Weighted turns without memory: static strides.

/// The largest weight there is.
const MAX_WEIGHT: u32 = u16::MAX as u32;

/// A static-stride scheduler. Of as many rounds as the largest weight says, each place is in as
/// many as its own says, spread evenly; a number that counts up is all that it remembers.
#[derive(Clone, Debug, Default)]
pub struct StaticStride {
    weights: Vec<u16>,
}

/// How gRPC scales weights to 16 bits; the two differ in what they do with those far off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scaling {
    /// As in Go: just so.
    #[default]
    Go,
    /// As in C++: no more than ten times the mean, and no less than a hundredth of it.
    Cpp,
}

impl StaticStride {
    /// Takes in new weights, in which 0 stands for the mean of the others. Says whether they are of
    /// use: where too few are known, or all are the same, plain turns do.
    pub fn scale(&mut self, weights: &[f64], scaling: Scaling) -> bool {
        let known = weights.iter().filter(|weight| **weight > 0.0);
        let (mut count, mut sum, mut most) = (0_usize, 0.0, 0.0_f64);
        for weight in known {
            count += 1;
            sum += weight;
            most = most.max(*weight);
        }
        let enough = if scaling == Scaling::Go { 2 } else { 1 };
        self.weights.clear();
        if weights.len() < 2 || count < enough {
            return false;
        }
        let mean = sum / count as f64;
        if scaling == Scaling::Cpp {
            most = most.min(10.0 * mean);
        }
        let factor = f64::from(MAX_WEIGHT) / most;
        let mean = round(factor * mean);
        let least = if scaling == Scaling::Go { 0 } else { round(f64::from(mean) * 0.01).max(1) };
        self.weights.extend(weights.iter().map(|weight| {
            if *weight > 0.0 { round(factor * weight.min(most)).max(least) } else { mean }
        }));
        scaling == Scaling::Cpp || self.weights.iter().any(|weight| *weight != mean)
    }

    /// The weights as they were scaled.
    #[must_use]
    pub fn weights(&self) -> &[u16] {
        &self.weights
    }

    /// Whose turn is next; the sequence counts up once for each place that is asked.
    #[inline]
    pub fn next(&self, sequence: &mut u32) -> usize {
        let length = self.weights.len() as u64;
        loop {
            let number = u64::from(next_number(sequence));
            let (place, round) = (number % length, number / length);
            let weight = u64::from(self.weights[place as usize]);
            let offset = place * u64::from(MAX_WEIGHT / 2);
            let phase = (weight * round + offset) % u64::from(MAX_WEIGHT);
            if phase >= u64::from(MAX_WEIGHT) - weight {
                return place as usize;
            }
        }
    }
}

/// The next number of a sequence that begins anew after 32 bits.
#[inline]
pub fn next_number(sequence: &mut u32) -> u32 {
    let number = *sequence;
    *sequence = sequence.wrapping_add(1);
    number
}

/// To the nearest, half up, of a number that is not negative.
fn round(number: f64) -> u16 {
    (number + 0.5) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_in_as_many_rounds_as_its_weight_says() {
        let mut stride = StaticStride::default();
        assert!(stride.scale(&[1.0, 0.0, 3.0], Scaling::Go));
        assert_eq!(stride.weights(), [21845, 43690, 65535], "0 stands for the mean");
        let mut sequence = 0;
        let mut counts = [0_u32; 3];
        while sequence < 3 * MAX_WEIGHT {
            counts[stride.next(&mut sequence)] += 1;
        }
        assert_eq!(counts, [21845, 43690, 65535]);
    }

    #[test]
    fn two_have_to_be_known_in_go_and_one_in_cpp() {
        let mut stride = StaticStride::default();
        for (weights, go, cpp) in [
            (&[][..], false, false),
            (&[1.0], false, false),
            (&[0.0, 0.0], false, false),
            (&[0.0, 5.0], false, true),
            (&[5.0, 5.0], false, true),
            (&[5.0, 6.0], true, true),
        ] {
            assert_eq!(stride.scale(weights, Scaling::Go), go, "{weights:?}");
            assert_eq!(stride.scale(weights, Scaling::Cpp), cpp, "{weights:?}");
        }
    }

    #[test]
    fn far_off_weights_are_capped_in_cpp_alone() {
        let mut weights = [1.0; 20];
        weights[0] = 81.0;
        let mut stride = StaticStride::default();
        stride.scale(&weights, Scaling::Cpp);
        assert_eq!(stride.weights()[..2], [65535, 1311], "ten times the mean, and that is 5");
        stride.scale(&weights, Scaling::Go);
        assert_eq!(stride.weights()[..2], [65535, 809]);
        stride.scale(&[1.0, 1000.0, 1000.0], Scaling::Cpp);
        assert_eq!(stride.weights()[0], 437, "a hundredth of the mean");
    }
}
