//! What is set about a policy or a layer, each by itself and all together.

use engine::Span;
use policy::{AtMost, Kind, Needs, NotSet, Parameter, Value as Setting};

use super::item::{Fields, Item, Reading};
use crate::{
    Code, Diagnostic,
    diagnostic::{did_you_mean, suggest},
    yaml::Value,
};

/// What can be set: of a policy or of a layer.
pub(super) struct Settable<'a> {
    pub(super) name: &'static str,
    pub(super) parameters: &'static [Parameter],
    pub(super) set: &'a mut dyn FnMut(&str, Setting<'_>) -> Result<(), NotSet>,
}

impl Reading<'_> {
    /// All that is set.
    pub(super) fn settings(&mut self, item: &Item<'_>, of: Settable<'_>) {
        if matches!(item.node.value, Value::Null) {
            return;
        }
        let fields = self.names(item);
        let mut right = true;
        for (name, item) in fields.each() {
            let Some(parameter) = of.parameters.iter().find(|known| known.name == name) else {
                let known = of.parameters.iter().map(|known| known.name);
                let message = format!("{}: {} has no parameter `{name}`", item.path(), of.name);
                let help = suggest(name, "parameter", known);
                self.report(Code::UnknownField, &item, message, help);
                continue;
            };
            let absent = matches!(item.node.value, Value::Null);
            right &= absent || self.setting(&item, parameter, of.set).is_some();
        }
        // What is wrong by itself is not compared with anything.
        for rule in policy::AT_MOST.iter().filter(|rule| right && rule.of == of.name) {
            self.goes_together(rule, &fields, of.parameters);
        }
        for rule in policy::NEEDS.iter().filter(|rule| right && rule.of == of.name) {
            self.warn_unless_it_counts(rule, &fields, of.parameters);
        }
    }

    /// One of them; `None` where it may not be that, which is then reported.
    fn setting(
        &mut self,
        item: &Item<'_>,
        parameter: &Parameter,
        set: &mut dyn FnMut(&str, Setting<'_>) -> Result<(), NotSet>,
    ) -> Option<()> {
        let text = item.node.scalar_text().unwrap_or_default();
        let value = match (parameter.kind, &item.node.value) {
            (Kind::Duration { .. }, _) => Some(Setting::Duration(self.span(item)?)),
            (Kind::Flag { .. }, Value::Bool(flag)) => Some(Setting::Flag(*flag)),
            (_, Value::Int(number)) => u64::try_from(*number).ok().map(Setting::Integer),
            (_, Value::Float(number)) => Some(Setting::Number(*number)),
            // YAML takes these words for booleans where nothing is around them.
            (Kind::Choice { of }, Value::Bool(flag)) if of.contains(&"on") => {
                Some(Setting::Choice(if *flag { "on" } else { "off" }))
            }
            (Kind::Choice { .. }, _) => Some(Setting::Choice(&text)),
            _ => None,
        };
        if value.is_some_and(|value| set(parameter.name, value).is_ok()) {
            return Some(());
        }
        let message = format!("{}: {} is wanted", item.path(), wanted(parameter.kind, value));
        self.report(Code::BadValue, item, message, help_with(parameter, &text));
        None
    }

    /// Warns of settings that change nothing, because another one is not as it has to be.
    fn warn_unless_it_counts(&mut self, rule: &Needs, fields: &Fields<'_>, of: &[Parameter]) {
        let Some(other) = of.iter().find(|known| known.name == rule.other) else { return };
        let item = fields.get(rule.other);
        let is = item.as_ref().map_or(Some(other.kind.default()), |it| written(other.kind, it));
        if is == Some(rule.to_be) {
            return;
        }
        for name in rule.settings {
            let Some(set) = fields.get(name) else { continue };
            let (needed, other) = (rule.to_be, rule.other);
            let message = format!("{}: it counts only with `{other}: {needed}`", set.path());
            let help = format!("leave it out, or write `{other}: {needed}` beside it");
            let mut diagnostic = Diagnostic::new(Code::NoEffect, message, help).at(set.at(), "");
            if let Some(item) = &item {
                diagnostic = diagnostic.because_of(item.at(), "which is something else");
            }
            self.findings.push(diagnostic);
        }
    }

    /// Complains where one setting is more than another lets it be.
    fn goes_together(&mut self, rule: &AtMost, fields: &Fields<'_>, of: &[Parameter]) {
        let (lesser, greater) = (fields.get(rule.lesser), fields.get(rule.greater));
        if greater.is_none() && rule.follows {
            return;
        }
        let amount = |name: &str, item: Option<&Item<'_>>| {
            let kind = of.iter().find(|it| it.name == name)?.kind;
            item.map_or(Some(kind.default()), |item| written(kind, item))
        };
        let (Some(least), Some(most)) =
            (amount(rule.lesser, lesser.as_ref()), amount(rule.greater, greater.as_ref()))
        else {
            return;
        };
        if is_at_most(least, most) {
            return;
        }
        let (lesser_name, greater_name) = (rule.lesser, rule.greater);
        let help = format!(
            "{} is refused with these where it is from, too: lower `{lesser_name}`, or raise `{greater_name}`",
            rule.of
        );
        let (place, message) = match (&lesser, &greater) {
            (Some(item), _) => {
                (item, format!("{least} is more than `{greater_name}`, which is {most}"))
            }
            (None, Some(item)) => {
                (item, format!("{most} is less than `{lesser_name}`, which is {least}"))
            }
            (None, None) => return,
        };
        let message = format!("{}: {message}", place.path());
        let mut diagnostic = Diagnostic::new(Code::BadValue, message, help).at(place.at(), "");
        if let (Some(_), Some(other)) = (&lesser, &greater) {
            diagnostic = diagnostic.because_of(other.at(), "which is less");
        }
        self.findings.push(diagnostic);
    }
}

