//! A pick of a load-balancing policy, through the trait and beside it.
//!
//! Each policy is picked from as a balancer does it, through `Box<dyn Policy>`, and next to that in
//! the same run a function is called that is its algorithm and nothing else: what the trait costs is
//! the ratio between them.
//! Building Maglev's table stands alone.

mod direct;

use std::{hint::black_box, net::Ipv4Addr, time::Duration};

use criterion::{Bencher, Criterion, criterion_group, criterion_main};
use direct::Direct;
use engine::{Streams, Time};
use policy::{Configured, Endpoint, Flow, PickContext, Policy, Value};

/// So many endpoints there are.
const ENDPOINTS: [u32; 2] = [10, 100];

/// So many different requests come again and again.
const REQUESTS: usize = 1024;

/// There are many benches; none of them takes long to settle.
const SHORT: Duration = Duration::from_millis(300);

/// What a request is told apart by.
struct Request {
    key: String,
    flow: Flow,
}

fn requests() -> Vec<Request> {
    let request = |number: u32| {
        let mut flow = Flow::UNKNOWN;
        flow.source.set_ip(Ipv4Addr::from(0x0a00_0000 | number.wrapping_mul(0x9e_3779)));
        flow.source.set_port(1024 + number as u16);
        flow.destination.set_ip(Ipv4Addr::new(10, 96, 0, 1));
        flow.destination.set_port(80);
        Request { key: format!("/users/{number}/profile"), flow }
    };
    (0..REQUESTS as u32).map(request).collect()
}

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
    row("nginx.hash_consistent", direct::crc32_ring),
    row("nginx.ip_hash", direct::nginx_ip_hash),
    row("traefik.hrw", direct::traefik_hrw),
];

fn endpoints(count: u32, heaviest: u32) -> Vec<Endpoint> {
    Endpoint::numbered(&(0..count).map(|place| 1 + place % heaviest).collect::<Vec<_>>())
}

fn picks(criterion: &mut Criterion) {
    let requests = requests();
    for row in ROWS {
        for count in ENDPOINTS {
            let mut group = criterion.benchmark_group(format!("{}/{count}", row.name));
            group.sample_size(20).warm_up_time(SHORT).measurement_time(SHORT);
            let endpoints = endpoints(count, row.heaviest);
            let mut policy = row.policy(&endpoints);
            group.bench_function("trait", |bencher| {
                through_the_trait(bencher, &mut policy, &requests);
            });
            group.bench_function("direct", |bencher| (row.direct)(bencher, &endpoints, &requests));
            group.finish();
        }
    }
}

fn through_the_trait(
    bencher: &mut Bencher<'_>,
    policy: &mut Box<dyn Policy>,
    requests: &[Request],
) {
    let streams = Streams::new(1).requests("policies");
    let destination = requests[0].flow.destination;
    let mut number = 0;
    bencher.iter(|| {
        let request = &requests[number % REQUESTS];
        let mut random = streams.request(number as u64);
        number += 1;
        let mut context = PickContext::new(Time::ZERO, &mut random);
        // All ask for one address. To copy both ends at once would cost more than some picks: a
        // field is read late that was written as a part of something wider.
        context.flow = Flow { source: request.flow.source, destination };
        context.key = request.key.as_bytes();
        black_box(policy.pick(&mut context).unwrap_or(usize::MAX))
    });
}

/// Those that build Maglev's table.
const TABLES: [&str; 5] =
    ["cilium.maglev", "envoy.maglev", "gcp.maglev", "ipvs.mh", "katran.maglev"];

fn rebuild(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("rebuild/1000");
    group.sample_size(10);
    let endpoints = endpoints(1000, 1);
    for name in TABLES {
        let mut policy = Configured::by_name(name).expect("it is listed").build(1);
        group.bench_function(name, |bencher| {
            bencher.iter(|| policy.update(black_box(&endpoints), Time::ZERO));
        });
    }
    group.finish();
}

criterion_group!(benches, picks, rebuild);
criterion_main!(benches);
