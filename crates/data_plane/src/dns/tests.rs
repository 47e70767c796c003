use std::{net::IpAddr, sync::Arc};

use api::{IntOrString, Meta, Object, Protocol, ResolvConf, ServiceId, service::ServiceType};

use super::{
    index::{Address, Endpoints, Index, Port, Service},
    name::Name,
    record::{Data, Question, Rcode, RecordType},
    resolver::{Resolution, resolve, tries},
    server::{Config, Server},
};

/// A Service `web` and a headless one, `db`, in namespace `default`.
fn index() -> Index {
    let port = || Port { name: "http".into(), protocol: "TCP".into(), number: Some(80) };
    let service = |name: &str| Service {
        name: name.into(),
        namespace: "default".into(),
        ports: vec![port()],
        ..Service::default()
    };
    let mut index = Index::default();
    let ip = "10.96.0.10".parse().expect("an address");
    index.add_service(Service { cluster_ips: vec![ip], ..service("web") });
    index.add_service(Service { headless: true, ..service("db") });
    let address = |ip: &str| Address {
        ip: ip.parse().expect("an address"),
        hostname: String::new(),
        pod: String::new(),
        zone: String::new(),
    };
    index.add_endpoints(Endpoints {
        namespace: "default".into(),
        service: "db".into(),
        addresses: vec![address("10.128.0.2"), address("10.128.1.2")],
        ports: vec![port()],
    });
    index
}

/// What a pod of namespace `default` has in its resolv.conf.
fn conf() -> ResolvConf {
    let search = ["default.svc.cluster.local", "svc.cluster.local", "cluster.local"];
    ResolvConf {
        nameservers: vec!["10.96.0.10".to_owned()],
        searches: search.map(str::to_owned).into(),
        options: vec!["ndots:5".to_owned()],
    }
}

fn resolved(text: &str, rewrites: bool) -> Resolution {
    let mut config = Config::kubeadm("cluster.local");
    config.rewrites_short_names = rewrites;
    let index = index();
    let server = Server { config: &config, index: &index, upstream: &|_| Vec::new() };
    resolve(text, &conf(), &mut |question| server.answer(question)).expect("it is a name")
}

/// How many questions each name costs, two a try: semantics.md says of these what a cluster asks.
#[test]
fn names_cost_as_many_questions_as_their_dots_make_them() {
    let cases = [
        ("web", 2, 1),
        ("web.default", 4, 1),
        ("web.default.svc", 6, 1),
        ("web.default.svc.cluster.local", 8, 1),
        ("web.default.svc.cluster.local.", 2, 1),
        ("db", 2, 2),
        ("10-128-0-2.db", 2, 1),
        ("example.com", 8, 0),
    ];
    for (name, questions, addresses) in cases {
        let resolution = resolved(name, true);
        let found = (resolution.queries.len(), resolution.addresses.len());
        assert_eq!(found, (questions, addresses), "{name}");
    }
}

#[test]
fn the_short_name_of_the_course_resolves_by_the_rewrite_rule_alone() {
    let name = "web.default.cluster.local";
    let stock = resolved(name, false);
    assert!(stock.addresses.is_empty());
    assert!(stock.queries.iter().all(|query| query.answer.rcode == Rcode::NxDomain));
    let with_rule = resolved(name, true);
    assert_eq!(with_rule.addresses.len(), 1);
    assert_eq!(with_rule.rewritten(), Some(&Name::of("web.default.svc.cluster.local")));
    // The client hears of the name that it asked for.
    let last = &with_rule.queries[with_rule.queries.len() - 2];
    assert_eq!(last.answer.answer[0].name, Name::of(name));
    assert_eq!(resolved("web.default", true).rewritten(), None);
}

#[test]
fn a_name_with_enough_dots_is_tried_as_it_is_first() {
    let conf = ResolvConf { options: vec!["ndots:2".to_owned()], ..conf() };
    let tried = |name: &str| -> Vec<String> {
        let names = tries(name, &conf).expect("it is a name");
        names.into_iter().map(|name| name.to_string()).collect()
    };
    assert_eq!(tried("a.b.c")[..2], ["a.b.c.", "a.b.c.default.svc.cluster.local."]);
    assert_eq!(tried("a.b").last().map(String::as_str), Some("a.b."));
    assert_eq!(tried("a."), ["a."]);
    let long =
        "a".repeat(60) + "." + &"b".repeat(63) + "." + &"c".repeat(63) + "." + &"d".repeat(50);
    assert_eq!(tried(&long).len(), 2, "below the longer domains the name is too long");
    assert!(tries("a..b", &conf).is_err());
}

#[test]
fn a_headless_service_without_ready_endpoints_does_not_exist() {
    let config = Config::kubeadm("cluster.local");
    let mut index = Index::default();
    let service = Service {
        name: "db".into(),
        namespace: "default".into(),
        headless: true,
        ..Service::default()
    };
    index.add_service(service);
    let server = Server { config: &config, index: &index, upstream: &|_| Vec::new() };
    let name = Name::of("db.default.svc.cluster.local");
    let answer = server.answer(&Question { name, record_type: RecordType::A });
    assert_eq!(answer.rcode, Rcode::NxDomain);
    assert_eq!(answer.authority.len(), 1, "the SOA says how long that may be kept");
}

/// A name for a host outside is an alias; what is behind the alias is known only inside the cluster.
#[test]
fn a_service_that_is_only_a_name_is_answered_with_that_name() {
    let name = |name: &str, target: &str| {
        let spec = api::ServiceSpec {
            kind: ServiceType::ExternalName,
            external_name: Some(target.to_owned()),
            ..api::ServiceSpec::default()
        };
        let meta = Meta::new("default", name);
        let (id, status) = (ServiceId(0), api::ServiceStatus::default());
        Object::Service(Arc::new(api::Service { meta, id, spec, status }))
    };
    let web = api::Service {
        meta: Meta::new("default", "web"),
        id: ServiceId(1),
        spec: api::ServiceSpec {
            cluster_ip: Some([10, 96, 0, 10].into()),
            ports: vec![api::ServicePort {
                name: String::new(),
                protocol: Protocol::Tcp,
                port: 80,
                target_port: IntOrString::Int(80),
                node_port: None,
            }],
            ..api::ServiceSpec::default()
        },
        status: api::ServiceStatus::default(),
    };
    let objects = [
        name("outside", "db.example.com"),
        name("inside", "web.default.svc.cluster.local."),
        Object::Service(Arc::new(web)),
    ];
    let (config, index) = (Config::kubeadm("cluster.local"), Index::of(&objects));
    let server = Server { config: &config, index: &index, upstream: &|_| Vec::new() };
    let cases = [
        ("outside", "db.example.com.", vec![]),
        ("inside", "web.default.svc.cluster.local.", vec![IpAddr::from([10, 96, 0, 10])]),
    ];
    for (service, target, addresses) in cases {
        let name = Name::of(format!("{service}.default.svc.cluster.local"));
        let answer = server.answer(&Question { name, record_type: RecordType::A });
        let alias = answer.answer.iter().find_map(|record| match &record.data {
            Data::Cname(target) => Some(target.as_str()),
            _ => None,
        });
        assert_eq!((answer.rcode, alias), (Rcode::NoError, Some(target)), "{service}");
        assert_eq!(answer.addresses().collect::<Vec<_>>(), addresses, "{service}");
    }
}
