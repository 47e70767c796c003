//! Names of the DNS: labels with dots between them, and a dot at the end.

use std::{fmt, str::FromStr};

/// A fully qualified name, in the case it was asked in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

/// Why a text is no name (RFC 1035, 2.3.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAName {
    /// Two dots in a row, or one at the beginning.
    EmptyLabel,
    /// A label of more than 63 bytes.
    LongLabel,
    /// More than 253 characters.
    Long,
}

impl fmt::Display for NotAName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EmptyLabel => "a name has no empty labels",
            Self::LongLabel => "a label of a name has 63 characters at most",
            Self::Long => "a name has 253 characters at most",
        })
    }
}

impl Name {
    /// The name of these labels, qualified if it is not yet. For texts that are known to be names;
    /// what somebody typed is to be parsed.
    #[must_use]
    pub fn of(text: impl Into<String>) -> Self {
        let mut text = text.into();
        if !text.ends_with('.') {
            text.push('.');
        }
        Self(text)
    }

    /// The whole of it, with the dot at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// It in small letters, as it is compared.
    #[must_use]
    pub fn lower(&self) -> Self {
        Self(self.0.to_ascii_lowercase())
    }

    /// Its labels, from the left.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        let text = self.0.strip_suffix('.').unwrap_or(&self.0);
        text.split('.').filter(|_| !text.is_empty())
    }

    /// Whether it is `zone` or below it, in whatever case.
    #[must_use]
    pub fn is_in(&self, zone: &Self) -> bool {
        let Some(start) = self.0.len().checked_sub(zone.0.len()) else { return false };
        let whole_label = start == 0 || self.0.as_bytes()[start - 1] == b'.';
        zone.0 == "." || (whole_label && self.0[start..].eq_ignore_ascii_case(&zone.0))
    }

    /// What stands before `zone`, without the dot between them; `None` where it is not in the zone.
    #[must_use]
    pub fn before(&self, zone: &Self) -> Option<&str> {
        let before = &self.0[..self.is_in(zone).then(|| self.0.len() - zone.0.len())?];
        Some(before.strip_suffix('.').unwrap_or(before))
    }

    /// Its zone in the case it was asked in: its last characters, as many as `zone` has.
    #[must_use]
    pub fn zone_as_asked(&self, zone: &Self) -> Self {
        if self.is_in(zone) {
            Self(self.0[self.0.len() - zone.0.len()..].to_owned())
        } else {
            zone.clone()
        }
    }

    /// It with labels before it.
    #[must_use]
    pub fn below(&self, labels: &str) -> Self {
        Self(format!("{labels}.{}", self.0.trim_start_matches('.')))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Name {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        let bare = text.strip_suffix('.').unwrap_or(text);
        if bare.len() > 253 {
            return Err(NotAName::Long);
        }
        for label in bare.split('.') {
            match label.len() {
                0 => return Err(NotAName::EmptyLabel),
                1..=63 => {}
                _ => return Err(NotAName::LongLabel),
            }
        }
        Ok(Self::of(bare))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_names_or_it_is_said_why_not() {
        assert_eq!("web".parse(), Ok(Name::of("web.")));
        assert_eq!(
            "Web.Default.".parse::<Name>().map(|it| it.lower()),
            Ok(Name::of("web.default"))
        );
        for text in ["", ".", "a..b", ".a", "a.."] {
            assert_eq!(text.parse::<Name>(), Err(NotAName::EmptyLabel), "{text}");
        }
        assert!("a".repeat(63).parse::<Name>().is_ok());
        assert_eq!("a".repeat(64).parse::<Name>(), Err(NotAName::LongLabel));
        assert_eq!("a.".repeat(127).parse::<Name>(), Ok(Name::of("a.".repeat(127))));
        assert_eq!("ab.".repeat(127).parse::<Name>(), Err(NotAName::Long));
    }

    #[test]
    fn a_zone_is_whole_labels() {
        let (zone, name) = (Name::of("cluster.local"), Name::of("web.CLUSTER.local"));
        assert!(name.is_in(&zone) && zone.is_in(&zone));
        assert!(!Name::of("web.mycluster.local").is_in(&zone));
        assert_eq!((name.before(&zone), zone.before(&zone)), (Some("web"), Some("")));
        assert_eq!(name.zone_as_asked(&zone).as_str(), "CLUSTER.local.");
    }
}
