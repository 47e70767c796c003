//! Kubernetes' own unit tests against this model: `cargo test --test conformance`.
//!
//! A vector file holds inputs of functions of Kubernetes and what they gave. Every case runs the
//! model's function of the same name. A case that cannot be read is a failure, like one that
//! disagrees; a case that has no counterpart here is listed in [`not_applicable`] with the reason.
//!
//! The vectors are looked for in the folder that `ROLLSIM_CONFORMANCE` names, else beside the
//! repository; where there are none, the test says so and passes. A row of the list that matches no
//! case is a failure too, except in a folder that was named: it may hold other cases.

mod allocators;
mod case;
mod coredns_kubernetes;
mod deployment_rolling;
mod deployment_util;
mod endpointslice_utils;
mod fields;
mod human_duration;
mod intstr;
mod kubectl_expose;
mod kubectl_helpers;
mod kubelet_dns;
mod kubelet_envvars;
mod kubelet_status;
mod lb_choices;
mod lb_envoy_hash;
mod lb_hash;
mod lb_hash_proxies;
mod lb_hash_tables;
mod lb_ingress;
mod lb_kubeproxy;
mod lb_layers;
mod lb_load_aware;
mod lb_scores;
mod lb_wrr;
mod lb_wrr_haproxy;
mod lb_wrr_ipvs;
mod moment;
mod not_applicable;
mod objects;
mod pdb;
mod pod_ranking;
mod pods;
mod printers;
mod proxy_bounded_frequency_runner;
mod proxy_categorize_endpoints;
mod proxy_conntrack;
mod proxy_endpoints_tracker;
mod proxy_flows;
mod proxy_ipvs_graceful;
mod proxy_objects;
mod replicaset;
mod report;
mod service_defaults;
mod service_validation;
mod topology_hints;

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use case::{Case, Check};
use not_applicable::NotApplicable;
use report::{Row, Verdict};

/// The variable that names the folder with the vectors.
const FOLDER: &str = "ROLLSIM_CONFORMANCE";

/// The vector files and what checks a case of each.
const FILES: &[(&str, Check)] = &[
    ("deployment_rolling", deployment_rolling::check),
    ("deployment_util", deployment_util::check),
    ("intstr", intstr::check),
    ("pod_ranking", pod_ranking::check),
    ("pdb", pdb::check),
    ("replicaset", replicaset::check),
    ("endpointslice_utils", endpointslice_utils::check),
    ("proxy_categorize_endpoints", proxy_categorize_endpoints::check),
    ("proxy_endpoints_tracker", proxy_endpoints_tracker::check),
    ("proxy_iptables_flows", proxy_flows::check_iptables),
    ("proxy_nftables_flows", proxy_flows::check_nftables),
    ("proxy_conntrack", proxy_conntrack::check),
    ("proxy_ipvs_graceful", proxy_ipvs_graceful::check),
    ("topology_hints", topology_hints::check),
    ("service_validation", service_validation::check),
    ("service_defaults", service_defaults::check),
    ("allocators", allocators::check),
    ("kubelet_envvars", kubelet_envvars::check),
    ("kubelet_dns", kubelet_dns::check),
    ("kubelet_status", kubelet_status::check),
    ("coredns_kubernetes", coredns_kubernetes::check),
    ("lb_kubeproxy", lb_kubeproxy::check),
    ("lb_ingress", lb_ingress::check),
    ("lb_envoy_hash", lb_envoy_hash::check),
    ("lb_hash", lb_hash::check),
    ("lb_load_aware", lb_load_aware::check),
    ("lb_wrr", lb_wrr::check),
    ("kubectl_expose", kubectl_expose::check),
    ("kubectl_helpers", kubectl_helpers::check),
    ("human_duration", human_duration::check),
    ("printers_service", printers::check),
    ("printers_workload", printers::check),
    ("proxy_bounded_frequency_runner", proxy_bounded_frequency_runner::check),
];

#[test]
fn kubernetes_agrees() {
    let folder = vectors_folder();
    if !folder.is_dir() {
        say(&format!("no conformance vectors in {}: nothing checked", folder.display()));
        return;
    }
    let mut not_applicable = NotApplicable::new();
    let rows: Vec<Row> =
        FILES.iter().map(|(name, check)| run(&folder, name, *check, &mut not_applicable)).collect();
    let mut failures: Vec<String> = rows.iter().flat_map(Row::failures).collect();
    say(&report::table(&rows));
    if std::env::var_os(FOLDER).is_none() {
        failures.extend(not_applicable.unmatched());
    } else {
        not_applicable.unmatched().for_each(|row| say(&row));
    }
    failures.iter().for_each(|failure| println!("{failure}\n"));
    assert!(failures.is_empty(), "{} failures, listed above", failures.len());
}

/// Writes to stdout past the test harness, which hides what a passing test prints.
fn say(text: &str) {
    writeln!(std::io::stdout(), "{text}").expect("stdout takes text");
}

/// Runs the cases of one file. A file that is not there, or holds no case, is a failure.
fn run(folder: &Path, name: &'static str, check: Check, listed: &mut NotApplicable) -> Row {
    let path = folder.join(format!("{name}.json"));
    let mut row = Row::new(name);
    match case::read_file(&path) {
        Err(problem) => row.add(name.to_owned(), Verdict::Failed(problem)),
        Ok(cases) => {
            for case in &cases {
                row.add(case.id(name), judge(name, case, check, listed));
            }
        }
    }
    row
}

fn judge(file: &str, case: &Case, check: Check, listed: &mut NotApplicable) -> Verdict {
    if listed.covers(file, case) {
        return Verdict::NotApplicable;
    }
    // A check that trips over an assertion of the model failed, and the others still run.
    match std::panic::catch_unwind(|| check(case)) {
        Ok(Ok(())) => Verdict::Passed,
        Ok(Err(problem)) => Verdict::Failed(problem),
        Err(_) => Verdict::Failed("the model panicked".to_owned()),
    }
}

fn vectors_folder() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = match std::env::var_os(FOLDER) {
        // Relative to the repository: cargo runs tests in the package's folder.
        Some(named) => root.join(named),
        None => root.join("../shared/conformance"),
    };
    // The folder itself, or the one above it that has the recordings too.
    if folder.join("vectors").is_dir() { folder.join("vectors") } else { folder }
}
