//! Flags as kubectl takes them: anywhere, `--name=value` or `--name value`, `-n value` or `-nvalue`.

use std::{collections::BTreeMap, fmt};

use jiff::SignedDuration;

use super::{
    left_out,
    strconv::{parse_bool, parse_duration, parse_int},
};

/// A flag of a command.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flag {
    pub(super) name: &'static str,
    /// Its letter; a space where it has none.
    letter: char,
    takes: Takes,
}

/// Flags of rollsim itself, which stand before kubectl's command.
const BEFORE_THE_COMMAND: [&str; 4] = ["at", "scenario", "seed", "until"];

/// What a flag takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    Text,
    /// It may come again, and all its values count.
    Texts,
    /// Nothing, or a truth after `=`.
    Truth,
    Duration,
    Integer,
}

pub(super) const fn valued(name: &'static str, letter: char) -> Flag {
    Flag { name, letter, takes: Takes::Text }
}

pub(super) const fn switch(name: &'static str, letter: char) -> Flag {
    Flag { name, letter, takes: Takes::Truth }
}

pub(super) const fn listed(name: &'static str, letter: char) -> Flag {
    Flag { name, letter, takes: Takes::Texts }
}

pub(super) const fn duration(name: &'static str, letter: char) -> Flag {
    Flag { name, letter, takes: Takes::Duration }
}

pub(super) const fn integer(name: &'static str, letter: char) -> Flag {
    Flag { name, letter, takes: Takes::Integer }
}

impl Flag {
    /// Whether it can be given such a value; if not, in kubectl's words.
    fn check(&self, value: &str) -> Result<(), String> {
        let checked = match self.takes {
            Takes::Text | Takes::Texts => Ok(()),
            Takes::Truth => parse_bool(value).map(drop),
            Takes::Duration => parse_duration(value).map(drop),
            Takes::Integer => parse_int(value).map(drop),
        };
        let shown = match self.letter {
            ' ' => format!("--{}", self.name),
            letter => format!("-{letter}, --{}", self.name),
        };
        checked.map_err(|why| format!("invalid argument {value:?} for {shown:?} flag: {why}"))
    }
}

/// A command line taken apart.
#[derive(Clone, Debug, Default)]
pub(super) struct Flags {
    values: BTreeMap<&'static str, Vec<String>>,
    /// What is no flag.
    pub(super) words: Vec<String>,
}

impl Flags {
    /// Takes a command's words apart; an error is kubectl's own.
    pub(super) fn parse(command: &str, known: &[Flag], line: &[String]) -> Result<Self, String> {
        let see = |problem: String| {
            format!("error: {problem}\nSee 'kubectl {command} --help' for usage.")
        };
        let mut flags = Self::default();
        let mut words = line.iter();
        while let Some(word) = words.next() {
            let letters = flags.switches(known, word);
            let word = if letters.is_empty() { word.clone() } else { format!("-{letters}") };
            let found =
                flag_of(known, &word).map_err(|unknown| match unknown.left_out(command) {
                    Some(text) => text,
                    None => see(unknown.to_string()),
                })?;
            let Some((flag, value)) = found else {
                flags.words.push(word);
                continue;
            };
            let needs = || see(format!("flag needs an argument: {word}"));
            let value = match value {
                Some(value) => value,
                None if flag.takes == Takes::Truth => "true",
                None => words.next().ok_or_else(needs)?,
            };
            flag.check(value).map_err(see)?;
            flags.values.entry(flag.name).or_default().push(value.to_owned());
        }
        Ok(flags)
    }

