//! `two_nodes`: two proxies, one a node, and a client beside each.

use crate::{
    recording,
    rehearsal::{Config, rehearse},
};

const SEEDS: u64 = 200;

/// The one of some times that is nearest to another.
fn nearest(times: &[f64], to: f64) -> f64 {
    let off = |time: &&f64| (**time - to).abs();
    *times.iter().min_by(|a, b| off(a).total_cmp(&off(b))).expect("there are some")
}

/// One event wakes both proxies, and their next syncs count from the end of that one: so they stay side by
/// side, and each loses about what the other does. With changes of an unrelated Service their phases are
/// random, so only the range of what is lost is compared.
#[test]
fn proxies_that_one_event_wakes_put_rules_in_force_side_by_side() {
    let Some(summary) = recording::json("two_nodes/summary.json") else { return };
    for path in recording::named("two_nodes", "two_") {
        let name = recording::name(&path);
        let header = &recording::lines(&path)[0]["header"];
        let config =
            Config { nodes: 2, random_phase: name.contains("churn"), ..Config::read(header, true) };
        let recorded = [&summary[&name]["node0"], &summary[&name]["node1"]];
        let commits = recorded.map(|node| {
            let commits = node["nft_commits_ms"].as_array().expect("a list").iter();
            let times: Vec<f64> =
                commits.map(|commit| commit[0].as_f64().expect("a time")).collect();
            times
        });
        let scenario = config.scenario();
        let (mut off, mut apart, mut failed) = (Vec::new(), Vec::new(), [Vec::new(), Vec::new()]);
        for seed in 0..SEEDS {
            let rehearsed = rehearse(&scenario, seed);
            let times: Vec<_> = rehearsed.programmed_ms.into_values().collect();
            for (times, commits) in times.iter().zip(&commits) {
                off.extend(times.iter().map(|time| (nearest(commits, *time) - time).abs()));
            }
            apart.extend(times[0].iter().map(|time| (nearest(&times[1], *time) - time).abs()));
            for (failed, client) in failed.iter_mut().zip(&rehearsed.measures.clients) {
                failed.push(client.traffic.counts.failed);
            }
        }
        for (node, failed) in recorded.iter().zip(&mut failed) {
            failed.sort_unstable();
            let (least, most) = (failed[0], failed[failed.len() - 1]);
            let lost = node["failed"].as_u64().expect("a number");
            println!("{name:26} lost {lost}, rehearsed {least} to {most}");
            assert!((least..=most).contains(&lost), "{name}");
        }
        if !config.random_phase {
            off.sort_by(f64::total_cmp);
            apart.sort_by(f64::total_cmp);
            let (off, apart) = (off[off.len() * 9 / 10], apart[apart.len() * 9 / 10]);
            println!("  nine of ten within {off:.0} ms of a recorded one, {apart:.0} ms apart");
            assert!(off < 50.0, "{name}: rules are in force when they were not");
            assert!(apart < 50.0, "{name}: they were 0 to 25 ms apart");
        }
    }
}
