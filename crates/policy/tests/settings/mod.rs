//! Each policy with what can be set about it.

use rollsim_policy::{Configured, Entry, Kind, Value};

/// Values of those that matter: each word, both flags, a hundred of what is 0 where nobody says.
fn values(kind: Kind) -> Vec<Value<'static>> {
    match kind {
        Kind::Choice { of } => of.iter().map(|word| Value::Choice(word)).collect(),
        Kind::Flag { .. } => vec![Value::Flag(false), Value::Flag(true)],
        Kind::Integer { default: 0, min, max } => {
            vec![Value::Integer(0), Value::Integer(100.clamp(min, max))]
        }
        _ => vec![kind.default()],
    }
}

/// A policy with each combination of such values.
pub(crate) fn settings(entry: &'static Entry) -> Vec<Configured> {
    let mut all = vec![Configured::new(entry)];
    for parameter in entry.parameters {
        let mut more = Vec::new();
        for configured in &all {
            for value in values(parameter.kind) {
                let mut configured = configured.clone();
                configured.set(parameter.name, value).expect("it is one of its values");
                more.push(configured);
            }
        }
        all = more;
    }
    all
}
