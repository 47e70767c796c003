//! Addresses and ranges of them, as fields that are older than strict parsing take them
//! (`IsValidIPForLegacyField`, `IsValidCIDRForLegacyField`).

use std::net::{IpAddr, Ipv4Addr};

const NO_ADDRESS: &str = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
const NO_RANGE: &str = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";

/// An address, or what is wrong with it. Strictly, it has no leading zeros and is no IPv4 address in
/// the clothes of an IPv6 one.
pub(crate) fn address(text: &str, strict: bool) -> Result<IpAddr, &'static str> {
    let address = lenient(text).ok_or(NO_ADDRESS)?;
    if strict && text.parse::<IpAddr>().is_err() {
        return Err("must not have leading 0s");
    }
    if strict && is_mapped(address) {
        return Err("must not be an IPv4-mapped IPv6 address");
    }
    Ok(address)
}

/// A range of addresses, or what is wrong with it.
pub(super) fn range(text: &str, strict: bool) -> Result<(), &'static str> {
    let (address, bits) = text.split_once('/').ok_or(NO_RANGE)?;
    let plain = bits.parse::<IpAddr>().is_err() && bits.bytes().all(|b| b.is_ascii_digit());
    let bits_number: u32 = bits.parse().ok().filter(|_| plain).ok_or(NO_RANGE)?;
    let parsed = lenient(address).ok_or(NO_RANGE)?;
    if bits_number > if parsed.is_ipv4() { 32 } else { 128 } {
        return Err(NO_RANGE);
    }
    let padded = bits.len() > 1 && bits.starts_with('0');
    if strict && (padded || address.parse::<IpAddr>().is_err()) {
        return Err("must not have leading 0s in IP or prefix length");
    }
    if strict && is_mapped(parsed) {
        return Err("must not have an IPv4-mapped IPv6 address");
    }
    Ok(())
}

/// What is wrong with an address that packets are to be sent to from outside
/// (`ValidateEndpointIP`).
pub(crate) fn special(address: IpAddr) -> Option<String> {
    let (link_local, local_multicast) = match address {
        IpAddr::V4(ip) => (ip.is_link_local(), ip.octets()[..3] == [224, 0, 0]),
        IpAddr::V6(ip) => {
            let [first, ..] = ip.segments();
            (first & 0xffc0 == 0xfe80, first & 0xff0f == 0xff02)
        }
    };
    if address.is_unspecified() {
        Some(format!("may not be unspecified ({address})"))
    } else if address.is_loopback() {
        Some("may not be in the loopback range (127.0.0.0/8, ::1/128)".to_owned())
    } else if link_local {
        Some("may not be in the link-local range (169.254.0.0/16, fe80::/10)".to_owned())
    } else if local_multicast {
        Some("may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)".to_owned())
    } else {
        None
    }
}

/// An address in which numbers may have leading zeros.
fn lenient(text: &str) -> Option<IpAddr> {
    if text.contains(':') {
        return text.parse().ok();
    }
    let octet = |part: &str| {
        let digits = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        part.parse::<u8>().ok().filter(|_| digits)
    };
    let octets: Option<Vec<u8>> = text.split('.').map(octet).collect();
    let octets: [u8; 4] = octets?.try_into().ok()?;
    Some(IpAddr::V4(Ipv4Addr::from(octets)))
}

fn is_mapped(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(ip) if ip.to_ipv4_mapped().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_are_a_matter_of_strictness_and_all_else_is_not() {
        for (text, lenient, strict) in [
            ("1.2.3.4", true, true),
            ("01.2.3.4", true, false),
            ("::ffff:1.2.3.4", true, false),
            ("2001:db8::1", true, true),
            ("1.2.3", false, false),
            ("1.2.3.256", false, false),
            ("", false, false),
        ] {
            let found = (address(text, false).is_ok(), address(text, true).is_ok());
            assert_eq!(found, (lenient, strict), "{text}");
        }
        for (text, lenient, strict) in [
            ("10.0.0.0/8", true, true),
            ("010.0.0.0/8", true, false),
            ("10.0.0.0/08", true, false),
            ("10.0.0.0/33", false, false),
            ("10.0.0.0/+8", false, false),
            ("10.0.0.0", false, false),
        ] {
            let found = (range(text, false).is_ok(), range(text, true).is_ok());
            assert_eq!(found, (lenient, strict), "{text}");
        }
    }
}
