//! What CoreDNS' plugin `kubernetes` answers.

use std::net::IpAddr;

use data_plane::dns::{
    index::{Address, Endpoints, Index, Port, Service},
    name::Name,
    record::{Data, Question, Rcode, Record, RecordType},
    request::{Domain, Request},
    server::{Config, PodMode, Server},
};
use serde_json::Value;

use crate::{
    case::{Case, agree},
    fields::{Fields, Problem, Read},
};

/// Checks a case.
pub(crate) fn check(case: &Case) -> Result<(), Problem> {
    match case.test.as_str() {
        "TestParseRequest" | "TestParseInvalidRequest" => check_parse(case),
        "TestEndpointHostname" => check_hostname(case),
        test if test.starts_with("TestServe")
            || matches!(test, "TestReverse" | "TestPreserveCase" | "TestNotSyncedServeDNS") =>
        {
            check_answer(case)
        }
        _ => case.unknown(),
    }
}

fn check_parse(case: &Case) -> Result<(), Problem> {
    let (name, zone, zonal) = case.input(|f| {
        // Names of several clusters are not applicable, and the list says so.
        f.flag("multicluster")?;
        let names = (Name::of(text(f, "query")?), Name::of(text(f, "zone")?));
        Ok((names.0, names.1, f.flag("zonal")?))
    })?;
    let expected = case.expected(|f| {
        let parsed =
            f.text_or_empty("parsed port.protocol.endpoint.cluster.service.namespace.podOrSvc")?;
        let zone = f.text_or_empty("topoZone")?;
        let invalid = !f.text_or_empty("error")?.is_empty();
        Ok((!invalid).then(|| (parsed.to_owned(), zone.to_owned())))
    })?;
    let got = Request::parse(&name, &zone, zonal).ok().map(|request| {
        let domain = match request.domain {
            Some(Domain::Service) => "svc",
            Some(Domain::Pod) => "pod",
            None => "",
        };
        let Request { port, protocol, endpoint, service, namespace, zonal, .. } = request;
        let parts = [&*port, &protocol, &endpoint, "", &service, &namespace, domain];
        (parts.join("."), zonal.map_or_else(String::new, |zonal| zonal.zone))
    });
    agree("parsed", &expected, &got)
}

/// Rows of address, host name, what is expected, pod, and whether endpoints are called like pods.
fn check_hostname(case: &Case) -> Result<(), Problem> {
    let row =
        case.input(|f| f.value("row").cloned().ok_or_else(|| "there is no row".to_owned()))?;
    let column = |place: usize| row[place].as_str().ok_or(format!("row[{place}] is no text"));
    let pod_names = row[4].as_bool().ok_or("row[4] is no flag")?;
    // The last column of the row once more.
    agree("expected", &pod_names, &case.expected(|f| f.flag("expected"))?)?;
    let address = Address {
        ip: ip(column(0)?)?,
        hostname: column(1)?.to_owned(),
        pod: column(3)?.to_owned(),
        zone: String::new(),
    };
    agree("host name", &column(2)?.to_owned(), &address.label(pod_names))
}

fn check_answer(case: &Case) -> Result<(), Problem> {
    let mut question =
        case.input(|f| Ok((Name::of(text(f, "qname")?), record_type(text(f, "qtype")?)?)))?;
    let expected = case.expected(|f| {
        let sections = ["answer", "extra", "ns"].map(|section| f.texts(section).map(sorted));
        let [answer, extra, ns] = sections;
        Ok((text(f, "rcode")?.to_owned(), [answer?, extra?, ns?]))
    })?;
    let world = world(case)?;
    let question = Question {
        name: std::mem::replace(&mut question.0, Name::of(".")),
        record_type: question.1,
    };
    let upstream = |asked: &Question| -> Vec<Record> {
        let known =
            asked.name == Name::of("ext.interwebs.test") && asked.record_type == RecordType::A;
        let data = Data::Address(IpAddr::from([1, 2, 3, 4]));
        known.then(|| Record { name: asked.name.clone(), ttl: 5, data }).into_iter().collect()
    };
    let server = Server { config: &world.config, index: &world.index, upstream: &upstream };
    let got = server.answer(&question);
    let rcode = match got.rcode {
        Rcode::NoError => "Success",
        Rcode::NxDomain => "NameError",
        Rcode::ServFail => "ServerFailure",
        Rcode::Refused => "Refused",
    };
    let sections = [&got.answer, &got.additional, &got.authority]
        .map(|records| sorted(records.iter().map(Record::to_string).collect()));
    agree("answer", &expected, &(rcode.to_owned(), sections))
}

/// In the order of their texts. Of an SOA neither the serial nor the minimum is compared, as the
/// tests that these cases are from do not: the one is a time, the other is from an older default.
fn sorted(records: Vec<String>) -> Vec<String> {
    let plain = |record: String| match record.split_once(" IN SOA ") {
        Some((owner, soa)) => {
            let words: Vec<&str> = soa.split(' ').take(2).collect();
            format!("{owner} IN SOA {}", words.join(" "))
        }
        // The version's owner is written without its dot.
        None => record.replacen("dns-version.cluster.local. ", "dns-version.cluster.local ", 1),
    };
    let mut records: Vec<String> = records.into_iter().map(plain).collect();
    records.sort();
    records
}

fn record_type(text: &str) -> Read<RecordType> {
    Ok(match text {
        "A" => RecordType::A,
        "AAAA" => RecordType::Aaaa,
        "CNAME" => RecordType::Cname,
        "SRV" => RecordType::Srv,
        "PTR" => RecordType::Ptr,
        "TXT" => RecordType::Txt,
        "NS" => RecordType::Ns,
        "SOA" => RecordType::Soa,
        "HINFO" | "MX" => RecordType::Other,
        other => return Err(format!("unknown type {other}")),
    })
}

