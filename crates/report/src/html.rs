//! One offline page: the verdict, the numbers against their thresholds, why and what to change,
//! the figures, the tables, and how to get the same result again.
//!
//! The page refers to nothing outside itself and runs no script. All numbers are in it once more
//! as JSON, for programs. Every string of the run is escaped, whatever it contains.

mod markup;
mod outlook;
mod summary;
mod tables;

use crate::{
    figure::{Figure, figures, theme},
    json,
    report::Report,
    verdict,
};
use markup::escaped;

const STYLE: &str = include_str!("html/style.css");

/// `report` as one page, complete.
#[must_use]
pub fn html(report: &Report<'_>) -> String {
    let title = format!(
        "{} {}: {}",
        verdict::outcome(report).word(),
        report.scenario,
        verdict::sentence(report)
    );
    let sections = [
        summary::header(report),
        summary::thresholds(report),
        outlook::why(report),
        figures_section(report),
        tables::section(report),
        outlook::warnings(report),
        outlook::reproduce(report),
    ]
    .concat();
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"generator\" content=\"{}\">\n<title>{}</title>\n\
         <style>\n{}{STYLE}</style>\n</head>\n<body>\n<main>\n{sections}</main>\n\
         <script type=\"application/json\" id=\"data\">{}</script>\n</body>\n</html>\n",
        escaped(report.tool),
        escaped(&title),
        variables(),
        markup::inert(&json::compact(report)),
    )
}

/// The tones as CSS variables, light first, dark where the reader prefers it.
fn variables() -> String {
    let list = |value: fn(&theme::Tone) -> &'static str| -> String {
        theme::all().map(|tone| format!("--{}:{};", tone.name, value(tone))).collect()
    };
    let (light, dark) = (list(|tone| tone.light), list(|tone| tone.dark));
    format!(
        ":root{{{light}}}\n\
         @media (prefers-color-scheme:dark){{:root{{{dark}}}}}\n\
         @media print{{:root{{{light}}}}}\n"
    )
}

fn figures_section(report: &Report<'_>) -> String {
    let drawn: String = figures(report).iter().map(figure).collect();
    format!(
        "<section aria-labelledby=\"figures\">\n<h2 id=\"figures\">Figures</h2>\n{drawn}</section>\n"
    )
}

fn figure(figure: &Figure) -> String {
    let (title, note) = (escaped(&figure.title), escaped(&figure.note));
    // What scrolls must be reachable by keyboard, hence the tabindex.
    format!(
        "<figure>\n<figcaption><h3>{title}</h3>\n<p class=\"facts\">{note}</p></figcaption>\n\
         <div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Figure: {}\">\n\
         {}</div>\n</figure>\n",
        figure.name,
        figure.inline()
    )
}
