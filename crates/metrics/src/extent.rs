//! The smallest and the largest of some spans.

use engine::Span;

/// The smallest and the largest of the spans it was given, and how many there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extent {
    least: Span,
    most: Span,
    count: u32,
}

impl Extent {
    pub(crate) fn add(&mut self, span: Span) {
        self.merge(Self { least: span, most: span, count: 1 });
    }

    pub(crate) fn merge(&mut self, other: Self) {
        if self.count == 0 {
            *self = other;
        } else if other.count > 0 {
            self.least = self.least.min(other.least);
            self.most = self.most.max(other.most);
            self.count += other.count;
        }
    }

    /// Smallest and largest, `None` of nothing.
    pub(crate) fn range(self) -> Option<(Span, Span)> {
        (self.count > 0).then_some((self.least, self.most))
    }

    pub(crate) fn count(self) -> u32 {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_extent_of_nothing_is_neutral() {
        let mut extent = Extent::default();
        assert_eq!(extent.range(), None);
        extent.merge(Extent::default());
        extent.add(Span::from_millis(5));
        extent.merge(Extent::default());
        extent.add(Span::from_millis(2));
        assert_eq!(extent.range(), Some((Span::from_millis(2), Span::from_millis(5))));
        assert_eq!(extent.count(), 2);
    }
}
