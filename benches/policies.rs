//! A pick of a load-balancing policy, through the trait and beside it.
//!
//! Each policy is picked from as a balancer does it, through `Box<dyn Policy>`; in turn with that, a
//! function is called that is its algorithm and nothing else, and nobody is picked at all: a request
//! and its random stream take their time, too. What is left without that is *net*. What the trait
//! costs is the ratio between the two. Building Maglev's table stands alone.
//!
//! A word after `--` leaves out all whose names it is not in.

#![expect(clippy::print_stdout, reason = "the table is what it is for")]

mod direct;
mod round;

use std::hint::black_box;

use direct::Direct;
use engine::Time;
use policy::{Configured, Endpoint, PickContext, Policy, Value};
use round::{Requests, Round, empty, fastest, nanos, requests, round};

/// So many endpoints there are.
const ENDPOINTS: [u32; 2] = [10, 100];

/// A policy, what is set about it, weights of its endpoints, and its algorithm.
struct Row {
    name: &'static str,
    settings: &'static [(&'static str, Value<'static>)],
    /// Endpoints weigh 1 to this, in turn.
    heaviest: u32,
    direct: Direct,
}

const fn row(name: &'static str, direct: Direct) -> Row {
    Row { name, settings: &[], heaviest: 1, direct }
}

impl Row {
    fn policy(&self, endpoints: &[Endpoint]) -> Box<dyn Policy> {
        let mut configured = Configured::by_name(self.name).expect("it is listed");
        for (name, value) in self.settings {
            configured.set(name, *value).expect("it can be set");
        }
        let mut policy = configured.build(1);
        policy.update(endpoints, Time::ZERO);
        policy
    }
}

const CONSISTENT: &[(&str, Value<'_>)] = &[("hash-type", Value::Choice("consistent"))];

const ROWS: &[Row] = &[
    row("kube-proxy.random", direct::random),
    row("envoy.round_robin", direct::round_robin),
    row("envoy.least_request", direct::least_request),
    row("tower.p2c", direct::two_distinct),
    row("ipvs.rr", direct::ipvs_rr),
    row("ipvs.lc", direct::ipvs_lc),
    Row { heaviest: 5, ..row("traefik.wrr", direct::deadlines) },
    Row { heaviest: 5, ..row("nginx.round_robin", direct::smooth) },
    row("aws.nlb", direct::nlb),
    row("azure.flow_hash", direct::flow_hash),
    row("bounded_load.ring", direct::bounded_load),
    row("cilium.maglev", direct::cilium_maglev),
    row("envoy.maglev", direct::envoy_maglev),
    row("envoy.ring_hash", direct::envoy_ring_hash),
    row("gcp.maglev", direct::gcp_maglev),
    row("grpc.ring_hash", direct::envoy_ring_hash),
    row("haproxy.source", direct::haproxy_source),
    Row { settings: CONSISTENT, ..row("haproxy.uri", direct::haproxy_uri) },
    row("ingress-nginx.chash", direct::crc32_ring),
    row("ipvs.dh", direct::ipvs_dh),
    row("ipvs.mh", direct::ipvs_mh),
    row("ipvs.sh", direct::ipvs_sh),
    row("katran.maglev", direct::katran_maglev),
    row("ketama.continuum", direct::ketama),
    row("metallb.bgp", direct::flow_hash),
    row("nginx.hash", direct::nginx_hash),
    row("nginx.hash_consistent", direct::nginx_hash_consistent),
    row("nginx.ip_hash", direct::nginx_ip_hash),
    row("traefik.hrw", direct::traefik_hrw),
];

fn endpoints(count: u32, heaviest: u32) -> Vec<Endpoint> {
    Endpoint::numbered(&(0..count).map(|place| 1 + place % heaviest).collect::<Vec<_>>())
}

fn through_the_trait(mut policy: Box<dyn Policy>, requests: Requests) -> Round {
    round(requests, move |request, random| {
        let mut context = PickContext::new(Time::ZERO, random);
        request.tell_pick(&mut context);
        policy.pick(&mut context)
    })
}

fn picks(wanted: impl Fn(&str) -> bool) {
    let requests = requests();
    println!("| policy | endpoints | nobody | trait | direct | net trait | net direct | ratio |");
    println!("|---|---:|---:|---:|---:|---:|---:|---:|");
    for row in ROWS.iter().filter(|row| wanted(row.name)) {
        for count in ENDPOINTS {
            let endpoints = endpoints(count, row.heaviest);
            let [nobody, through, direct] = fastest([
                empty(requests),
                through_the_trait(row.policy(&endpoints), requests),
                (row.direct)(&endpoints, requests),
            ]);
            let (net, of) = (through - nobody, direct - nobody);
            let ratio = through / direct;
            print!("| {} | {count} | {nobody:.1} | {through:.1} | {direct:.1} ", row.name);
            println!("| {net:.1} | {of:.1} | {ratio:.2} |");
        }
    }
}

/// Those that build Maglev's table.
const TABLES: [&str; 5] =
    ["cilium.maglev", "envoy.maglev", "gcp.maglev", "ipvs.mh", "katran.maglev"];

fn rebuild(wanted: impl Fn(&str) -> bool) {
    let endpoints = endpoints(1000, 1);
    println!("| table of 1,000 endpoints | ms |\n|---|---:|");
    for name in TABLES.into_iter().filter(|name| wanted(name)) {
        // Each time another configuration: instances of one share a table that is built already.
        let fill = || {
            let mut policy = Configured::by_name(name).expect("it is listed").build(1);
            nanos(|| policy.update(black_box(&endpoints), Time::ZERO))
        };
        let fastest = (0..10).map(|_| fill()).fold(f64::INFINITY, f64::min);
        println!("| {name} | {:.1} |", fastest / 1e6);
    }
}

fn main() {
    let word = std::env::args().skip(1).find(|word| !word.starts_with('-')).unwrap_or_default();
    let wanted = |name: &str| name.contains(&word);
    picks(wanted);
    println!();
    rebuild(wanted);
}
