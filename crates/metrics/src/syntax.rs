//! How an expectation is written, and what is wrong with one that is not.

use std::fmt;

use crate::{
    bound::Refusal,
    expectation::{Comparison, Expectation, Scope, Subject},
    quantity::{CauseFilter, QUANTITIES, Source, Unit},
};

/// Longer operators first, so that `<=` is not read as `<`.
const COMPARISONS: [(&str, Comparison); 6] = [
    ("<=", Comparison::AtMost),
    (">=", Comparison::AtLeast),
    ("==", Comparison::Equal),
    ("!=", Comparison::Different),
    ("<", Comparison::Less),
    (">", Comparison::More),
];
/// What people write instead of them.
const MISTAKEN: [(&str, &str); 8] = [
    ("=>", ">="),
    ("=<", "<="),
    ("<>", "!="),
    ("≥", ">="),
    ("≤", "<="),
    ("≠", "!="),
    ("===", "=="),
    ("=", "=="),
];
/// A name less like the one written than this is not worth suggesting.
const ALIKE: f64 = 0.7;

/// Why a text is no [`Expectation`], and where in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectationError {
    offset: usize,
    message: String,
    help: Option<String>,
}

impl ExpectationError {
    /// Where the trouble starts: bytes from the start of the text.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// What to write instead, where that can be said.
    #[must_use]
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

impl fmt::Display for ExpectationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ExpectationError {}

pub(crate) fn parse(text: &str) -> Result<Expectation, ExpectationError> {
    let mut cursor = Cursor { text, at: 0 };
    let scope = cursor.scope()?;
    cursor.skip_spaces();
    let start = cursor.at;
    let (subject, name) = cursor.subject()?;
    check_scope(&scope, subject, &name).map_err(|error| error.at(start))?;
    let comparison = cursor.comparison(subject, &name)?;
    let bound = cursor.bound(subject.unit(), &name)?;
    Ok(Expectation { text: text.trim().to_owned(), scope, subject, comparison, bound })
}

/// A place in the text.
struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

/// An error whose place is said later.
struct Problem {
    message: String,
    help: Option<String>,
}

impl Problem {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    fn at(self, offset: usize) -> ExpectationError {
        ExpectationError { offset, message: self.message, help: self.help }
    }
}

impl<'a> Cursor<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_spaces(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn eat(&mut self, token: &str) -> bool {
        let eaten = self.rest().starts_with(token);
        self.at += if eaten { token.len() } else { 0 };
        eaten
    }

    fn take(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let taken = &rest[..rest.find(|c| !wanted(c)).unwrap_or(rest.len())];
        self.at += taken.len();
        taken
    }

    fn name(&mut self) -> &'a str {
        self.take(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-'))
    }

    /// `client(shop)` or `during(rollout)`, if there is one.
    fn scope(&mut self) -> Result<Scope, ExpectationError> {
        self.skip_spaces();
        let start = self.at;
        let word = self.name();
        let example = match word {
            "client" => "client(shop)",
            "during" => "during(rollout)",
            _ => {
                self.at = start;
                return Ok(Scope::Run);
            }
        };
        let help = format!("write `{example}`, say");
        if !self.eat("(") {
            return Err(Problem::new(format!("`{word}` of what?")).help(help).at(self.at));
        }
        let inside = self.at;
        let argument = self.take(|c| c != ')').trim();
        if !self.eat(")") {
            return Err(Problem::new("a `)` is missing").help(help).at(self.at));
        }
        match (word, argument) {
            (_, "") => Err(Problem::new(format!("`{word}` of what?")).help(help).at(inside)),
            ("client", name) => Ok(Scope::Client(name.to_owned())),
            (_, "rollout") => Ok(Scope::DuringRollout),
            (_, other) => Err(Problem::new(format!("unknown time `{other}`"))
                .help("only `during(rollout)` is known")
                .at(inside)),
        }
    }

    /// What it is about, and how that was written.
    fn subject(&mut self) -> Result<(Subject, String), ExpectationError> {
        let start = self.at;
        let name = self.name();
        if name == "failed" {
            let causes = self.causes()?;
            return Ok((Subject::Failed(causes), self.text[start..self.at].to_owned()));
        }
        if let Some(quantity) = QUANTITIES.iter().find(|quantity| quantity.name == name) {
            return Ok((Subject::Quantity(quantity), name.to_owned()));
        }
        let problem = match name {
            "" => Problem::new("a quantity is missing").help("for example `success_rate >= 99.9%`"),
            _ => {
                let names = QUANTITIES.iter().map(|quantity| quantity.name);
                let names: Vec<&str> = names.chain(["failed{cause=…}"]).collect();
                Problem::new(format!("unknown quantity `{name}`")).help(did_you_mean(name, &names))
            }
        };
        Err(problem.at(start))
    }

    /// `{cause=refused}`.
    fn causes(&mut self) -> Result<CauseFilter, ExpectationError> {
        for token in ["{", "cause", "="] {
            self.skip_spaces();
            if !self.eat(token) {
                return Err(Problem::new(format!("`failed` is followed by its cause: `{token}`"))
                    .help("write `failed{cause=refused}`, say; all failures are `requests.failed`")
                    .at(self.at));
            }
        }
        self.skip_spaces();
        let start = self.at;
        let name = self.name();
        let Some(causes) = CauseFilter::named(name) else {
            return Err(Problem::new(format!("unknown cause `{name}`"))
                .help(did_you_mean(name, &CauseFilter::names()))
                .at(start));
        };
        self.skip_spaces();
        if !self.eat("}") {
            return Err(Problem::new("a `}` is missing").at(self.at));
        }
        Ok(causes)
    }

    fn comparison(&mut self, subject: Subject, name: &str) -> Result<Comparison, ExpectationError> {
        self.skip_spaces();
        let start = self.at;
        // `===` and `<>` start with what is right.
        let mistaken = MISTAKEN.iter().find(|(wrong, right)| {
            self.rest().starts_with(wrong) && !(self.rest().starts_with(right) && wrong.len() < 3)
        });
        if let Some((wrong, right)) = mistaken {
            return Err(Problem::new(format!("unknown operator `{wrong}`"))
                .help(format!("did you mean `{right}`?"))
                .at(start));
        }
        let Some((token, comparison)) = COMPARISONS.iter().find(|(token, _)| self.eat(token))
        else {
            let problem = Problem::new(format!("`{name}` is followed by an operator"));
            let help = if self.rest().starts_with("{client=") {
                format!("one client's is written `client(NAME) {name} < BOUND`")
            } else {
                "one of < <= > >= == !=".to_owned()
            };
            return Err(problem.help(help).at(start));
        };
        let equality = matches!(comparison, Comparison::Equal | Comparison::Different);
        if subject.unit() == Unit::Truth && !equality {
            return Err(Problem::new(format!("`{name}` is true or false, and not `{token}`"))
                .help(format!("write `{name} == true`"))
                .at(start));
        }
        Ok(*comparison)
    }

    /// The bound, which is the rest of the text.
    fn bound(&mut self, unit: Unit, name: &str) -> Result<f64, ExpectationError> {
        self.skip_spaces();
        let (start, text) = (self.at, self.rest().trim_end());
        if text.is_empty() {
            let problem = Problem::new("a bound is missing");
            return Err(problem.help(format!("for example `{}`", unit.example())).at(start));
        }
        let (first, after) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        // `200 ms` is one bound that is written badly, `200ms and` a bound with something behind.
        let joined = format!("{first}{}", after.trim_start());
        match unit.read(first) {
            Ok(bound) if after.is_empty() => Ok(bound),
            Err(_) if !after.is_empty() && unit.read(&joined).is_ok() => {
                let problem = Problem::new("a bound is written without a space");
                Err(problem.help(format!("write `{joined}`")).at(start + first.len()))
            }
            Ok(_) => {
                let offset = start + text.len() - after.trim_start().len();
                Err(Problem::new("an expectation ends with its bound")
                    .help("write one expectation for each thing expected")
                    .at(offset))
            }
            Err(Refusal { offset, message }) => {
                let wrong_unit =
                    || format!("`{name}` is {}: its bound is {}", unit.noun(), unit.bound_noun());
                Err(Problem::new(message.unwrap_or_else(wrong_unit))
                    .help(unit.correction(first))
                    .at(start + offset))
            }
        }
    }
}