struct World {
    config: Config,
    index: Index,
}

/// What the server of a case knows: its own fixture's objects, or those that all cases share.
fn world(case: &Case) -> Read<World> {
    let mut config = Config::kubeadm("cluster.local");
    config.ttl = 5;
    config.pods = PodMode::Verified;
    config.addresses = vec![IpAddr::from([127, 0, 0, 1])];
    config.zones = ["cluster.local", "0.10.in-addr.arpa", "168.192.in-addr.arpa", "ip6.arpa"]
        .map(Name::of)
        .into();
    let mut index = Index::default();
    case.world(|f| {
        let exposed = f.texts("namespacesExposed")?;
        // These two have no objects in the file, only names.
        let more = ["podns", "svcns"].map(str::to_owned);
        config.namespaces = Some(exposed.into_iter().chain(more).collect());
        for service in lists(f, "services") {
            index.add_service(read_service(service)?);
        }
        for endpoints in lists(f, "endpoints") {
            index.add_endpoints(read_endpoints(endpoints)?);
        }
        Ok(())
    })?;
    index.add_pod(IpAddr::from([10, 240, 0, 1]), "podns");
    let own = case.fixture(|f| {
        config.ignore_empty_service = f.flag("ignore_empty_service")?;
        config.zonal = f.flag("zonal")?;
        match f.text_or_empty("note")? {
            "" => {}
            note if note.starts_with("API not synced") => config.synced = false,
            note if note.starts_with("no namespaces filter") => config.namespaces = None,
            note => return Err(format!("unknown note {note}")),
        }
        config.pods = match f.text_or_empty("pods")? {
            "disabled" => PodMode::Disabled,
            "insecure" => PodMode::Insecure,
            _ => PodMode::Verified,
        };
        let list = |name: &str| f.value(name).and_then(Value::as_array);
        let mut own = Index::default();
        for service in list("services").into_iter().flatten() {
            own.add_service(read_service(service)?);
        }
        for endpoints in list("endpoints").into_iter().flatten() {
            own.add_endpoints(read_endpoints(endpoints)?);
        }
        Ok(list("services").map(|_| own))
    })?;
    Ok(World { config, index: own.unwrap_or(index) })
}

/// The items of all lists of an object of lists.
fn lists<'a>(f: &Fields<'a>, name: &str) -> Vec<&'a Value> {
    let object = f.value(name).and_then(Value::as_object);
    let lists = object.into_iter().flat_map(|object| object.values());
    lists.filter_map(Value::as_array).flatten().collect()
}

fn text<'a>(f: &Fields<'a>, name: &str) -> Read<&'a str> {
    f.needed(name, f.text(name)?)
}

fn read_service(value: &Value) -> Read<Service> {
    Fields::of(value, "service", |f| {
        f.text_or_empty("Type")?;
        let ips = f.texts("ClusterIPs")?;
        let external = f.text_or_empty("ExternalName")?;
        Ok(Service {
            name: text(f, "Name")?.to_owned(),
            namespace: text(f, "Namespace")?.to_owned(),
            headless: ips == ["None"],
            cluster_ips: if ips == ["None"] { Vec::new() } else { addresses(&ips)? },
            external_name: (!external.is_empty()).then(|| external.to_owned()),
            ports: read_ports(f)?,
        })
    })
}

fn read_endpoints(value: &Value) -> Read<Endpoints> {
    Fields::of(value, "endpoints", |f| {
        let (service, namespace) =
            text(f, "Index")?.split_once('.').ok_or("an index is service.namespace")?;
        text(f, "Name")?;
        agree("namespace", &namespace.to_owned(), &text(f, "Namespace")?.to_owned())?;
        let zones = f.value("Zones").cloned().unwrap_or_default();
        let subsets = f.value("Subsets").and_then(Value::as_array).ok_or("no subsets")?;
        let [subset] = &subsets[..] else { return Err("a slice has one subset".to_owned()) };
        Fields::of(subset, "subset", |f| {
            let mut addresses = Vec::new();
            for address in f.value("Addresses").and_then(Value::as_array).into_iter().flatten() {
                addresses.push(Fields::of(address, "address", |f| {
                    let text = text(f, "IP")?;
                    Ok(Address {
                        ip: ip(text)?,
                        hostname: f.text_or_empty("Hostname")?.to_owned(),
                        pod: String::new(),
                        zone: zones[text].as_str().unwrap_or_default().to_owned(),
                    })
                })?);
            }
            let (service, namespace) = (service.to_owned(), namespace.to_owned());
            Ok(Endpoints { namespace, service, addresses, ports: read_ports(f)? })
        })
    })
}

fn read_ports(f: &Fields<'_>) -> Read<Vec<Port>> {
    let mut ports = Vec::new();
    for port in f.value("Ports").and_then(Value::as_array).into_iter().flatten() {
        ports.push(Fields::of(port, "port", |f| {
            let number = f.value("Port").and_then(Value::as_i64).ok_or("a port has a number")?;
            Ok(Port {
                name: f.text_or_empty("Name")?.to_owned(),
                protocol: f.text_or_empty("Protocol")?.to_owned(),
                // -1 stands for endpoints without any port.
                number: u16::try_from(number).ok(),
            })
        })?);
    }
    Ok(ports)
}

fn addresses(texts: &[String]) -> Read<Vec<IpAddr>> {
    texts.iter().map(|text| ip(text)).collect()
}

fn ip(text: &str) -> Read<IpAddr> {
    text.parse().map_err(|_| format!("{text} is no address"))
}
