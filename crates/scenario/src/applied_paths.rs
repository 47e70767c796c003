//! Files that the command line says to apply, where no Scenario has a timeline.
//!
//! They become the text of a timeline, so that what is wrong with them is shown as it is where a step
//! applies a file.

use std::sync::Arc;

use api::Deployment;
use engine::Span;

use crate::{
    Action, Code, Diagnostic, Scenario, Sources,
    diagnostic::Findings,
    objects::Objects,
    source::{At, Extent},
    yaml::{Node, read_values},
};

/// What that text is called where a diagnostic points into it.
pub(crate) const NAME: &str = "--apply";

/// A timeline that applies files.
#[derive(Clone, Debug)]
pub(crate) struct AppliedPaths {
    /// The list of its steps.
    pub(crate) steps: Arc<Node>,
    /// The files and folders, and where they are named.
    pub(crate) paths: Vec<(String, At)>,
}

impl AppliedPaths {
    /// All of them are applied at this time, in their order; `None` without any.
    pub(crate) fn new(
        paths: &[String],
        at: Span,
        sources: &mut Sources,
        findings: &mut Findings,
    ) -> Option<Self> {
        if paths.is_empty() {
            return None;
        }
        let mut text = String::new();
        let mut places = Vec::new();
        for path in paths {
            let command = format!("apply -f {}", quoted(path));
            let command = serde_json::to_string(&command).expect("a text is JSON");
            let start = text.len();
            text += &format!("- {{ at: {at}, kubectl: {command} }}\n");
            places.push((path.clone(), Extent::new(start, text.len() - 1)));
        }
        let file = sources.add(NAME.to_owned(), text.clone());
        let steps = read_values(&text, file, findings).pop()?;
        let paths = places.into_iter().map(|(path, extent)| (path, At { file, extent })).collect();
        Some(Self { steps, paths })
    }
}

/// Says so where files are applied and no pod that runs is replaced.
pub(crate) fn check(
    paths: &AppliedPaths,
    objects: &Objects,
    scenario: &Scenario,
    findings: &mut Findings,
) {
    let applied = scenario.timeline.iter().filter_map(|step| match &step.action {
        Action::ApplyDeployment { deployment, .. } => Some(&**deployment),
        _ => None,
    });
    let applied: Vec<&Deployment> = applied.collect();
    let running = |deployment: &&Deployment| objects.deployment(&deployment.meta.key());
    let rolls_out = |deployment: &&Deployment| {
        let before = running(deployment);
        before.is_some_and(|it| it.object.spec.template != deployment.spec.template)
    };
    let at = paths.paths.first().map(|(_, at)| *at);
    let (Some(at), false) = (at, objects.deployments.is_empty() || applied.iter().any(rolls_out))
    else {
        return;
    };
    // Whoever forgets the namespace makes another one of the same name.
    let elsewhere = applied.iter().filter(|it| running(it).is_none()).find_map(|deployment| {
        let mut all = objects.deployments.iter().map(|written| &written.object.meta);
        all.find(|meta| meta.name == deployment.meta.name).map(|meta| (meta, &deployment.meta))
    });
    let help = match elsewhere {
        Some((running, applied)) => format!(
            "`{}` runs in namespace `{}`, and one in `{}` is applied: write its namespace there",
            running.name, running.namespace, applied.namespace
        ),
        None => "apply Deployments that are there, with another template".to_owned(),
    };
    let message = "what is applied changes no Deployment's pods, so nothing is rolled out";
    findings.push(Diagnostic::new(Code::NoEffect, message, help).at(at, ""));
}

/// A path as one word of a command.
fn quoted(path: &str) -> String {
    match path.contains(|c: char| c.is_whitespace() || matches!(c, '"' | '\'')) {
        false => path.to_owned(),
        // Parts that stand side by side are one word.
        true => format!("'{}'", path.replace('\'', r#"'"'"'"#)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_path_is_one_word() {
        let cases = [
            ("next", "next"),
            ("the next one", "'the next one'"),
            ("it's", r#"'it'"'"'s'"#),
            (r#"a'"b".yaml"#, r#"'a'"'"'"b".yaml'"#),
        ];
        for (path, expected) in cases {
            assert_eq!(quoted(path), expected);
        }
    }
}