/// A scope is of requests: only what is counted in requests has one.
fn check_scope(scope: &Scope, subject: Subject, name: &str) -> Result<(), Problem> {
    let scope_text = match scope {
        Scope::Run => return Ok(()),
        Scope::DuringRollout => "during(rollout)",
        Scope::Client(_) => "client(…)",
    };
    let Subject::Quantity(quantity) = subject else { return Ok(()) };
    let of_clients =
        matches!(quantity.source, Source::Lookups(_)) && *scope != Scope::DuringRollout;
    if !of_clients && !matches!(quantity.source, Source::Traffic(_)) {
        return Err(Problem::new(format!("`{name}` is measured over the whole run"))
            .help(format!("leave `{scope_text}` out")));
    }
    if *scope == Scope::DuringRollout && name == "requests.in_flight" {
        return Err(Problem::new("requests without an answer are not known by their arrival")
            .help(format!("leave `{scope_text}` out")));
    }
    Ok(())
}

/// The most similar of some names, or all of them where none is similar.
fn did_you_mean(written: &str, names: &[&str]) -> String {
    let written = written.to_lowercase();
    // `p99` and `max_over_mean` are as good as their whole names.
    let likeness = |name: &str| {
        let last = name.rsplit('.').next().unwrap_or(name);
        strsim::jaro_winkler(&written, name).max(strsim::jaro_winkler(&written, last))
    };
    let best = names.iter().map(|name| (likeness(name), name));
    match best.max_by(|(left, _), (right, _)| left.total_cmp(right)) {
        Some((likeness, name)) if likeness >= ALIKE => format!("did you mean `{name}`?"),
        _ => format!("one of {}", names.join(", ")),
    }
}
