//! The zones of a cluster, by number.

use std::sync::Arc;

/// Zones in the order in which their nodes come, then others that endpoints name. They are numbered
/// from 1; 0 stands for none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Zones(Vec<Arc<str>>);

impl Zones {
    /// Those of the nodes, of which some may be in none.
    pub(crate) fn of<'a>(nodes: impl IntoIterator<Item = &'a Arc<str>>) -> Self {
        let mut zones = Self::default();
        for zone in nodes {
            zones.note(zone);
        }
        zones
    }

    /// The number of a zone; 0 of one that nobody named before.
    pub(crate) fn number(&self, zone: &str) -> u32 {
        self.0.iter().position(|known| **known == *zone).map_or(0, |place| place as u32 + 1)
    }

    /// The number of a zone, a new one where nobody named it before.
    pub(crate) fn note(&mut self, zone: &Arc<str>) -> u32 {
        match self.number(zone) {
            0 if zone.is_empty() => 0,
            0 => {
                self.0.push(zone.clone());
                self.0.len() as u32
            }
            known => known,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_numbered_as_they_come_and_none_is_zero() {
        let nodes: Vec<Arc<str>> = ["b", "", "a", "b"].map(Into::into).into();
        let mut zones = Zones::of(&nodes);
        assert_eq!(["b", "a", "", "c"].map(|zone| zones.number(zone)), [1, 2, 0, 0]);
        assert_eq!([zones.note(&"c".into()), zones.number("c")], [3, 3]);
    }
}