    /// Turns on the switches that a word of letters begins with, `-i` of `-it`; gives back its last
    /// letter with what follows, or nothing of a word that does not begin so.
    fn switches<'w>(&mut self, known: &[Flag], word: &'w str) -> &'w str {
        let Some(mut rest) = word.strip_prefix('-').filter(|rest| !rest.starts_with('-')) else {
            return "";
        };
        let switch =
            |letter: char| known.iter().find(|it| it.letter == letter && it.takes == Takes::Truth);
        while let Some(letter) = rest.chars().next()
            && let Some(flag) = switch(letter)
            && !matches!(rest[letter.len_utf8()..].chars().next(), None | Some('='))
        {
            self.values.entry(flag.name).or_default().push("true".to_owned());
            rest = &rest[letter.len_utf8()..];
        }
        rest
    }

    /// What a flag was given, the last time it was.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.all(name).last().map(String::as_str)
    }

    /// All that a flag was given.
    pub(super) fn all(&self, name: &str) -> &[String] {
        self.values.get(name).map_or(&[], Vec::as_slice)
    }

    /// All that a flag was given, taken apart at commas.
    pub(super) fn texts(&self, name: &str) -> Vec<&str> {
        let all = self.all(name).iter().filter(|text| !text.is_empty());
        all.flat_map(|text| text.split(',')).collect()
    }

    /// Whether a switch is on; one that nobody touched is off.
    pub(super) fn is_on(&self, name: &str) -> bool {
        self.switched(name).unwrap_or(false)
    }

    /// Whether a switch was turned on or off.
    pub(super) fn switched(&self, name: &str) -> Option<bool> {
        self.value(name).and_then(|value| parse_bool(value).ok())
    }

    /// How long a flag says.
    pub(super) fn duration(&self, name: &str) -> Option<SignedDuration> {
        self.value(name).and_then(|value| parse_duration(value).ok())
    }

    /// The number that a flag says.
    pub(super) fn integer(&self, name: &str) -> Option<i64> {
        self.value(name).and_then(|value| parse_int(value).ok())
    }

    /// The namespace: `default` where none is named.
    pub(super) fn namespace(&self) -> &str {
        self.value("namespace").unwrap_or("default")
    }
}

/// What a command takes here, which is less than kubectl's takes.
pub(super) fn help(command: &str, known: &[Flag]) -> String {
    let mut text = format!(
        "Usage: rollsim kubectl -s PATH --at TIME {command} ...\n\nFlags that are known here:\n"
    );
    let mut flags: Vec<&Flag> = known.iter().collect();
    flags.sort_by_key(|flag| flag.name);
    for Flag { name, letter, takes } in flags {
        let short = if *letter == ' ' { "    ".to_owned() } else { format!("-{letter}, ") };
        let value = match takes {
            Takes::Text => "=TEXT",
            Takes::Texts => "=TEXT,...",
            Takes::Truth => "",
            Takes::Duration => "=TIME",
            Takes::Integer => "=NUMBER",
        };
        text.push_str(&format!("  {short}--{name}{value}\n"));
    }
    text.push_str("\nThey mean what they mean to kubectl. docs/kubectl.md has examples.\n");
    text
}

/// A flag that is none of those known here.
enum Unknown<'w> {
    Name(&'w str),
    /// A letter, with all that stands behind the hyphen.
    Letter(char, &'w str),
}

impl Unknown<'_> {
    /// What is said of one that kubectl knows.
    fn left_out(&self, command: &str) -> Option<String> {
        let name = match self {
            Self::Name(name) => Some(*name).filter(|name| left_out::is_flag(command, name)),
            Self::Letter(letter, _) => left_out::flag_of(command, *letter),
        };
        name.map(|name| {
            format!(
                "error: the flag --{name} is not simulated yet\n  = help: `kubectl {command} --help` \
                 lists those that are"
            )
        })
    }
}

/// kubectl's words, and where one of rollsim's own flags belongs.
impl fmt::Display for Unknown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) if BEFORE_THE_COMMAND.contains(name) => write!(
                f,
                "unknown flag: --{name}\n  = help: it is rollsim's: put it before the command and \
                 kubectl's flags"
            ),
            Self::Name(name) => write!(f, "unknown flag: --{name}"),
            Self::Letter(letter, short) => {
                write!(f, "unknown shorthand flag: '{letter}' in -{short}")
            }
        }
    }
}

