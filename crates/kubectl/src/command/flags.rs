//! Flags as kubectl takes them: anywhere, `--name=value` or `--name value`, `-n value` or `-nvalue`.

use std::collections::BTreeMap;

/// A flag of a command.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flag {
    pub(super) name: &'static str,
    /// Its letter; a space where it has none.
    pub(super) letter: char,
    /// Whether it takes a value.
    pub(super) valued: bool,
    /// Whether it may come again, and all its values count; they are put together with commas.
    pub(super) listed: bool,
}

pub(super) const fn valued(name: &'static str, letter: char) -> Flag {
    Flag { name, letter, valued: true, listed: false }
}

pub(super) const fn switch(name: &'static str, letter: char) -> Flag {
    Flag { name, letter, valued: false, listed: false }
}

pub(super) const fn listed(name: &'static str, letter: char) -> Flag {
    Flag { name, letter, valued: true, listed: true }
}

/// A command line taken apart.
#[derive(Clone, Debug, Default)]
pub(super) struct Flags {
    values: BTreeMap<&'static str, String>,
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
            let (flag, value) = if let Some(long) = word.strip_prefix("--") {
                let (name, value) = match long.split_once('=') {
                    Some((name, value)) => (name, Some(value.to_owned())),
                    None => (long, None),
                };
                let flag = known.iter().find(|flag| flag.name == name);
                (flag.ok_or_else(|| see(format!("unknown flag: --{name}")))?, value)
            } else if let Some(short) = word.strip_prefix('-').filter(|short| !short.is_empty()) {
                let letter = short.chars().next().unwrap_or(' ');
                let rest = &short[letter.len_utf8()..];
                let rest = rest.strip_prefix('=').unwrap_or(rest);
                let flag = known.iter().find(|flag| flag.letter == letter && letter != ' ');
                let unknown = || see(format!("unknown shorthand flag: '{letter}' in -{short}"));
                (flag.ok_or_else(unknown)?, (!rest.is_empty()).then(|| rest.to_owned()))
            } else {
                flags.words.push(word.clone());
                continue;
            };
            let needs = || see(format!("flag needs an argument: {word}"));
            let value = match value {
                Some(value) => value,
                None if flag.valued => words.next().ok_or_else(needs)?.clone(),
                None => "true".to_owned(),
            };
            match flags.values.get_mut(flag.name).filter(|_| flag.listed) {
                Some(before) => before.extend([",", &value]),
                None => drop(flags.values.insert(flag.name, value)),
            }
        }
        Ok(flags)
    }

    /// Turns on the switches that a word of letters begins with, `-i` of `-it`; gives back its last
    /// letter with what follows, or nothing of a word that does not begin so.
    fn switches<'w>(&mut self, known: &[Flag], word: &'w str) -> &'w str {
        let Some(mut rest) = word.strip_prefix('-').filter(|rest| !rest.starts_with('-')) else {
            return "";
        };
        let switch = |letter: char| known.iter().find(|it| it.letter == letter && !it.valued);
        while let Some(letter) = rest.chars().next()
            && let Some(flag) = switch(letter)
            && !matches!(rest[letter.len_utf8()..].chars().next(), None | Some('='))
        {
            self.values.insert(flag.name, "true".to_owned());
            rest = &rest[letter.len_utf8()..];
        }
        rest
    }

    /// What a flag was given.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// Whether a switch is on.
    pub(super) fn is_on(&self, name: &str) -> bool {
        self.value(name) == Some("true")
    }

    /// The namespace: `default` where none is named.
    pub(super) fn namespace(&self) -> &str {
        self.value("namespace").unwrap_or("default")
    }
}