/// What a setting may be, as the page about policies has it; where a number is beyond what can be held
/// at all, that bound too.
fn wanted(kind: Kind, value: Option<Setting<'_>>) -> String {
    match (kind, value) {
        (Kind::Integer { max, .. }, Some(Setting::Integer(number))) if number > max => {
            kind.to_string()
        }
        _ => kind.range(),
    }
}

/// The word that was probably meant, or what the setting does.
fn help_with(parameter: &Parameter, text: &str) -> String {
    let Kind::Choice { of } = parameter.kind else { return parameter.summary.to_owned() };
    let near = did_you_mean(text, of.iter().copied());
    near.map_or_else(|| parameter.summary.to_owned(), |near| format!("did you mean `{near}`?"))
}

/// What a setting says that is right by itself.
fn written(kind: Kind, item: &Item<'_>) -> Option<Setting<'static>> {
    match (kind, &item.node.value) {
        (Kind::Duration { .. }, _) => {
            item.node.scalar_text()?.parse::<Span>().ok().map(Setting::Duration)
        }
        (Kind::Number { .. }, Value::Int(number)) => Some(Setting::Number(*number as f64)),
        (Kind::Number { .. }, Value::Float(number)) => Some(Setting::Number(*number)),
        (_, Value::Int(number)) => u64::try_from(*number).ok().map(Setting::Integer),
        (Kind::Flag { .. }, Value::Bool(flag)) => Some(Setting::Flag(*flag)),
        (Kind::Choice { of }, _) => {
            let text = item.node.scalar_text()?;
            of.iter().find(|word| **word == text).map(|word| Setting::Choice(word))
        }
        _ => None,
    }
}

/// Whether one amount is not more than another of its kind.
fn is_at_most(lesser: Setting<'_>, greater: Setting<'_>) -> bool {
    match (lesser, greater) {
        (Setting::Integer(lesser), Setting::Integer(greater)) => lesser <= greater,
        (Setting::Duration(lesser), Setting::Duration(greater)) => lesser <= greater,
        _ => true,
    }
}