/// The flag that a word is, with the value that stands in the same word; nothing of a word that is no
/// flag.
fn flag_of<'f, 'w>(
    known: &'f [Flag],
    word: &'w str,
) -> Result<Option<(&'f Flag, Option<&'w str>)>, Unknown<'w>> {
    if let Some(long) = word.strip_prefix("--") {
        let (name, value) = match long.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (long, None),
        };
        let flag = known.iter().find(|flag| flag.name == name);
        return Ok(Some((flag.ok_or(Unknown::Name(name))?, value)));
    }
    let Some(short) = word.strip_prefix('-').filter(|short| !short.is_empty()) else {
        return Ok(None);
    };
    let letter = short.chars().next().unwrap_or(' ');
    let rest = &short[letter.len_utf8()..];
    let rest = rest.strip_prefix('=').unwrap_or(rest);
    let flag = known.iter().find(|flag| flag.letter == letter && letter != ' ');
    Ok(Some((flag.ok_or(Unknown::Letter(letter, short))?, (!rest.is_empty()).then_some(rest))))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLAGS: &[Flag] = &[
        switch("watch", 'w'),
        switch("stdin", 'i'),
        duration("timeout", ' '),
        integer("node-port", ' '),
        listed("tcp", ' '),
        valued("namespace", 'n'),
    ];

    fn parse(line: &[&str]) -> Result<Flags, String> {
        let line: Vec<String> = line.iter().map(|word| (*word).to_owned()).collect();
        Flags::parse("test", FLAGS, &line)
    }

    #[test]
    fn values_are_read_as_go_reads_them() {
        for (word, on) in
            [("--watch", true), ("--watch=T", true), ("-w=f", false), ("-iw=0", false)]
        {
            let flags = parse(&[word]).expect("it is well-formed");
            assert_eq!(flags.switched("watch"), Some(on), "{word}");
        }
        let flags =
            parse(&["--timeout=1m", "--node-port", "0x10", "--tcp=80,,81", "--tcp=", "-na"]);
        let flags = flags.expect("it is well-formed");
        assert_eq!(flags.duration("timeout"), Some(SignedDuration::from_mins(1)));
        assert_eq!(flags.integer("node-port"), Some(16));
        assert_eq!((flags.texts("tcp"), flags.namespace()), (vec!["80", "", "81"], "a"));
        assert_eq!((flags.switched("watch"), flags.is_on("watch")), (None, false));
    }

    #[test]
    fn what_go_does_not_read_is_refused_with_the_flags() {
        let cases = [
            ("--watch=maybe", "\"maybe\" for \"-w, --watch\" flag: strconv.ParseBool: parsing"),
            ("--timeout=soon", "\"soon\" for \"--timeout\" flag: time: invalid duration \"soon\""),
            ("--node-port=x", "\"x\" for \"--node-port\" flag: strconv.ParseInt: parsing \"x\""),
        ];
        for (word, expected) in cases {
            let problem = parse(&[word]).expect_err("it is refused");
            assert!(
                problem.starts_with(&format!("error: invalid argument {expected}")),
                "{problem}"
            );
            assert!(problem.ends_with("\nSee 'kubectl test --help' for usage."), "{problem}");
        }
    }

    #[test]
    fn what_kubectl_does_not_know_is_told_from_what_is_not_simulated() {
        let cases = [
            ("--colour", "error: unknown flag: --colour\nSee 'kubectl test --help' for usage."),
            ("-x", "error: unknown shorthand flag: 'x' in -x\nSee 'kubectl test --help'"),
            ("--at=3s", "error: unknown flag: --at\n  = help: it is rollsim's: put it before"),
            ("--context=a", "error: the flag --context is not simulated yet\n  = help: `kubectl "),
            ("-v6", "error: the flag --v is not simulated yet\n"),
        ];
        for (word, expected) in cases {
            let problem = parse(&[word]).expect_err("it is not there");
            assert!(problem.starts_with(expected), "{word}: {problem}");
        }
    }
}
