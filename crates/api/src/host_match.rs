//! How closely a host in a rule names the host of a request.

/// How closely; more is closer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HostMatch {
    /// The rule is for every host.
    Any,
    /// It begins with `*.`, and has so many bytes.
    Wildcard(usize),
    /// It is that host.
    Exact,
}

/// How many labels of a host the star of `*.example.com` stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Star {
    /// One, in an Ingress.
    OneLabel,
    /// One or more, in an HTTPRoute and in a listener of a Gateway.
    Labels,
}

impl HostMatch {
    /// How closely a rule for `own`, or for every host, names `host`; `None` where it does not.
    #[must_use]
    pub fn of(own: Option<&str>, host: &str, star: Star) -> Option<Self> {
        let Some(own) = own else { return Some(Self::Any) };
        let Some(domain) = own.strip_prefix("*.") else {
            return (own == host).then_some(Self::Exact);
        };
        let labels = host.strip_suffix(domain)?.strip_suffix('.')?;
        let fits = !labels.is_empty() && (star == Star::Labels || !labels.contains('.'));
        fits.then_some(Self::Wildcard(own.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_labels() {
        use HostMatch::{Any, Exact, Wildcard};
        let cases = [
            (None, "a.b", Some(Any), Some(Any)),
            (Some("a.b"), "a.b", Some(Exact), Some(Exact)),
            (Some("a.b"), "b", None, None),
            (Some("*.b"), "a.b", Some(Wildcard(3)), Some(Wildcard(3))),
            (Some("*.b"), "x.a.b", None, Some(Wildcard(3))),
            (Some("*.b"), "b", None, None),
            (Some("*.b"), ".b", None, None),
            (Some("*.b"), "ab", None, None),
        ];
        for (own, host, one, many) in cases {
            assert_eq!(HostMatch::of(own, host, Star::OneLabel), one, "{own:?} {host}");
            assert_eq!(HostMatch::of(own, host, Star::Labels), many, "{own:?} {host}");
        }
        assert!(Any < Wildcard(3) && Wildcard(3) < Wildcard(4) && Wildcard(9) < Exact);
    }
}
