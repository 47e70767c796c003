//! The algorithms of the policies, written out: what a program does that has one of them and no
//! trait.

use std::hint::black_box;

use criterion::Bencher;
use engine::{Random, RequestStream, Streams};
use policy::{
    Endpoint, Flow,
    block::{
        Circular, Edf, Ring, Ties,
        flow_hash::{Tuple, flow_hash as hash_of_flow, packet_words},
        jenkins::{jhash_2words, jhash_3words},
    },
    ketama::continuum,
    traefik::hrw::TraefikHrw,
};
use siphasher::sip::SipHasher13;
use twox_hash::XxHash64;

use crate::{REQUESTS, Request};

/// Measures an algorithm for endpoints, request by request.
pub(crate) type Direct = fn(&mut Bencher<'_>, &[Endpoint], &[Request]);

/// What is known of a request when it comes.
struct Known<'a> {
    flow: Flow,
    key: &'a [u8],
}

fn run<T: Into<Option<usize>>>(
    bencher: &mut Bencher<'_>,
    requests: &[Request],
    mut pick: impl FnMut(&Known<'_>, &mut RequestStream) -> T,
) {
    let streams = Streams::new(1).requests("policies");
    let destination = requests[0].flow.destination;
    let mut number = 0;
    bencher.iter(|| {
        let request = &requests[number % REQUESTS];
        let mut random = streams.request(number as u64);
        number += 1;
        let flow = Flow { source: request.flow.source, destination };
        let known = Known { flow, key: request.key.as_bytes() };
        black_box(call(&mut pick, &known, &mut random).unwrap_or(usize::MAX))
    });
}

/// A function that is called, as a pick is: not a part of the loop, with its state in memory.
#[inline(never)]
fn call<T: Into<Option<usize>>>(
    pick: &mut impl FnMut(&Known<'_>, &mut RequestStream) -> T,
    request: &Known<'_>,
    random: &mut RequestStream,
) -> Option<usize> {
    pick(request, random).into()
}

pub(crate) fn random(bencher: &mut Bencher<'_>, endpoints: &[Endpoint], requests: &[Request]) {
    let count = black_box(endpoints.len() as u32);
    run(bencher, requests, |_, random| random.below(count) as usize);
}

pub(crate) fn round_robin(bencher: &mut Bencher<'_>, endpoints: &[Endpoint], requests: &[Request]) {
    let places: Vec<usize> = (0..endpoints.len()).collect();
    let mut index = 0_u64;
    run(bencher, requests, |_, _| {
        let place = places[(index % places.len() as u64) as usize];
        index += 1;
        place
    });
}

pub(crate) fn least_request(
    bencher: &mut Bencher<'_>,
    endpoints: &[Endpoint],
    requests: &[Request],
) {
    let mut active = vec![0_u32; endpoints.len()];
    run(bencher, requests, |_, random| {
        let count = active.len() as u64;
        let [first, second] = [(); 2].map(|()| (random.next_u64() % count) as usize);
        let place = if active[second] < active[first] { second } else { first };
        active[place] += 1;
        place
    });
}

pub(crate) fn ipvs_rr(bencher: &mut Bencher<'_>, endpoints: &[Endpoint], requests: &[Request]) {
    let weights: Vec<u32> = endpoints.iter().map(|endpoint| endpoint.weight).collect();
    let mut last = 0;
    run(bencher, requests, |_, _| {
        for _ in 0..weights.len() {
            last = if last + 1 < weights.len() { last + 1 } else { 0 };
            if weights[last] > 0 {
                break;
            }
        }
        last
    });
}

pub(crate) fn ipvs_lc(bencher: &mut Bencher<'_>, endpoints: &[Endpoint], requests: &[Request]) {
    #[derive(Clone)]
    struct Destination {
        weight: u32,
        active: u32,
        inactive: u32,
    }
    let destination = |it: &Endpoint| Destination { weight: it.weight, active: 0, inactive: 0 };
    let mut all: Vec<Destination> = endpoints.iter().map(destination).collect();
    run(bencher, requests, |_, _| {
        let open = all.iter_mut().enumerate().filter(|(_, it)| it.weight > 0);
        let least = open.min_by_key(|(_, it)| (u64::from(it.active) << 8) + u64::from(it.inactive));
        least.map(|(place, it)| {
            it.inactive += 1;
            place
        })
    });
}

pub(crate) fn deadlines(bencher: &mut Bencher<'_>, endpoints: &[Endpoint], requests: &[Request]) {
    let weights: Vec<f64> = endpoints.iter().map(|it| f64::from(it.weight)).collect();
    let mut turns = Edf::new(Ties::Heap);
    weights.iter().enumerate().for_each(|(place, weight)| turns.add(place, *weight));
    run(bencher, requests, |_, _| turns.pick(|place| weights[place]));
}

pub(crate) fn smooth(bencher: &mut Bencher<'_>, endpoints: &[Endpoint], requests: &[Request]) {
    struct Server {
        weight: i64,
        effective: i64,
        current: i64,
        fails: u32,
    }
    let server = |it: &Endpoint| {
        let weight = i64::from(it.weight);
        Server { weight, effective: weight, current: 0, fails: 0 }
    };
    let mut servers: Vec<Server> = endpoints.iter().map(server).collect();
    run(bencher, requests, |_, _| {
        let (mut sum, mut best) = (0, 0);
        let mut most = i64::MIN;
        for (place, server) in servers.iter_mut().enumerate() {
            if server.fails > 0 || server.weight == 0 {
                continue;
            }
            server.current += server.effective;
            sum += server.effective;
            if server.effective < server.weight {
                server.effective += 1;
            }
            if server.current > most {
                (most, best) = (server.current, place);
            }
        }
        servers[best].current -= sum;
        best
    });
}

/// A hash modulo the endpoints.
fn remainder(
    bencher: &mut Bencher<'_>,
    endpoints: &[Endpoint],
    requests: &[Request],
    mut hash: impl FnMut(&Known<'_>, &mut RequestStream) -> u64,
) {
    let places: Vec<usize> = (0..endpoints.len()).collect();
    run(bencher, requests, |request, random| {
        places[(hash(request, random) % places.len() as u64) as usize]
    });
}

/// A table of so many slots, which endpoints have in turn.
fn table(
    bencher: &mut Bencher<'_>,
    (endpoints, size): (&[Endpoint], u64),
    requests: &[Request],
    hash: impl Fn(&Known<'_>) -> u64,
) {
    let slots: Vec<u32> = (0..endpoints.len() as u32).cycle().take(size as usize).collect();
    run(bencher, requests, |request, _| slots[(hash(request) % size) as usize] as usize);
}

/// A ring of so many random points.
fn ring<H: Circular>(
    bencher: &mut Bencher<'_>,
    (endpoints, points): (&[Endpoint], usize),
    requests: &[Request],
    (point, hash): (fn(u64) -> H, impl Fn(&Known<'_>) -> H),
) {
    let mut random = Streams::new(1).named("ring");
    let points = (0..points).map(|number| (point(random.next_u64()), number % endpoints.len()));
    let ring = Ring::new(points.collect());
    run(bencher, requests, |request, _| ring.find(hash(request)));
}

fn xx(request: &Known<'_>) -> u64 {
    XxHash64::oneshot(0, request.key)
}

fn high(number: u64) -> u32 {
    (number >> 32) as u32
}

pub(crate) fn nlb(bencher: &mut Bencher<'_>, endpoints: &[Endpoint], requests: &[Request]) {
    remainder(bencher, endpoints, requests, |request, random| {
        hash_of_flow(&request.flow, Tuple::Five, high(random.next_u64())).into()
    });
}

pub(crate) fn flow_hash(bencher: &mut Bencher<'_>, endpoints: &[Endpoint], requests: &[Request]) {
    let hash = |request: &Known<'_>, _: &mut RequestStream| {
        u64::from(hash_of_flow(&request.flow, Tuple::Five, 0))
    };
    remainder(bencher, endpoints, requests, hash);
}

pub(crate) fn bounded_load(
    bencher: &mut Bencher<'_>,
    endpoints: &[Endpoint],
    requests: &[Request],
) {
    let mut random = Streams::new(1).named("ring");
    let point = |number| (random.next_u64(), number % endpoints.len());
    let ring = Ring::new((0..100 * endpoints.len()).map(point).collect());
    let (mut counts, mut all) = (vec![0_u32; endpoints.len()], 0_u32);
    run(bencher, requests, |request, _| {
        let most = (1.25 * f64::from(all + 1) / counts.len() as f64).ceil() as u32;
        let place = ring.walk(xx(request)).find(|place| counts[*place] < most)?;
        (counts[place], all) = (counts[place] + 1, all + 1);
        Some(place)
    });
}

pub(crate) fn cilium_maglev(
    bencher: &mut Bencher<'_>,
    endpoints: &[Endpoint],
    requests: &[Request],
) {
    table(bencher, (endpoints, 16_381), requests, |request| {
        let [source, ports] = packet_words(&request.flow);
        jhash_3words(source, ports, 6, 0x71dc_da46).into()
    });
}

pub(crate) fn envoy_maglev(
    bencher: &mut Bencher<'_>,
    endpoints: &[Endpoint],
    requests: &[Request],
) {
    table(bencher, (endpoints, 65_537), requests, xx);
}

pub(crate) fn envoy_ring_hash(
    bencher: &mut Bencher<'_>,
    endpoints: &[Endpoint],
    requests: &[Request],
) {
    ring(
        bencher,
        (endpoints, 1024_usize.next_multiple_of(endpoints.len())),
        requests,
        (|number| number, xx),
    );
}

pub(crate) fn gcp_maglev(bencher: &mut Bencher<'_>, endpoints: &[Endpoint], requests: &[Request]) {
    let hash = |request: &Known<'_>| u64::from(hash_of_flow(&request.flow, Tuple::Five, 0));
    table(bencher, (endpoints, 65_537), requests, hash);
}

pub(crate) fn haproxy_source(
    bencher: &mut Bencher<'_>,
    endpoints: &[Endpoint],
    requests: &[Request],
) {
    let hash =
        |request: &Known<'_>, _: &mut RequestStream| u64::from(request.flow.source.ip().to_bits());
    remainder(bencher, endpoints, requests, hash);
}

pub(crate) fn haproxy_uri(bencher: &mut Bencher<'_>, endpoints: &[Endpoint], requests: &[Request]) {
    let mut random = Streams::new(1).named("ring");
    let point = |number| (high(random.next_u64()), number % endpoints.len());
    let ring = Ring::new((0..16 * endpoints.len()).map(point).collect());
    run(bencher, requests, |request, _| {
        let path = request.key.iter().take_while(|byte| **byte != b'?');
        let sdbm =
            path.fold(0_u32, |hash, byte| hash.wrapping_mul(65_599).wrapping_add((*byte).into()));
        let hash = sdbm.wrapping_mul(3_221_225_473);
        let next = ring.first_from(hash)?;
        let before = next.checked_sub(1).unwrap_or(ring.len() - 1);
        let (back, ahead) =
            (hash.wrapping_sub(ring.hash(before)), ring.hash(next).wrapping_sub(hash));
        Some(ring.place(if back <= ahead { before } else { next }))
    });
}

pub(crate) fn crc32_ring(bencher: &mut Bencher<'_>, endpoints: &[Endpoint], requests: &[Request]) {
    let hash = |request: &Known<'_>| crc32fast::hash(request.key);
    ring(bencher, (endpoints, 160 * endpoints.len()), requests, (high, hash));
}

pub(crate) fn ipvs_dh(bencher: &mut Bencher<'_>, endpoints: &[Endpoint], requests: &[Request]) {
    let hash = |request: &Known<'_>| {
        u64::from(request.flow.destination.ip().to_bits().wrapping_mul(0x61c8_8647) >> 24)
    };
    table(bencher, (endpoints, 256), requests, hash);
}

pub(crate) fn ipvs_sh(bencher: &mut Bencher<'_>, endpoints: &[Endpoint], requests: &[Request]) {
    let hash = |request: &Known<'_>| {
        u64::from(request.flow.source.ip().to_bits().wrapping_mul(0x61c8_8647) >> 24)
    };
    table(bencher, (endpoints, 256), requests, hash);
}

pub(crate) fn ipvs_mh(bencher: &mut Bencher<'_>, endpoints: &[Endpoint], requests: &[Request]) {
    const KEY: u64 = 2_654_435_761;
    table(bencher, (endpoints, 4093), requests, |request| {
        let source = request.flow.source.ip().to_bits().to_le_bytes();
        SipHasher13::new_with_keys(KEY, KEY).hash(&source) & u64::from(u32::MAX)
    });
}

pub(crate) fn katran_maglev(
    bencher: &mut Bencher<'_>,
    endpoints: &[Endpoint],
    requests: &[Request],
) {
    table(bencher, (endpoints, 65_537), requests, |request| {
        let [source, ports] = packet_words(&request.flow);
        jhash_2words(source, ports, 65_537).into()
    });
}

pub(crate) fn ketama(bencher: &mut Bencher<'_>, endpoints: &[Endpoint], requests: &[Request]) {
    let hash = |request: &Known<'_>| continuum::hash(request.key);
    ring(bencher, (endpoints, 160 * endpoints.len()), requests, (high, hash));
}

pub(crate) fn nginx_hash(bencher: &mut Bencher<'_>, endpoints: &[Endpoint], requests: &[Request]) {
    let hash = |request: &Known<'_>, _: &mut RequestStream| {
        u64::from(crc32fast::hash(request.key) >> 16) & 0x7fff
    };
    remainder(bencher, endpoints, requests, hash);
}

pub(crate) fn nginx_ip_hash(
    bencher: &mut Bencher<'_>,
    endpoints: &[Endpoint],
    requests: &[Request],
) {
    remainder(bencher, endpoints, requests, |request, _| {
        let [a, b, c, _] = request.flow.source.ip().octets();
        [a, b, c].into_iter().fold(89, |hash, byte| (hash * 113 + u64::from(byte)) % 6271)
    });
}

pub(crate) fn traefik_hrw(bencher: &mut Bencher<'_>, endpoints: &[Endpoint], requests: &[Request]) {
    let server = |it: &Endpoint| (format!("http://{}", it.address), f64::from(it.weight));
    let servers = TraefikHrw::new(endpoints.iter().map(server).collect());
    run(bencher, requests, |request, _| servers.best(*request.flow.source.ip()));
}
