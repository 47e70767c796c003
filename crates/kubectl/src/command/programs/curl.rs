//! curl, as far as it is about reaching somebody: the name, the connection, and who answers.
//!
//! The simulated programs answer with the name of their pod, as Kubernetes' own image
//! `serve-hostname` does. Words and exit codes are those of curl 8.
//!
//! *Left out:* everything about HTTP itself; the time an answer takes; the progress meter.

use super::{
    Connection, Inside, Printed,
    reach::{BadUrl, Url, addresses, parse_url},
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

/// What is said of any other option.
const NOT_SIMULATED: &str =
    "is not simulated; -s, -S, -f, -L, -o /dev/null, -m and --connect-timeout are";

/// What the command line asks for.
#[derive(Default)]
struct Options<'a> {
    url: &'a str,
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
    let options = match Options::parse(words) {
        Ok(options) => options,
        Err(wrong) => return failed(wrong.code, &wrong.text),
    };
    match parse_url(options.url).map_err(rejected).and_then(|url| fetch(url, &options, inside)) {
        Ok(_) if options.hidden => Printed::default(),
        Ok(pod) => said(format!("{pod}\n")),
        Err(Failure { code, text, why }) => {
            if options.silent && !options.show_error {
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

/// A command line that is not carried out: the exit code, and all that is said.
#[derive(Debug)]
struct WrongUse {
    code: u8,
    text: String,
}

impl WrongUse {
    /// What curl does not take either, in its words.
    fn of_curl(problem: &str) -> Self {
        let help = "curl: try 'curl --help' or 'curl --manual' for more information";
        Self { code: 2, text: format!("curl: {problem}\n{help}") }
    }

    /// What is not simulated.
    fn left_out(code: u8, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }
}

impl<'a> Options<'a> {
    /// Takes the words apart. `--` ends the options.
    fn parse(words: &[&'a str]) -> Result<Self, WrongUse> {
        let mut options = Self::default();
        let mut url = None;
        let mut ended = false;
        let mut words = words.iter().copied();
        while let Some(word) = words.next() {
            if !ended && word == "--" {
                ended = true;
            } else if let Some(long) = word.strip_prefix("--").filter(|_| !ended) {
                options.set(long, word, None, &mut words)?;
            } else if !ended && word.starts_with('-') && word.len() > 1 {
                options.letters(word, &mut words)?;
            } else if url.replace(word).is_some() {
                return Err(WrongUse::left_out(2, "error: one URL at a time here"));
            }
        }
        options.url = url.ok_or_else(|| WrongUse::of_curl("(2) no URL specified"))?;
        Ok(options)
    }

    /// Takes in `-sSm2`: letters, of which the first that takes a value has what follows.
    fn letters(
        &mut self,
        word: &'a str,
        others: &mut dyn Iterator<Item = &'a str>,
    ) -> Result<(), WrongUse> {
        for (place, letter) in word.char_indices().skip(1) {
            let glued = &word[place + letter.len_utf8()..];
            let glued = (!glued.is_empty()).then_some(glued);
            if self.set(&letter.to_string(), word, glued, others)? {
                break;
            }
        }
        Ok(())
    }

    /// Takes an option in, with what is glued to its letter; gives back whether it took a value.
    fn set(
        &mut self,
        name: &str,
        word: &str,
        glued: Option<&'a str>,
        others: &mut dyn Iterator<Item = &'a str>,
    ) -> Result<bool, WrongUse> {
        let mut value = || {
            let missing = || WrongUse::of_curl(&format!("option {word}: requires parameter"));
            glued.or_else(|| others.next()).ok_or_else(missing)
        };
        match name {
            "s" | "silent" => self.silent = true,
            "S" | "show-error" => self.show_error = true,
            // Nothing here fails with an answer, is moved, or has another family of addresses.
            "f" | "fail" | "L" | "location" | "4" | "ipv4" | "g" | "globoff" => {}
            "o" | "output" => {
                if value()? != "/dev/null" {
                    let text = "error: a simulated container keeps no files; -o /dev/null hides the answer";
                    return Err(WrongUse::left_out(23, text));
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
            _ => return Err(WrongUse::left_out(2, format!("error: curl {word} {NOT_SIMULATED}"))),
        }
        Ok(false)
    }
}

/// Seconds, with a fraction if need be. None and zero are no limit.
fn millis(text: &str, word: &str) -> Result<u64, WrongUse> {
    let wrong = |what: &str| {
        WrongUse::of_curl(&format!("option {word}: expected a {what} numerical parameter"))
    };
    let seconds: f64 = text.parse().map_err(|_| wrong("proper"))?;
    if seconds < 0.0 {
        return Err(wrong("positive"));
    }
    if !(0.0..=1e9).contains(&seconds) {
        return Err(wrong("proper"));
    }
    Ok((seconds * 1000.0) as u64)
}

/// What curl says of a URL that leads nowhere.
fn rejected(bad: BadUrl<'_>) -> Failure {
    let (code, text) = match bad {
        BadUrl::Scheme(scheme) => (1, format!("Protocol \"{scheme}\" not supported")),
        BadUrl::NoHost => (BAD_URL, "URL rejected: No host part in the URL".to_owned()),
        BadUrl::Host(_) => (BAD_URL, "URL rejected: Bad hostname".to_owned()),
        BadUrl::Port(_) => {
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

/// The name of the pod that answers: of several addresses the next one is tried, and the last one is
/// told of.
fn fetch(url: Url<'_>, options: &Options<'_>, inside: &dyn Inside) -> Result<String, Failure> {
    let Url { secure, host, port, .. } = url;
    let addresses = addresses(host, inside).map_err(|why| Failure {
        code: NO_HOST,
        text: format!("Could not resolve host: {host}"),
        why: Some(why),
    })?;
    let mut last = None;
    for address in addresses {
        let (code, text, why) = match inside.connect(address, port) {
            Connection::Answered(_) if secure => (
                NO_TLS,
                "TLS connect error: error:0A00010B:SSL routines::wrong version number".to_owned(),
                "the simulated programs speak HTTP only".to_owned(),
            ),
            Connection::Answered(pod) => return Ok(pod),
            Connection::Refused(why) => {
                (NO_CONNECTION, cannot(url, 0, "Could not connect to server"), why)
            }
            Connection::Unanswered(why) => (TIMED_OUT, timed_out(url, options), why),
        };
        last = Some(Failure { code, text, why: Some(why) });
    }
    Err(last.expect("a host that is found has an address"))
}

fn cannot(url: Url<'_>, millis: u64, reason: &str) -> String {
    format!("Failed to connect to {} port {} after {millis} ms: {reason}", url.host, url.port)
}

/// What ends first: curl's own limits, or Linux' patience.
fn timed_out(url: Url<'_>, options: &Options<'_>) -> String {
    let limit = |asked: Option<u64>| asked.filter(|limit| *limit > 0).unwrap_or(u64::MAX);
    let (all, connect) = (limit(options.max_time), limit(options.connect_timeout));
    if SYN_TIMEOUT_MILLIS <= all.min(connect) {
        cannot(url, SYN_TIMEOUT_MILLIS, "Could not connect to server")
    } else if all <= connect {
        format!("Connection timed out after {all} milliseconds")
    } else {
        cannot(url, connect, "Timeout was reached")
    }
}

#[cfg(test)]
mod tests;
