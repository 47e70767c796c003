//! Names of addresses: `10.1.96.10.in-addr.arpa.` (RFC 1035, 3.5, and RFC 3596, 2.5).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::name::Name;

/// The address that a name is of; `None` of other names, and of those of a part of an address.
#[must_use]
pub fn address_of(name: &Name) -> Option<IpAddr> {
    let name = name.lower();
    if let Some(digits) = name.before(&Name::of("in-addr.arpa")) {
        let octets: Option<Vec<u8>> = digits.split('.').rev().map(|it| it.parse().ok()).collect();
        let octets: [u8; 4] = octets?.try_into().ok()?;
        return Some(IpAddr::V4(Ipv4Addr::from(octets)));
    }
    let digits = name.before(&Name::of("ip6.arpa"))?.split('.').rev();
    let mut bits = 0_u128;
    let mut count = 0;
    for digit in digits {
        let digit = (digit.len() == 1).then(|| u128::from_str_radix(digit, 16).ok())??;
        (bits, count) = (bits.checked_shl(4)? | digit, count + 1);
    }
    (count == 32).then_some(IpAddr::V6(Ipv6Addr::from(bits)))
}

/// The name of an address.
#[must_use]
pub fn name_of(address: IpAddr) -> Name {
    match address {
        IpAddr::V4(ip) => {
            let [a, b, c, d] = ip.octets();
            Name::of(format!("{d}.{c}.{b}.{a}.in-addr.arpa"))
        }
        IpAddr::V6(ip) => {
            let bits = u128::from(ip);
            let digits = (0..32).map(|place| format!("{:x}.", bits >> (4 * place) & 0xf));
            Name::of(digits.collect::<String>() + "ip6.arpa")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_addresses_are_read_as_they_are_written() {
        for text in ["10.96.0.10", "255.0.0.1", "2001:db8::1", "::"] {
            let address: IpAddr = text.parse().expect("it is an address");
            assert_eq!(address_of(&name_of(address)), Some(address));
        }
        for text in
            ["0.96.10.in-addr.arpa", "x.0.96.10.in-addr.arpa", "1.0.ip6.arpa", "web.default"]
        {
            assert_eq!(address_of(&Name::of(text)), None, "{text}");
        }
        assert_eq!(
            name_of("10.96.0.7".parse().expect("an address")).as_str(),
            "7.0.96.10.in-addr.arpa."
        );
    }
}
