//! curl, as far as it is about reaching somebody: the name, the connection, and who answers.
//!
//! The simulated programs answer with the name of their pod, as Kubernetes' own image
//! `serve-hostname` does. Words and exit codes are those of curl 8.
//!
//! *Left out:* everything about HTTP itself; the time an answer takes; the progress meter.

use super::{
    Inside, Printed,
    reach::{BadUrl, Place, Unreached, place, reach},
    said,
};

/// After how long Linux gives a connection up that nobody answers: six retransmissions of the SYN,
/// from one second on (`tcp_syn_retries`).
const SYN_TIMEOUT_MILLIS: u64 = 127_000;

const BAD_URL: u8 = 3;
const NO_HOST: u8 = 6;
const NO_CONNECTION: u8 = 7;
const TIMED_OUT: u8 = 28;
const NO_TLS: u8 = 35;

/// What the command line asks for.
#[derive(Default)]
struct Wish<'a> {
    url: Option<&'a str>,
    silent: bool,
    /// `-S`: say what went wrong all the same.
    show_error: bool,
    /// `-o`: the answer goes elsewhere.
    hidden: bool,
    /// `-m`: for all of it.
    max_time: Option<u64>,
    /// `--connect-timeout`.
    connect_timeout: Option<u64>,
}

/// What went wrong: curl's exit code and its words, and what a student should know besides.
struct Failure {
    code: u8,
    text: String,
    why: Option<String>,
}

/// Runs it.
pub(super) fn run(words: &[&str], inside: &dyn Inside) -> Printed {
    let wish = match wish(words) {
        Ok(wish) => wish,
        Err((code, text)) => return failed(code, &text),
    };
    let Some(url) = wish.url else {
        return failed(2, "curl: (2) no URL specified");
    };
    match place(url).map_err(rejected).and_then(|place| fetch(place, &wish, inside)) {
        Ok(_) if wish.hidden => Printed::default(),
        Ok(pod) => said(format!("{pod}\n")),
        Err(Failure { code, text, why }) => {
            if wish.silent && !wish.show_error {
                return Printed { code, ..Printed::default() };
            }
            let mut printed = failed(code, &format!("curl: ({code}) {text}"));
            if let Some(why) = why {
                printed.stderr.push_str(&format!("note: {why}\n"));
            }
            printed
        }
    }
}

fn failed(code: u8, text: &str) -> Printed {
    Printed { stderr: format!("{text}\n"), code, ..Printed::default() }
}

/// Takes the words apart; an error has curl's exit code.
fn wish<'a>(words: &[&'a str]) -> Result<Wish<'a>, (u8, String)> {
    let mut wish = Wish::default();
    let mut words = words.iter().copied();
    while let Some(word) = words.next() {
        let long = word.strip_prefix("--");
        let letters =
            word.strip_prefix('-').filter(|letters| long.is_none() && !letters.is_empty());
        if let Some(long) = long {
            wish.option(long, word, None, &mut words)?;
        } else if let Some(letters) = letters {
            for (place, letter) in letters.char_indices() {
                let rest = &letters[place + letter.len_utf8()..];
                let rest = (!rest.is_empty()).then_some(rest);
                let name = letter.to_string();
                if wish.option(&name, word, rest, &mut words)? {
                    break;
                }
            }
        } else if wish.url.replace(word).is_some() {
            return Err((2, "error: one URL at a time here".to_owned()));
        }
    }
    Ok(wish)
}

