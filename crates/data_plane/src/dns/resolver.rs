//! The resolver in a pod: one name, and the questions that it costs (glibc, resolv.conf(5)).
//!
//! Every try asks for A and AAAA. A name with fewer dots than `ndots` is tried below each domain of
//! the search list before it is tried as it is; the first try with an answer wins, were it only an
//! alias that leads nowhere.

use std::net::IpAddr;

use api::ResolvConf;

use super::{
    name::{Name, NotAName},
    record::{Answer, Data, Question, Rcode, RecordType},
};

/// A question and how it was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The question.
    pub question: Question,
    /// The answer.
    pub answer: Answer,
}

/// What became of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// Its addresses; none where it was not found.
    pub addresses: Vec<IpAddr>,
    /// The name that had them.
    pub name: Option<Name>,
    /// Every question on the way, in order.
    pub queries: Vec<Query>,
}

impl Resolution {
    /// The aliases on the way, each with what it stands for.
    pub fn aliases(&self) -> impl Iterator<Item = (&Name, &Name)> {
        let answers = self.queries.iter().map(|query| &query.answer.answer);
        let answered = answers.into_iter().find(|records| !records.is_empty());
        answered.into_iter().flatten().filter_map(|record| match &record.data {
            Data::Cname(target) => Some((&record.name, target)),
            _ => None,
        })
    }

    /// The name that a rewrite rule made of the one that was answered.
    #[must_use]
    pub fn rewritten(&self) -> Option<&Name> {
        let answers = self.queries.iter().map(|query| &query.answer);
        let mut answered = answers.filter(|answer| !answer.answer.is_empty());
        answered.find_map(|answer| answer.rewritten.as_ref())
    }
}

/// The names that are tried for `text`, in order.
///
/// # Errors
/// A text that is no name.
pub fn tries(text: &str, conf: &ResolvConf) -> Result<Vec<Name>, NotAName> {
    let name: Name = text.parse()?;
    if text.ends_with('.') {
        return Ok(vec![name]);
    }
    let searched = conf.searches.iter().map(|domain| Name::of(domain.as_str()).below(text));
    // A name that gets too long below a domain is not tried there.
    let mut tries: Vec<Name> =
        searched.filter(|name| name.as_str().parse::<Name>().is_ok()).collect();
    if text.matches('.').count() >= conf.ndots() {
        tries.insert(0, name);
    } else {
        tries.push(name);
    }
    Ok(tries)
}

/// Whether a resolver tries no other name after an answer: it has a record, or the server failed, so
/// that nobody knows whether the name is there.
#[must_use]
pub fn ends_search(answered: bool, rcode: Rcode) -> bool {
    answered || matches!(rcode, Rcode::ServFail | Rcode::Refused)
}

/// Resolves a name; `ask` answers a question.
///
/// # Errors
/// A text that is no name.
pub fn resolve(
    text: &str,
    conf: &ResolvConf,
    ask: &mut dyn FnMut(&Question) -> Answer,
) -> Result<Resolution, NotAName> {
    let mut resolution = Resolution { addresses: Vec::new(), name: None, queries: Vec::new() };
    for name in tries(text, conf)? {
        let mut ends = false;
        for record_type in [RecordType::A, RecordType::Aaaa] {
            let question = Question { name: name.clone(), record_type };
            let answer = ask(&question);
            resolution.addresses.extend(answer.addresses());
            ends |= ends_search(!answer.answer.is_empty(), answer.rcode);
            resolution.queries.push(Query { question, answer });
        }
        if !resolution.addresses.is_empty() {
            resolution.name = Some(name);
        }
        if ends {
            break;
        }
    }
    Ok(resolution)
}
