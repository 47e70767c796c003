//! wget of BusyBox, which Kubernetes' own pages use to try a Service.
//!
//! *Left out:* files, so the answer always goes to stdout; and everything about HTTP itself.

use super::{
    Inside, Printed,
    reach::{BadUrl, Unreached, place, reach},
};

const WRONG_USE: &str = "error: wget takes one URL here, with -q, -O- and -T SECONDS";

/// Runs it.
pub(super) fn run(words: &[&str], inside: &dyn Inside) -> Printed {
    let Some((url, quiet)) = wish(words) else { return Printed::error(WRONG_USE) };
    let place = match place(url) {
        Ok(place) => place,
        Err(BadUrl::Scheme(_)) => {
            return Printed::error(format!("wget: not an http or ftp url: {url}"));
        }
        Err(BadUrl::NoHost | BadUrl::Host(_)) => {
            return Printed::error(format!("wget: bad address '{url}'"));
        }
        Err(BadUrl::Port) => return Printed::error(format!("wget: bad port spec in '{url}'")),
    };
    let (problem, why) = match reach(place, inside) {
        Ok(_) if place.secure => (
            "wget: error getting response: Connection reset by peer".to_owned(),
            "the simulated programs speak HTTP only".to_owned(),
        ),
        Ok((pod, address)) => {
            let mut printed = Printed { stdout: format!("{pod}\n"), ..Printed::default() };
            if !quiet {
                let (host, port) = (place.host, place.port);
                printed.stderr =
                    format!("Connecting to {host} ({address}:{port})\nwriting to stdout\n");
            }
            return printed;
        }
        Err(Unreached::Name(why)) => (format!("wget: bad address '{}'", place.host), why),
        Err(Unreached::Refused(address, why)) => {
            (format!("wget: can't connect to remote host ({address}): Connection refused"), why)
        }
        Err(Unreached::Unanswered(why)) => ("wget: download timed out".to_owned(), why),
    };
    Printed::error(format!("{problem}\nnote: {why}"))
}

/// The URL, and whether nothing else is to be said.
fn wish<'a>(words: &[&'a str]) -> Option<(&'a str, bool)> {
    let (mut url, mut quiet) = (None, false);
    let mut words = words.iter().copied();
    while let Some(word) = words.next() {
        match word {
            "-q" | "--quiet" => quiet = true,
            "-qO-" | "-qO" | "-O" | "-O-" | "-" => {
                quiet |= word.starts_with("-q");
                if word.ends_with('O') && words.next() != Some("-") {
                    return None;
                }
            }
            "-T" | "--timeout" => drop(words.next()?.parse::<u32>().ok()?),
            _ if word.strip_prefix("--timeout=").or(word.strip_prefix("-T")).is_some() => {}
            _ if word.starts_with('-') || url.is_some() => return None,
            _ => url = Some(word),
        }
    }
    Some((url?, quiet))
}