impl<'a> Wish<'a> {
    /// Takes an option in, with what is glued to its letter; gives back whether it took a value.
    fn option(
        &mut self,
        name: &str,
        word: &str,
        glued: Option<&'a str>,
        others: &mut dyn Iterator<Item = &'a str>,
    ) -> Result<bool, (u8, String)> {
        let mut value = || {
            let missing = || (2, format!("curl: option {word}: requires parameter"));
            glued.or_else(|| others.next()).ok_or_else(missing)
        };
        match name {
            "s" | "silent" => self.silent = true,
            "S" | "show-error" => self.show_error = true,
            // Nothing here fails with an answer, is moved, or has another family of addresses.
            "f" | "fail" | "L" | "location" | "4" | "ipv4" | "g" | "globoff" => {}
            "o" | "output" => {
                let file = value()?;
                if file != "/dev/null" {
                    let text = "error: a simulated container keeps no files; -o /dev/null hides the answer";
                    return Err((23, text.to_owned()));
                }
                self.hidden = true;
                return Ok(true);
            }
            "m" | "max-time" => {
                self.max_time = Some(millis(value()?, word)?);
                return Ok(true);
            }
            "connect-timeout" => {
                self.connect_timeout = Some(millis(value()?, word)?);
                return Ok(true);
            }
            _ => {
                return Err((
                    2,
                    format!(
                        "error: curl {word} is not simulated; -s, -S, -f, -L, -o /dev/null, -m and \
                         --connect-timeout are"
                    ),
                ));
            }
        }
        Ok(false)
    }
}

/// Seconds, with a fraction if need be. None and zero are no limit.
fn millis(text: &str, word: &str) -> Result<u64, (u8, String)> {
    let wrong = || (2, format!("curl: option {word}: expected a proper numerical parameter"));
    let seconds: f64 = text.parse().map_err(|_| wrong())?;
    if !(0.0..=1e9).contains(&seconds) {
        return Err(wrong());
    }
    Ok((seconds * 1000.0) as u64)
}

/// What curl says of a URL that leads nowhere.
fn rejected(bad: BadUrl<'_>) -> Failure {
    let (code, text) = match bad {
        BadUrl::Scheme(scheme) => (1, format!("Protocol \"{scheme}\" not supported")),
        BadUrl::NoHost => (BAD_URL, "URL rejected: No host part in the URL".to_owned()),
        BadUrl::Host(_) => (BAD_URL, "URL rejected: Bad hostname".to_owned()),
        BadUrl::Port => {
            let range = "a decimal number between 0 and 65535";
            (BAD_URL, format!("URL rejected: Port number was not {range}"))
        }
    };
    let why = match bad {
        BadUrl::Host(host) => Some(format!("no shell is between; `printenv` shows what {host} is")),
        _ => None,
    };
    Failure { code, text, why }
}

/// The name of the pod that answers.
fn fetch(place: Place<'_>, wish: &Wish<'_>, inside: &dyn Inside) -> Result<String, Failure> {
    let Place { secure, host, port } = place;
    let cannot = |millis: u64, reason: &str| {
        format!("Failed to connect to {host} port {port} after {millis} ms: {reason}")
    };
    let (code, text, why) = match reach(place, inside) {
        Ok(_) if secure => (
            NO_TLS,
            "TLS connect error: error:0A00010B:SSL routines::wrong version number".to_owned(),
            "the simulated programs speak HTTP only".to_owned(),
        ),
        Ok((pod, _)) => return Ok(pod),
        Err(Unreached::Name(why)) => (NO_HOST, format!("Could not resolve host: {host}"), why),
        Err(Unreached::Refused(_, why)) => {
            (NO_CONNECTION, cannot(0, "Could not connect to server"), why)
        }
        Err(Unreached::Unanswered(why)) => {
            let limit = |asked: Option<u64>| asked.filter(|limit| *limit > 0).unwrap_or(u64::MAX);
            let (all, connect) = (limit(wish.max_time), limit(wish.connect_timeout));
            let text = if SYN_TIMEOUT_MILLIS <= all.min(connect) {
                cannot(SYN_TIMEOUT_MILLIS, "Could not connect to server")
            } else if all <= connect {
                format!("Connection timed out after {all} milliseconds")
            } else {
                cannot(connect, "Timeout was reached")
            };
            (TIMED_OUT, text, why)
        }
    };
    Err(Failure { code, text, why: Some(why) })
}

#[cfg(test)]
mod tests;
