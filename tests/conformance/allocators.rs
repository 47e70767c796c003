//! The arithmetic of addresses and node ports.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use control_plane::api_server::allocation::{
    add_offset, addresses, hosts_per_network, kept_ports, last_address,
};
use serde_json::Value;

use crate::{
    case::{Case, agree},
    fields::{Fields, Problem, Read},
};

/// Checks a case.
pub(crate) fn check(case: &Case) -> Result<(), Problem> {
    match case.test.as_str() {
        "Test_addOffsetAddress" => {
            let (start, offset) =
                case.input(|f| Ok((address(f, "address")?, number(f, "offset")?)))?;
            let want = case.expected(|f| address(f, "want"))?;
            agree("address", &want, &add_offset(start, offset))
        }
        "Test_broadcastAddress" => {
            let (subnet, prefix) = case.input(|f| {
                let subnet = f.value("subnet").ok_or("there is no subnet")?;
                let bits = subnet["bitsPlusOne"].as_u64().ok_or("a prefix has a length")?;
                Ok((go_address(&subnet["ip"])?, bits as u32 - 1))
            })?;
            let want = case.expected(|f| address(f, "want"))?;
            agree("address", &want, &last_address(subnet, prefix))
        }
        "Test_ipIterator" | "Test_ipIterator_Number" => {
            let (first, last, offset) = case
                .input(|f| Ok((address(f, "first")?, address(f, "last")?, number(f, "offset")?)))?;
            let got: Vec<String> =
                addresses(first, last, offset).map(|address| address.to_string()).collect();
            if case.test == "Test_ipIterator" {
                return agree("addresses", &case.expected(|f| f.texts("want"))?, &got);
            }
            agree("number", &case.expected(|f| number(f, "want"))?, &(got.len() as u64))
        }
        "Test_calculateRangeOffset" => {
            let size = case.input(|f| {
                let range = &f.value("args").ok_or("there are no arguments")?["pr"];
                range["Size"].as_u64().ok_or_else(|| "a range has a size".to_owned())
            })?;
            agree("offset", &case.expected(|f| number(f, "want"))?, &kept_ports(size))
        }
        "Test_hostsPerNetwork" => {
            let cidr = case.input(|f| Ok(f.needed("cidr", f.text("cidr")?)?.to_owned()))?;
            let (subnet, prefix) = cidr.split_once('/').ok_or("a range has a slash")?;
            let subnet: IpAddr = subnet.parse().map_err(|_| format!("{cidr} is no range"))?;
            let prefix: u32 = prefix.parse().map_err(|_| format!("{cidr} is no range"))?;
            let want = case.expected(|f| number(f, "addrs"))?;
            agree("hosts", &want, &hosts_per_network(subnet, prefix))
        }
        _ => case.unknown(),
    }
}

fn number(f: &Fields<'_>, name: &str) -> Read<u64> {
    f.needed(name, f.value(name).and_then(Value::as_u64))
}

fn address(f: &Fields<'_>, name: &str) -> Read<IpAddr> {
    go_address(f.needed(name, f.value(name))?)
}

/// An address as the fields of Go's `netip.Addr`: two words, and whether it is of IPv6.
fn go_address(value: &Value) -> Read<IpAddr> {
    let word = |name: &str| value["addr"][name].as_u64().ok_or(format!("no word {name}"));
    let bits = u128::from(word("hi")?) << 64 | u128::from(word("lo")?);
    let is_v6 = value["z"]["value"]["isV6"].as_bool().ok_or("it is of no family")?;
    Ok(match is_v6 {
        true => Ipv6Addr::from(bits).into(),
        false => Ipv4Addr::from(bits as u32).into(),
    })
}
