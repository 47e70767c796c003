//! Addresses in the order of their text.
//!
//! Proxies sort endpoints as `address:port` texts, and the order decides which of them a draw
//! means. With a thousand pods that is a million comparisons in a rollout, so an address is written
//! once and compared as numbers.

use std::net::IpAddr;

/// An address, compared as its text with what follows it before a port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AddressText {
    /// The first sixteen bytes, the first of them the highest: every IPv4 address fits.
    head: u128,
    /// The others.
    tail: Box<str>,
}

impl AddressText {
    pub(crate) fn new(address: IpAddr) -> Self {
        let text = written(address);
        let (head, tail) = text.split_at(text.len().min(size_of::<u128>()));
        let mut bytes = [0; size_of::<u128>()];
        bytes[..head.len()].copy_from_slice(head.as_bytes());
        Self { head: u128::from_be_bytes(bytes), tail: tail.into() }
    }
}

fn written(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => format!("{address}:"),
        IpAddr::V6(address) => format!("[{address}]:"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_order_is_that_of_the_texts(a: IpAddr, b: IpAddr) {
            let texts = written(a).cmp(&written(b));
            prop_assert_eq!(AddressText::new(a).cmp(&AddressText::new(b)), texts);
        }
    }

    #[test]
    fn a_prefix_comes_where_its_colon_puts_it() {
        let text = |text: &str| AddressText::new(text.parse().expect("an address"));
        assert!(text("10.0.0.10") < text("10.0.0.1"));
        assert!(text("10.0.0.1") < text("10.0.0.2"));
        assert!(text("2001:db8:1:2:3:4:5:7") < text("2001:db8:1:2:3:4:5:8"));
    }
}
