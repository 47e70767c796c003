//! From a URL to an address: the part that curl and wget have in common.

use std::net::{IpAddr, Ipv4Addr};

use super::{Inside, Lookup};

/// A URL taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Url<'a> {
    pub(super) secure: bool,
    pub(super) host: &'a str,
    pub(super) port: u16,
    /// The host with the port as it is written, if it is.
    pub(super) authority: &'a str,
}

/// Why a text is no URL that leads anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadUrl<'a> {
    Scheme(&'a str),
    NoHost,
    Host(&'a str),
    /// The port of this authority.
    Port(&'a str),
}

/// Takes a URL apart; without a scheme it is HTTP.
pub(super) fn parse_url(url: &str) -> Result<Url<'_>, BadUrl<'_>> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let secure = match &*scheme.to_ascii_lowercase() {
        "http" => false,
        "https" => true,
        _ => return Err(BadUrl::Scheme(scheme)),
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let authority = authority.rsplit('@').next().unwrap_or_default();
    let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, port)) => (host, port.strip_prefix(':')),
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    if host.is_empty() {
        return Err(BadUrl::NoHost);
    }
    if host.contains(['$', '(', ')', ' ', '{', '}']) {
        return Err(BadUrl::Host(host));
    }
    let port = match port {
        None | Some("") => Some(if secure { 443 } else { 80 }),
        // A sign is no digit, though Rust takes it.
        Some(port) => port.parse().ok().filter(|_| port.bytes().all(|b| b.is_ascii_digit())),
    };
    Ok(Url { secure, host, port: port.ok_or(BadUrl::Port(authority))?, authority })
}

/// The addresses of a host, which may be one itself: at least one, or why there is none.
pub(super) fn addresses(host: &str, inside: &dyn Inside) -> Result<Vec<IpAddr>, String> {
    if let Ok(address) = host.parse() {
        return Ok(vec![address]);
    }
    // Every pod's /etc/hosts has it.
    if host.eq_ignore_ascii_case("localhost") {
        return Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]);
    }
    let found = inside.look_up(host)?;
    let Lookup { queries, outcome, .. } = &found;
    if found.is_outside(host) {
        let nothing = "nothing outside the cluster is simulated";
        return Err(format!("{outcome} after {queries} questions; {nothing}"));
    }
    if found.addresses.is_empty() {
        return Err(format!("{outcome} after {queries} questions; `nslookup {host}` says more"));
    }
    Ok(found.addresses)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_where_it_leads() {
        let url = |secure, host, port, authority| Ok(Url { secure, host, port, authority });
        let cases = [
            ("web", url(false, "web", 80, "web")),
            ("HTTP://web:8080/a?b", url(false, "web", 8080, "web:8080")),
            ("hTTps://me:secret@web", url(true, "web", 443, "web")),
            ("http://[fd00::1]:81", url(false, "fd00::1", 81, "[fd00::1]:81")),
            ("web:", url(false, "web", 80, "web:")),
            ("ftp://web", Err(BadUrl::Scheme("ftp"))),
            ("http:///a", Err(BadUrl::NoHost)),
            ("http://$(HOST)/", Err(BadUrl::Host("$(HOST)"))),
            ("web:+80", Err(BadUrl::Port("web:+80"))),
            ("web:99999", Err(BadUrl::Port("web:99999"))),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_url(text), expected, "{text}");
        }
    }
}
