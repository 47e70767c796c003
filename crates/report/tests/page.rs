//! The page: one file, well-formed, inert whatever the run's strings contain.

#[path = "example/mod.rs"]
mod example;
#[path = "example/report.rs"]
mod reports;

use std::collections::BTreeSet;

use metrics::Measures;
use rollsim_report::{Report, figures, html};

/// What a string of the run would need to break out, in every context that a page has.
const HOSTILE: &str = "</title></style></script><script>alert(1)</script>\"'><img src=x>&amp;]]>";

fn hostile(measures: &Measures) -> Report<'_> {
    let mut report = reports::report(measures);
    report.scenario = HOSTILE;
    report.description = HOSTILE;
    report.tool = HOSTILE;
    report.warnings = vec![HOSTILE.to_owned()];
    for verdict in &mut report.verdicts {
        verdict.text = HOSTILE.to_owned();
        verdict.words = HOSTILE.to_owned();
    }
    for advice in &mut report.advice {
        for field in [&mut advice.summary, &mut advice.field, &mut advice.edits[0].lines] {
            *field = HOSTILE.to_owned();
        }
        advice.outcome = HOSTILE.to_owned();
        advice.place = Some(HOSTILE.to_owned());
    }
    report
}

fn hostile_measures() -> Measures {
    let mut measures = example::long_names();
    for pod in &mut measures.pods {
        pod.name = HOSTILE.into();
        pod.node = Some(HOSTILE.into());
    }
    measures.clients[0].name = HOSTILE.into();
    measures.rollouts[0].deployment = HOSTILE.into();
    measures.explanations[0].text = HOSTILE.to_owned();
    measures.warnings.push(HOSTILE.to_owned());
    measures
}

#[test]
fn strings_of_the_run_are_inert() {
    let measures = hostile_measures();
    let page = html(&hostile(&measures));
    assert_eq!(page.matches("<script").count(), 1, "only the data");
    assert_eq!(page.matches("</script").count(), 1);
    assert_eq!(page.matches("<style").count(), 1);
    assert!(!page.contains("<img"));
    check_balance(&page);
    for figure in figures(&hostile(&measures)) {
        assert!(!figure.svg.contains("<script") && !figure.svg.contains("<img"));
        check_balance(&figure.svg);
    }
}

#[test]
fn the_data_is_the_json() {
    let measures = hostile_measures();
    let page = html(&hostile(&measures));
    let (_, rest) = page.split_once("id=\"data\">").expect("the page carries its data");
    let (data, _) = rest.split_once("</script>").expect("the element ends");
    let data: serde_json::Value = serde_json::from_str(data).expect("it is JSON");
    assert_eq!(data["scenario"], HOSTILE);
    assert_eq!(data["requests"]["total"], measures.requests.total());
}

#[test]
fn the_page_needs_nothing_from_outside() {
    for measures in [example::rolling_update(), example::many_pods(), example::nothing()] {
        let page = html(&reports::report(&measures));
        for reference in ["http://", "https://", "src=", "href=", "@import", "url(//"] {
            assert!(!page.contains(reference), "{reference}");
        }
        check_balance(&page);
    }
}

#[test]
fn ids_are_unique_and_references_resolve() {
    let page = html(&reports::report(&example::rolling_update()));
    let values = |attribute: &str| -> Vec<String> {
        let start = format!(" {attribute}=\"");
        page.split(&start).skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.into())).collect()
    };
    let ids = values("id");
    let unique: BTreeSet<&String> = ids.iter().collect();
    assert_eq!(ids.len(), unique.len(), "{ids:?}");
    for reference in values("aria-labelledby").iter().flat_map(|it| it.split(' ')) {
        assert!(unique.contains(&reference.to_owned()), "{reference}");
    }
    for reference in page.split("url(#").skip(1).filter_map(|rest| rest.split_once(')')) {
        assert!(unique.contains(&reference.0.to_owned()), "{}", reference.0);
    }
}

#[test]
fn every_colour_of_a_figure_follows_the_page() {
    let page = html(&reports::report(&example::rolling_update()));
    let (_, body) = page.split_once("<body>").expect("the page has a body");
    for attribute in ["fill=\"#", "stroke=\"#"] {
        assert!(!body.contains(attribute), "{attribute}");
    }
    assert!(body.contains("fill=\"var(--bad)\""));
}

/// Every element that is opened is closed, in order, but for those that HTML never closes.
fn check_balance(document: &str) {
    const VOID: [&str; 2] = ["meta", "!DOCTYPE"];
    let mut open: Vec<&str> = Vec::new();
    let mut rest = document;
    while let Some((_, tag)) = rest.split_once('<') {
        let (tag, after) = tag.split_once('>').expect("a tag ends");
        rest = after;
        let name = tag.trim_start_matches('/').split([' ', '\n', '/']).next().unwrap_or_default();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "…{}", &after[..after.len().min(80)]);
        } else if !tag.ends_with('/') && !VOID.contains(&name) {
            open.push(name);
        }
        if name == "style" && !tag.starts_with('/') {
            rest = rest.split_once("</style").map_or("", |(css, _)| &rest[css.len()..]);
        }
    }
    assert_eq!(open, Vec::<&str>::new());
}
