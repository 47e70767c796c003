//! wget of BusyBox, which Kubernetes' own pages use to try a Service.
//!
//! *Left out:* files, so the answer always goes to stdout; and everything about HTTP itself.

use super::{
    Connection, Inside, Printed,
    reach::{BadUrl, Url, addresses, parse_url},
};

const WRONG_USE: &str = "error: wget takes one URL here, with -q, -O- and -T SECONDS";

/// How long BusyBox waits where nobody says (`G.timeout_seconds`).
const TIMEOUT_SECONDS: u32 = 900;

/// After how long Linux gives a connection up that nobody answers (`tcp_syn_retries`).
const SYN_TIMEOUT_SECONDS: u32 = 127;

/// What the command line asks for.
struct Options<'a> {
    url: &'a str,
    quiet: bool,
    /// `-T`; zero is no limit.
    timeout_seconds: u32,
}

/// Runs it.
pub(super) fn run(words: &[&str], inside: &dyn Inside) -> Printed {
    let options = match Options::parse(words) {
        Ok(options) => options,
        Err(problem) => return Printed::error(problem),
    };
    match url(options.url) {
        Ok(url) => fetch(url, &options, inside),
        Err(problem) => Printed::error(format!("wget: {problem}")),
    }
}

/// Takes the URL apart, with BusyBox' words to one that leads nowhere. It wants small letters.
fn url(text: &str) -> Result<Url<'_>, String> {
    let foreign = || format!("not an http or ftp url: {text}");
    let scheme = text.split_once("://").map_or("", |(scheme, _)| scheme);
    if scheme.contains(|c: char| c.is_ascii_uppercase()) {
        return Err(foreign());
    }
    parse_url(text).map_err(|bad| match bad {
        BadUrl::Scheme(_) => foreign(),
        BadUrl::NoHost => format!("bad address '{text}'"),
        BadUrl::Host(host) => format!("bad address '{host}'"),
        BadUrl::Port(authority) => format!("bad port spec '{authority}'"),
    })
}

/// The answer of the first address: the others are not tried.
fn fetch(url: Url<'_>, options: &Options<'_>, inside: &dyn Inside) -> Printed {
    let authority = url.authority;
    let address = match addresses(url.host, inside) {
        Ok(addresses) => addresses[0],
        Err(why) => {
            return Printed::error(format!("wget: bad address '{authority}'\nnote: {why}"));
        }
    };
    let mut printed = Printed::default();
    if !options.quiet {
        let place = std::net::SocketAddr::new(address, url.port);
        printed.stderr = format!("Connecting to {authority} ({place})\n");
    }
    let refused = |why: &str| format!("can't connect to remote host ({address}): {why}");
    let (problem, why) = match inside.connect(address, url.port) {
        Connection::Answered(_) if url.secure => (
            "error getting response: Connection reset by peer".to_owned(),
            "the simulated programs speak HTTP only".to_owned(),
        ),
        Connection::Answered(pod) => {
            if !options.quiet {
                printed.stderr.push_str("writing to stdout\n");
            }
            printed.stdout = format!("{pod}\n");
            return printed;
        }
        Connection::Refused(why) => (refused("Connection refused"), why),
        Connection::Unanswered(why) => match options.timeout_seconds {
            1..SYN_TIMEOUT_SECONDS => ("download timed out".to_owned(), why),
            _ => (refused("Connection timed out"), why),
        },
    };
    printed.complain(&format!("wget: {problem}\nnote: {why}"));
    printed
}

impl<'a> Options<'a> {
    fn parse(words: &[&'a str]) -> Result<Self, String> {
        let wrong = || WRONG_USE.to_owned();
        let (mut url, mut quiet, mut timeout_seconds) = (None, false, TIMEOUT_SECONDS);
        let mut words = words.iter().copied();
        while let Some(word) = words.next() {
            let glued = word.strip_prefix("--timeout=").or(word.strip_prefix("-T"));
            match word {
                "-q" | "--quiet" => quiet = true,
                "-qO-" | "-qO" | "-O" | "-O-" => {
                    quiet |= word.starts_with("-q");
                    if word.ends_with('O') && words.next() != Some("-") {
                        return Err(wrong());
                    }
                }
                "-T" | "--timeout" => timeout_seconds = seconds(words.next().ok_or_else(wrong)?)?,
                _ if glued.is_some() => timeout_seconds = seconds(glued.unwrap_or_default())?,
                _ if word.starts_with('-') || url.is_some() => return Err(wrong()),
                _ => url = Some(word),
            }
        }
        Ok(Self { url: url.ok_or_else(wrong)?, quiet, timeout_seconds })
    }
}

/// A whole number of seconds (`xatoi_positive`).
fn seconds(text: &str) -> Result<u32, String> {
    let number = text.parse().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()));
    number.ok_or_else(|| format!("wget: invalid number '{text}'"))
}

#[cfg(test)]
mod tests;
