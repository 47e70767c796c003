//! The algorithms of the policies, written out: what a program does that has one of them and no
//! trait.

use std::hint::black_box;

use engine::{Random, RequestStream, Streams};
use policy::{
    Endpoint,
    block::{
        Circular, Edf, Ring, Ties,
        flow_hash::{Tuple, flow_hash as hash_of_flow, packet_words},
        jenkins::{jhash_2words, jhash_3words},
    },
    ketama::continuum,
    traefik::hrw::Servers,
};
use siphasher::sip::SipHasher13;
use twox_hash::XxHash64;

use crate::round::{Known, Requests, Round, round};

/// Makes rounds of an algorithm for endpoints.
pub(crate) type Direct = fn(&[Endpoint], Requests) -> Round;

fn run<T: Into<Option<usize>>>(
    requests: Requests,
    mut pick: impl FnMut(&Known<'_>, &mut RequestStream) -> T + 'static,
) -> Round {
    round(requests, move |request, random| call(&mut pick, &request.known(), random))
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

pub(crate) fn random(endpoints: &[Endpoint], requests: Requests) -> Round {
    let count = black_box(endpoints.len() as u32);
    run(requests, move |_, random| random.below(count) as usize)
}

pub(crate) fn round_robin(endpoints: &[Endpoint], requests: Requests) -> Round {
    let places: Vec<usize> = (0..endpoints.len()).collect();
    let mut index = 0_u64;
    run(requests, move |_, _| {
        let place = places[(index % places.len() as u64) as usize];
        index += 1;
        place
    })
}

pub(crate) fn least_request(endpoints: &[Endpoint], requests: Requests) -> Round {
    let mut active = vec![0_u32; endpoints.len()];
    run(requests, move |_, random| {
        let count = active.len() as u64;
        let [first, second] = [(); 2].map(|()| (random.next_u64() % count) as usize);
        let place = if active[second] < active[first] { second } else { first };
        active[place] += 1;
        place
    })
}

pub(crate) fn two_distinct(endpoints: &[Endpoint], requests: Requests) -> Round {
    let mut active = vec![0_u32; endpoints.len()];
    run(requests, move |_, random| {
        let bits = random.next_u64();
        let below = |half: u64, count: usize| ((half * count as u64) >> 32) as usize;
        let first = below(bits >> 32, active.len());
        let other = below(bits & u64::from(u32::MAX), active.len() - 1);
        let second = other + usize::from(other >= first);
        let place = if active[second] < active[first] { second } else { first };
        active[place] += 1;
        place
    })
}

pub(crate) fn ipvs_rr(endpoints: &[Endpoint], requests: Requests) -> Round {
    let weights: Vec<u32> = endpoints.iter().map(|endpoint| endpoint.weight).collect();
    let mut last = 0;
    run(requests, move |_, _| {
        for _ in 0..weights.len() {
            last = if last + 1 < weights.len() { last + 1 } else { 0 };
            if weights[last] > 0 {
                break;
            }
        }
        last
    })
}

pub(crate) fn ipvs_lc(endpoints: &[Endpoint], requests: Requests) -> Round {
    #[derive(Clone)]
    struct Destination {
        weight: u32,
        active: u32,
        inactive: u32,
    }
    let destination = |it: &Endpoint| Destination { weight: it.weight, active: 0, inactive: 0 };
    let mut all: Vec<Destination> = endpoints.iter().map(destination).collect();
    run(requests, move |_, _| {
        let open = all.iter_mut().enumerate().filter(|(_, it)| it.weight > 0);
        let least = open.min_by_key(|(_, it)| (u64::from(it.active) << 8) + u64::from(it.inactive));
        least.map(|(place, it)| {
            it.inactive += 1;
            place
        })
    })
}

pub(crate) fn deadlines(endpoints: &[Endpoint], requests: Requests) -> Round {
    let weights: Vec<f64> = endpoints.iter().map(|it| f64::from(it.weight)).collect();
    let mut turns = Edf::new(Ties::Heap);
    weights.iter().enumerate().for_each(|(place, weight)| turns.add(place, *weight));
    run(requests, move |_, _| turns.pick(|place| weights[place]))
}

/// A server as NGINX looks at it before each request, and what it notes of one.
struct Server {
    weight: u32,
    effective: i64,
    current: i64,
    connections: u32,
    max_fails: u32,
    fails: u32,
    checked: i64,
}

/// How long one that failed is out, in seconds.
const FAIL_TIMEOUT: i64 = 10;

impl Server {
    fn all(endpoints: &[Endpoint]) -> Vec<Self> {
        let server = |it: &Endpoint| Self {
            weight: it.weight,
            effective: it.weight.into(),
            current: 0,
            connections: 0,
            max_fails: 1,
            fails: 0,
            checked: -1000,
        };
        endpoints.iter().map(server).collect()
    }

    fn is_usable(&self, now: i64) -> bool {
        let fails = self.max_fails > 0 && self.fails >= self.max_fails;
        self.weight > 0 && !(fails && now - self.checked <= FAIL_TIMEOUT)
    }

    fn begin(&mut self, now: i64) {
        self.connections += 1;
        if now - self.checked > FAIL_TIMEOUT {
            self.checked = now;
        }
    }
}

pub(crate) fn smooth(endpoints: &[Endpoint], requests: Requests) -> Round {
    let (mut servers, now) = (Server::all(endpoints), black_box(0));
    run(requests, move |_, _| {
        let (mut sum, mut best) = (0, 0);
        let mut most = i64::MIN;
        for (place, server) in servers.iter_mut().enumerate() {
            if !server.is_usable(now) {
                continue;
            }
            server.current += server.effective;
            sum += server.effective;
            if server.effective < server.weight.into() {
                server.effective += 1;
            }
            if server.current > most {
                (most, best) = (server.current, place);
            }
        }
        servers[best].current -= sum;
        servers[best].begin(now);
        best
    })
}

/// NGINX's way from a hash to a server.
fn by_hash(
    endpoints: &[Endpoint],
    requests: Requests,
    mut find: impl FnMut(&Known<'_>) -> Option<usize> + 'static,
) -> Round {
    let (mut servers, now) = (Server::all(endpoints), black_box(0));
    run(requests, move |request, _| {
        let place = find(request).filter(|place| servers[*place].is_usable(now))?;
        servers[place].begin(now);
        Some(place)
    })
}

/// A hash modulo the weights, one server after the other.
fn by_weight(
    endpoints: &[Endpoint],
    requests: Requests,
    hash: impl Fn(&Known<'_>) -> u64 + 'static,
) -> Round {
    let weights: Vec<u64> = endpoints.iter().map(|endpoint| endpoint.weight.into()).collect();
    let sum: u64 = weights.iter().sum();
    by_hash(endpoints, requests, move |request| {
        let mut left = hash(request) % sum;
        weights.iter().position(|weight| {
            let found = left < *weight;
            left = left.wrapping_sub(*weight);
            found
        })
    })
}

/// A hash modulo the endpoints.
fn remainder(
    endpoints: &[Endpoint],
    requests: Requests,
    mut hash: impl FnMut(&Known<'_>, &mut RequestStream) -> u64 + 'static,
) -> Round {
    let places: Vec<usize> = (0..endpoints.len()).collect();
    run(requests, move |request, random| {
        places[(hash(request, random) % places.len() as u64) as usize]
    })
}

/// A table of so many slots, which endpoints have in turn.
fn table(
    (endpoints, size): (&[Endpoint], u64),
    requests: Requests,
    hash: impl Fn(&Known<'_>) -> u64 + 'static,
) -> Round {
    let slots: Vec<u32> = (0..endpoints.len() as u32).cycle().take(size as usize).collect();
    run(requests, move |request, _| slots[(hash(request) % size) as usize] as usize)
}

/// A ring of so many random points, which endpoints have in turn.
fn points<H: Circular>(count: usize, endpoints: usize, point: fn(u64) -> H) -> Ring<H> {
    let mut random = Streams::new(1).named("ring");
    let points = (0..count).map(|number| (point(random.next_u64()), number % endpoints));
    Ring::new(points.collect())
}

fn ring<H: Circular + 'static>(
    (endpoints, count): (&[Endpoint], usize),
    requests: Requests,
    (point, hash): (fn(u64) -> H, impl Fn(&Known<'_>) -> H + 'static),
) -> Round {
    let ring = points(count, endpoints.len(), point);
    run(requests, move |request, _| ring.find(hash(request)))
}

fn xx(request: &Known<'_>) -> u64 {
    XxHash64::oneshot(0, request.key)
}

fn high(number: u64) -> u32 {
    (number >> 32) as u32
}

pub(crate) fn nlb(endpoints: &[Endpoint], requests: Requests) -> Round {
    remainder(endpoints, requests, |request, random| {
        hash_of_flow(&request.flow, Tuple::Five, high(random.next_u64())).into()
    })
}

pub(crate) fn flow_hash(endpoints: &[Endpoint], requests: Requests) -> Round {
    let hash = |request: &Known<'_>, _: &mut RequestStream| {
        u64::from(hash_of_flow(&request.flow, Tuple::Five, 0))
    };
    remainder(endpoints, requests, hash)
}

pub(crate) fn bounded_load(endpoints: &[Endpoint], requests: Requests) -> Round {
    let ring = points(100 * endpoints.len(), endpoints.len(), |number| number);
    let (mut counts, mut all) = (vec![0_u32; endpoints.len()], 0_u32);
    run(requests, move |request, _| {
        let most = (1.25 * f64::from(all + 1) / counts.len() as f64).ceil() as u32;
        let place = ring.walk(xx(request)).find(|place| counts[*place] < most)?;
        (counts[place], all) = (counts[place] + 1, all + 1);
        Some(place)
    })
}

pub(crate) fn cilium_maglev(endpoints: &[Endpoint], requests: Requests) -> Round {
    table((endpoints, 16_381), requests, |request| {
        let [source, ports] = packet_words(&request.flow);
        jhash_3words(source, ports, 6, 0x71dc_da46).into()
    })
}

pub(crate) fn envoy_maglev(endpoints: &[Endpoint], requests: Requests) -> Round {
    table((endpoints, 65_537), requests, xx)
}

pub(crate) fn envoy_ring_hash(endpoints: &[Endpoint], requests: Requests) -> Round {
    ring((endpoints, 1024_usize.next_multiple_of(endpoints.len())), requests, (|number| number, xx))
}

pub(crate) fn gcp_maglev(endpoints: &[Endpoint], requests: Requests) -> Round {
    let hash = |request: &Known<'_>| u64::from(hash_of_flow(&request.flow, Tuple::Five, 0));
    table((endpoints, 65_537), requests, hash)
}

pub(crate) fn haproxy_source(endpoints: &[Endpoint], requests: Requests) -> Round {
    let hash =
        |request: &Known<'_>, _: &mut RequestStream| u64::from(request.flow.source.ip().to_bits());
    remainder(endpoints, requests, hash)
}

/// How HAProxy mixes all bits of a hash.
fn full_hash(mut a: u32) -> u32 {
    a = a.wrapping_add(0x7ed5_5d16).wrapping_add(a << 12);
    a = (a ^ 0xc761_c23c) ^ (a >> 19);
    a = a.wrapping_add(0x1656_67b1).wrapping_add(a << 5);
    a = a.wrapping_add(0xd3a2_646c) ^ (a << 9);
    a = a.wrapping_add(0xfd70_46c5).wrapping_add(a << 3);
    a = (a ^ 0xb55a_4f09) ^ (a >> 16);
    a.wrapping_mul(3_221_225_473)
}

pub(crate) fn haproxy_uri(endpoints: &[Endpoint], requests: Requests) -> Round {
    let ring = points(16 * endpoints.len(), endpoints.len(), high);
    run(requests, move |request, _| {
        let path = request.key.iter().take_while(|byte| **byte != b'?');
        let sdbm =
            path.fold(0_u32, |hash, byte| hash.wrapping_mul(65_599).wrapping_add((*byte).into()));
        let hash = full_hash(sdbm);
        let next = ring.first_from(hash)?;
        let before = next.checked_sub(1).unwrap_or(ring.len() - 1);
        let (back, ahead) =
            (hash.wrapping_sub(ring.hash(before)), ring.hash(next).wrapping_sub(hash));
        Some(ring.place(if back <= ahead { before } else { next }))
    })
}

pub(crate) fn crc32_ring(endpoints: &[Endpoint], requests: Requests) -> Round {
    let hash = |request: &Known<'_>| crc32fast::hash(request.key);
    ring((endpoints, 160 * endpoints.len()), requests, (high, hash))
}

pub(crate) fn ipvs_dh(endpoints: &[Endpoint], requests: Requests) -> Round {
    let hash = |request: &Known<'_>| {
        u64::from(request.flow.destination.ip().to_bits().wrapping_mul(0x61c8_8647) >> 24)
    };
    table((endpoints, 256), requests, hash)
}

pub(crate) fn ipvs_sh(endpoints: &[Endpoint], requests: Requests) -> Round {
    let hash = |request: &Known<'_>| {
        u64::from(request.flow.source.ip().to_bits().wrapping_mul(0x61c8_8647) >> 24)
    };
    table((endpoints, 256), requests, hash)
}

pub(crate) fn ipvs_mh(endpoints: &[Endpoint], requests: Requests) -> Round {
    const KEY: u64 = 2_654_435_761;
    table((endpoints, 4093), requests, |request| {
        let source = request.flow.source.ip().to_bits().to_le_bytes();
        SipHasher13::new_with_keys(KEY, KEY).hash(&source) & u64::from(u32::MAX)
    })
}

pub(crate) fn katran_maglev(endpoints: &[Endpoint], requests: Requests) -> Round {
    table((endpoints, 65_537), requests, |request| {
        let [source, ports] = packet_words(&request.flow);
        jhash_2words(source, ports, 65_537).into()
    })
}

pub(crate) fn ketama(endpoints: &[Endpoint], requests: Requests) -> Round {
    let hash = |request: &Known<'_>| continuum::hash(request.key);
    ring((endpoints, 160 * endpoints.len()), requests, (high, hash))
}

pub(crate) fn nginx_hash(endpoints: &[Endpoint], requests: Requests) -> Round {
    let hash = |request: &Known<'_>| u64::from(crc32fast::hash(request.key) >> 16) & 0x7fff;
    by_weight(endpoints, requests, hash)
}

pub(crate) fn nginx_hash_consistent(endpoints: &[Endpoint], requests: Requests) -> Round {
    let ring = points(160 * endpoints.len(), endpoints.len(), high);
    by_hash(endpoints, requests, move |request| ring.find(crc32fast::hash(request.key)))
}

pub(crate) fn nginx_ip_hash(endpoints: &[Endpoint], requests: Requests) -> Round {
    by_weight(endpoints, requests, |request| {
        let [a, b, c, _] = request.flow.source.ip().octets();
        [a, b, c].into_iter().fold(89, |hash, byte| (hash * 113 + u64::from(byte)) % 6271)
    })
}

pub(crate) fn traefik_hrw(endpoints: &[Endpoint], requests: Requests) -> Round {
    let server = |it: &Endpoint| (format!("http://{}", it.address), f64::from(it.weight));
    let servers = Servers::new(endpoints.iter().map(server).collect());
    run(requests, move |request, _| servers.best(*request.flow.source.ip()))
}
