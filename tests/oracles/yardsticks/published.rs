//! What papers say: settings, and the shares of a Maglev table.

use std::collections::BTreeMap;

use policy::{Value, by_name};

use super::{
    cluster::{ANY, deployment, requests, scenario, station},
    effort::Effort,
    finding::{Estimate, Finding},
    row::Row,
};

/// Asks a row.
pub(crate) fn ask(row: Row<'_>, effort: Effort) -> Result<Vec<Finding>, &'static str> {
    match row.family() {
        "prequal_paper" if row.expected("probe_pool_size").is_number() => prequal(row),
        "maglev_paper" if row.input("M").is_number() => match effort {
            Effort::Everyday if row.count("N") > 100 => Err("only in the long runs"),
            _ => Ok(maglev(row, effort)),
        },
        "prequal_paper" => Err("recalled: what one service gained from it"),
        "maglev_paper" => Err("recalled: percentages of two other ways to fill a table"),
        _ => Err("recalled: what one database gained over its own way"),
    }
}

/// The settings that Prequal has where nobody says otherwise.
fn prequal(row: Row<'_>) -> Result<Vec<Finding>, &'static str> {
    let entry = by_name("prequal.hcl").ok_or("there is no Prequal")?;
    let default = |name: &str| {
        let parameter = entry.parameters.iter().find(|parameter| parameter.name == name);
        match parameter.expect("Prequal has it").kind.default() {
            Value::Integer(value) => value as f64,
            Value::Number(value) => value,
            Value::Duration(value) => value.as_secs_f64(),
            Value::Flag(_) | Value::Choice(_) => f64::NAN,
        }
    };
    let settings = [
        ("pool", "probe_pool_size"),
        ("r_probe", "r_probe_testbed_default"),
        ("r_remove", "r_remove_default"),
        ("max_age", "probe_max_age_s"),
        ("delta", "delta_default"),
    ];
    let mut findings: Vec<Finding> = settings
        .iter()
        .map(|(name, known)| Finding::exact(name, row.known(known), default(name)))
        .collect();
    // Printed with seven digits.
    let (known, hot) = (row.known("Q_RIF_default"), default("q_rif"));
    findings.push(Finding::exact("q_rif", known, (hot * 1e7).round() / 1e7));
    Ok(findings)
}

/// Keys over the slots of a Maglev table: pods have equal parts, but for one slot. A table that is
/// filled by chance has others: as many keys as slots fall on pods like that.
fn maglev(row: Row<'_>, effort: Effort) -> Vec<Finding> {
    let (slots, pods) = (row.count("M"), row.count("N"));
    let (high, low) = (row.known("maglev_max_over_mean"), row.known("maglev_min_over_mean"));
    let tables = effort.of(2, 6);
    let keys = effort.of(slots, 10_000_000_u64.max(slots));
    let counts: Vec<Vec<f64>> =
        (0..tables).map(|run| keys_of_pods(row, (slots, pods), keys, run)).collect();
    // Of two values around 1 the variance is the product of their distances.
    let known = (high - 1.0) * (1.0 - low);
    let spread = |counts: &Vec<f64>| {
        let mean = keys as f64 / pods as f64;
        let squares = counts.iter().map(|it| (it / mean - 1.0) * (it / mean - 1.0)).sum::<f64>();
        squares / pods as f64 - (pods as f64 - 1.0) / keys as f64
    };
    // Chance spreads keys further by (n-1)/m, and that itself by a root of 2/n.
    let drawn = (pods as f64 - 1.0) / keys as f64;
    let error = (drawn + known) * (2.0 / (pods as f64 * tables as f64)).sqrt();
    let measured = counts.iter().map(spread).sum::<f64>() / tables as f64;
    let measured = Estimate { mean: measured, error, freedom: f64::INFINITY };
    let fills = effort.of(4, 40);
    let fullest: Vec<f64> = (100..100 + fills)
        .map(|run| {
            let counts = keys_of_pods(row, (slots, pods), slots, run);
            counts.iter().copied().fold(0.0, f64::max) * pods as f64 / slots as f64
        })
        .collect();
    let by_chance = row.known("E_max_over_mean_random_fill_poisson");
    vec![
        Finding::computed("fullest over mean, filled by chance", by_chance, Estimate::of(&fullest)),
        Finding::near("variance of Maglev's shares", known, 0.0, measured),
    ]
}

/// How many keys each pod has.
fn keys_of_pods(row: Row<'_>, (slots, pods): (u64, u64), keys: u64, run: u64) -> Vec<f64> {
    let spec = format!(
        "  balancing: {{ envoy.maglev: {{ table_size: {slots} }} }}
  images: {{ server: {{ start: 0s, serviceTime: 0s, concurrency: 1000 }} }}
  clients:
    - {{ name: client, target: http://station/, keys: 1000000000, arrivals: constant({keys}/s) }}"
    );
    let objects = [deployment("server", "server", pods, ANY), station(80, "")];
    let scenario = scenario(1.0, pods, &spec, &objects);
    let mut counts = BTreeMap::new();
    requests(&scenario, row.seed(run), |_, request| {
        *counts.entry(request.pod).or_insert(0.0) += 1.0;
    });
    let mut counts: Vec<f64> = counts.into_values().collect();
    counts.resize(pods as usize, 0.0);
    counts
}
