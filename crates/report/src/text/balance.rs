//! What each pod carried, and how even that was.

use std::cmp::Reverse;

use metrics::{Measures, PodMeasures, ServiceBalance};

use super::{
    Style, heading,
    paint::{Paint, Tone},
    table::{Side, Table},
    wrap,
};
use crate::number::{count, many, share, tighter_latency};

/// From where on it is worth a word that pods were listed at different times.
const NOTABLE_TIMES_CV: f64 = 0.1;

/// So many pods are listed at most.
const LISTED: usize = 20;

/// One line per pod, in order of creation.
pub(super) fn pods(measures: &Measures, style: Style) -> String {
    if measures.pods.is_empty() {
        return String::new();
    }
    let mut table = Table::new([
        ("NAME", Side::Left),
        ("VERSION", Side::Left),
        ("NODE", Side::Left),
        ("REQUESTS", Side::Right),
        ("SHARE", Side::Right),
        ("FAILED", Side::Right),
        ("LISTED-FOR", Side::Right),
        ("P99", Side::Right),
    ]);
    let all: u64 = measures.pods.iter().map(|pod| pod.requests).sum();
    for pod in shown(&measures.pods) {
        table.row(row(pod, all));
    }
    let mut text = table.render(style);
    text.push_str(&cut_off(&measures.pods, style));
    text
}

/// All pods if they are few; otherwise those with failures come before those without, so that
/// none that matters is cut, and of those without the first and the last: who came with a burst is
/// as much of interest as who was there before.
fn shown(pods: &[PodMeasures]) -> Vec<&PodMeasures> {
    if pods.len() <= LISTED {
        return pods.iter().collect();
    }
    let from_an_end = |place: usize| place.min(pods.len() - 1 - place);
    let mut order: Vec<usize> = (0..pods.len()).collect();
    order.sort_by_key(|place| (Reverse(pods[*place].failed), from_an_end(*place)));
    order.truncate(LISTED);
    order.sort_unstable();
    order.into_iter().map(|place| &pods[place]).collect()
}

fn cut_off(pods: &[PodMeasures], style: Style) -> String {
    if pods.len() <= LISTED {
        return String::new();
    }
    let (cut, failed) =
        ((pods.len() - LISTED) as u64, shown(pods).iter().map(|it| it.failed).sum());
    let others = pods.iter().map(|pod| pod.failed).sum::<u64>().saturating_sub(failed);
    let line = format!("… and {} more, with {}", many(cut, "pod"), many(others, "failure"));
    format!("\n{}", Paint(style.ansi).of(Tone::Dim, &line))
}

fn row(pod: &PodMeasures, all: u64) -> [(String, Tone); 8] {
    let failed = if pod.failed > 0 { Tone::Bad } else { Tone::Plain };
    [
        (pod.name.to_string(), Tone::Plain),
        (pod.version.to_string(), Tone::Plain),
        (pod.node.as_deref().unwrap_or("<none>").to_owned(), Tone::Plain),
        (count(pod.requests), Tone::Plain),
        (share(pod.requests, all), Tone::Plain),
        (count(pod.failed), failed),
        (format!("{:.1}s", pod.ready.as_secs_f64()), Tone::Plain),
        (tighter_latency(pod.latency.quantile(0.99).map(|nanos| nanos as f64)), Tone::Plain),
    ]
}

/// How even the load was, beside what pure chance would give: of each group of pods that stand
/// behind the same Services.
pub(super) fn evenness(measures: &Measures, style: Style) -> String {
    // Of one pod, or without a request, there is nothing to compare.
    let is_compared =
        |group: &&ServiceBalance| group.balance.pods > 1 && group.balance.is_measured();
    let compared = measures.balances.iter().filter(is_compared);
    let several = compared.clone().count() > 1;
    compared.map(|group| of_group(group, several, style)).collect::<Vec<_>>().join("\n")
}

fn of_group(group: &ServiceBalance, named: bool, style: Style) -> String {
    let ServiceBalance { services, balance } = group;
    let pods = many(balance.pods as u64, "pod");
    let name = if named { format!("{}: ", services.join(" and ")) } else { String::new() };
    let share = match balance.max_over_share {
        share if share.is_nan() => String::new(),
        share => format!("; max/share {share:.2}"),
    };
    let measured = format!(
        "BALANCE   {name}max/mean {:.2}, cv {:.3}, Jain {:.4}, per second listed over {pods}{share}",
        balance.max_over_mean, balance.cv, balance.jain
    );
    let mut chance = format!(
        "pure chance would give max/mean {:.2}, cv {:.3}",
        balance.chance_max_over_mean, balance.chance_cv
    );
    if balance.times_cv > NOTABLE_TIMES_CV.max(0.5 * balance.chance_cv) {
        chance.push_str(
            ", because pods that were listed while few shared the load get more a second, whatever the \
             policy",
        );
    }
    if balance.chance_cv.is_nan() {
        chance.clear();
    }
    let measured = wrap::wrap(&measured, style.width, 10);
    let measured = measured.replacen("BALANCE", &heading("BALANCE", style), 1);
    format!("{measured}\n{}", wrap::indented(&chance, style.width, 10)).trim_end().to_owned()
}
