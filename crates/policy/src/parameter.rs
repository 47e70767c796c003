//! What can be set about a policy, and what it is set to.

use std::fmt;

use engine::Span;

use crate::block::Tables;

/// Something that can be set about a policy.
#[derive(Debug)]
pub struct Parameter {
    /// Its name, as the reference implementation spells it.
    pub name: &'static str,
    /// What it does, in a sentence, with its unit.
    pub summary: &'static str,
    /// What it may be, and what it is where nobody says.
    pub kind: Kind,
}

/// What a parameter may be.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A whole number.
    Integer {
        /// Where nobody says.
        default: u64,
        /// The least that is allowed.
        min: u64,
        /// The most that is allowed.
        max: u64,
    },
    /// A number.
    Number {
        /// Where nobody says.
        default: f64,
        /// The least that is allowed.
        min: f64,
        /// The most that is allowed.
        max: f64,
    },
    /// A duration.
    Duration {
        /// Where nobody says.
        default: Span,
    },
    /// Yes or no.
    Flag {
        /// Where nobody says.
        default: bool,
    },
    /// One of a few words.
    Choice {
        /// The words; the first where nobody says.
        of: &'static [&'static str],
    },
}

impl Kind {
    /// What it is where nobody says.
    #[must_use]
    pub const fn default(self) -> Value<'static> {
        match self {
            Self::Integer { default, .. } => Value::Integer(default),
            Self::Number { default, .. } => Value::Number(default),
            Self::Duration { default } => Value::Duration(default),
            Self::Flag { default } => Value::Flag(default),
            Self::Choice { of } => Value::Choice(of[0]),
        }
    }

    /// Whether the most that is allowed is only what its number can hold: nobody needs to know.
    #[must_use]
    pub const fn is_open(self) -> bool {
        match self {
            Self::Integer { max, .. } => max >= u32::MAX as u64,
            Self::Number { max, .. } => max == f64::INFINITY,
            _ => false,
        }
    }

    /// What it may be, where nobody needs to know how much its number can hold.
    #[must_use]
    pub fn range(self) -> String {
        match self {
            Self::Integer { min, .. } if self.is_open() => format!("a whole number from {min}"),
            other => other.to_string(),
        }
    }

    /// The value if it may be that. A whole number will do where a number is wanted.
    fn accept(self, value: Value<'_>) -> Option<Value<'static>> {
        match (self, value) {
            (Self::Integer { min, max, .. }, Value::Integer(number)) => {
                (min..=max).contains(&number).then_some(Value::Integer(number))
            }
            (Self::Number { min, max, .. }, Value::Number(number)) => {
                (min..=max).contains(&number).then_some(Value::Number(number))
            }
            (Self::Number { .. }, Value::Integer(number)) => {
                self.accept(Value::Number(number as f64))
            }
            (Self::Duration { .. }, Value::Duration(span)) => Some(Value::Duration(span)),
            (Self::Flag { .. }, Value::Flag(flag)) => Some(Value::Flag(flag)),
            (Self::Choice { of }, Value::Choice(word)) => {
                of.iter().find(|known| **known == word).map(|known| Value::Choice(known))
            }
            _ => None,
        }
    }
}

/// Says what is allowed.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer { min, max: u64::MAX, .. } => write!(f, "a whole number from {min}"),
            Self::Integer { min, max, .. } => write!(f, "a whole number from {min} to {max}"),
            Self::Number { min, .. } if self.is_open() => write!(f, "a number from {min}"),
            Self::Number { min, max, .. } => write!(f, "a number from {min} to {max}"),
            Self::Duration { .. } => f.write_str("a duration"),
            Self::Flag { .. } => f.write_str("true or false"),
            Self::Choice { of } => write!(f, "one of {}", of.join(", ")),
        }
    }
}

/// What a parameter is set to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// A whole number.
    Integer(u64),
    /// A number.
    Number(f64),
    /// A duration.
    Duration(Span),
    /// Yes or no.
    Flag(bool),
    /// One of a few words.
    Choice(&'a str),
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(number) => write!(f, "{number}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Duration(span) => write!(f, "{span}"),
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Choice(word) => f.write_str(word),
        }
    }
}

/// Why a parameter cannot be set.
#[derive(Clone, Copy, Debug)]
pub enum NotSet {
    /// The policy has no such parameter.
    Unknown,
    /// It has to be something else.
    Wanted(Kind),
}

/// What the parameters of a policy are set to: each has a value.
#[derive(Clone, Debug)]
pub struct Settings {
    values: Vec<(&'static str, Value<'static>)>,
    /// Those of the instances that are made with these settings.
    tables: Tables,
}

