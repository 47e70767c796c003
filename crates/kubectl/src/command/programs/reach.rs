//! From a URL to somebody who answers: the part that curl and wget have in common.

use std::net::{IpAddr, Ipv4Addr};

use super::{Connection, Inside, Lookup};

/// Where a URL leads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) secure: bool,
    pub(super) host: &'a str,
    pub(super) port: u16,
}

/// Why a text is no URL that leads anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadUrl<'a> {
    Scheme(&'a str),
    NoHost,
    Host(&'a str),
    Port,
}

/// Why nobody answered, with the reason in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unreached {
    Name(String),
    Refused(IpAddr, String),
    Unanswered(String),
}

/// Where a URL leads; without a scheme it is HTTP.
pub(super) fn place(url: &str) -> Result<Place<'_>, BadUrl<'_>> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let secure = match scheme {
        "http" => false,
        "https" => true,
        other => return Err(BadUrl::Scheme(other)),
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
        None | Some("") => Ok(if secure { 443 } else { 80 }),
        Some(port) => port.parse(),
    };
    Ok(Place { secure, host, port: port.map_err(|_| BadUrl::Port)? })
}

/// The pod that answers, and at which of the host's addresses: of several the next one is tried, and
/// the last one is told of.
pub(super) fn reach(place: Place<'_>, inside: &dyn Inside) -> Result<(String, IpAddr), Unreached> {
    let mut last = Unreached::Name(format!("{} has no address", place.host));
    for address in addresses(place.host, inside)? {
        match inside.connect(address, place.port) {
            Connection::Answered(pod) => return Ok((pod, address)),
            Connection::Refused(why) => last = Unreached::Refused(address, why),
            Connection::Unanswered(why) => last = Unreached::Unanswered(why),
        }
    }
    Err(last)
}

/// The addresses of a host, which may be one itself.
fn addresses(host: &str, inside: &dyn Inside) -> Result<Vec<IpAddr>, Unreached> {
    if let Ok(address) = host.parse() {
        return Ok(vec![address]);
    }
    // Every pod's /etc/hosts has it.
    if host.eq_ignore_ascii_case("localhost") {
        return Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]);
    }
    let Lookup { addresses, queries, outcome, .. } =
        inside.look_up(host).map_err(Unreached::Name)?;
    if addresses.is_empty() {
        let why = format!("{outcome} after {queries} questions; `nslookup {host}` says more");
        return Err(Unreached::Name(why));
    }
    Ok(addresses)
}