/// Two are the same if all is set to the same.
impl PartialEq for Settings {
    fn eq(&self, other: &Self) -> bool {
        self.values == other.values
    }
}

impl Settings {
    /// What nobody has changed.
    #[must_use]
    pub fn defaults(parameters: &[Parameter]) -> Self {
        let values = parameters.iter().map(|it| (it.name, it.kind.default())).collect();
        Self { values, tables: Tables::default() }
    }

    /// Sets one of these parameters.
    ///
    /// # Errors
    /// Where there is none of that name, or it may not be that.
    pub fn set(
        &mut self,
        parameters: &[Parameter],
        name: &str,
        value: Value<'_>,
    ) -> Result<(), NotSet> {
        let place = parameters.iter().position(|it| it.name == name).ok_or(NotSet::Unknown)?;
        let kind = parameters[place].kind;
        self.values[place].1 = kind.accept(value).ok_or(NotSet::Wanted(kind))?;
        // Instances with other settings have other tables.
        self.tables = Tables::default();
        Ok(())
    }

    /// What each is set to, in the order of the parameters.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, Value<'static>)> {
        self.values.iter().copied()
    }

    /// The tables that all instances with these settings have in common.
    #[must_use]
    pub fn tables(&self) -> Tables {
        self.tables.clone()
    }

    fn value(&self, name: &str) -> Value<'static> {
        let found = self.values.iter().find(|(known, _)| *known == name);
        found.expect("a policy asks for its own parameters").1
    }

    /// A whole number.
    #[must_use]
    pub fn integer(&self, name: &str) -> u64 {
        match self.value(name) {
            Value::Integer(number) => number,
            other => unreachable!("{name} is {other:?}"),
        }
    }

    /// A number.
    #[must_use]
    pub fn number(&self, name: &str) -> f64 {
        match self.value(name) {
            Value::Number(number) => number,
            other => unreachable!("{name} is {other:?}"),
        }
    }

    /// A duration.
    #[must_use]
    pub fn duration(&self, name: &str) -> Span {
        match self.value(name) {
            Value::Duration(span) => span,
            other => unreachable!("{name} is {other:?}"),
        }
    }

    /// Yes or no.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        match self.value(name) {
            Value::Flag(flag) => flag,
            other => unreachable!("{name} is {other:?}"),
        }
    }

    /// One of a few words.
    #[must_use]
    pub fn choice(&self, name: &str) -> &'static str {
        match self.value(name) {
            Value::Choice(word) => word,
            other => unreachable!("{name} is {other:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static PARAMETERS: &[Parameter] = &[
        Parameter {
            name: "choice_count",
            summary: "How many are compared.",
            kind: Kind::Integer { default: 2, min: 2, max: 10 },
        },
        Parameter {
            name: "bias",
            summary: "How much load counts.",
            kind: Kind::Number { default: 1.0, min: 0.0, max: f64::INFINITY },
        },
        Parameter { name: "hash", summary: "Which.", kind: Kind::Choice { of: &["xx", "murmur"] } },
    ];

    #[test]
    fn each_has_a_value_and_takes_what_it_may_be() {
        let mut settings = Settings::defaults(PARAMETERS);
        assert_eq!(settings.integer("choice_count"), 2);
        assert_eq!(settings.choice("hash"), "xx");
        let mut set = |name, value| settings.set(PARAMETERS, name, value);
        assert!(set("choice_count", Value::Integer(3)).is_ok());
        assert!(set("bias", Value::Integer(2)).is_ok(), "a whole number is a number");
        assert!(set("hash", Value::Choice("murmur")).is_ok());
        assert!(matches!(set("choices", Value::Integer(3)), Err(NotSet::Unknown)));
        for (name, value, wanted) in [
            ("choice_count", Value::Integer(11), "a whole number from 2 to 10"),
            ("bias", Value::Number(f64::NAN), "a number from 0"),
            ("bias", Value::Flag(true), "a number from 0"),
            ("hash", Value::Choice("md5"), "one of xx, murmur"),
        ] {
            match set(name, value) {
                Err(NotSet::Wanted(kind)) => assert_eq!(kind.to_string(), wanted),
                other => panic!("{name}: {other:?}"),
            }
        }
        let open = Kind::Integer { default: 2, min: 1, max: u64::from(u32::MAX) };
        assert_eq!(open.range(), "a whole number from 1", "the rest is of no interest");
        assert_eq!(settings.integer("choice_count"), 3);
        assert_eq!(settings.value("bias"), Value::Number(2.0));
        assert_eq!(settings.choice("hash"), "murmur");
    }
}
