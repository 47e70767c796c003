//! Questions and answers of the DNS.

use std::{fmt, net::IpAddr};

use super::name::Name;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RecordType {
    /// IPv4 addresses.
    A,
    /// IPv6 addresses.
    Aaaa,
    /// Another name for it.
    Cname,
    /// Targets with their ports.
    Srv,
    /// The name of an address.
    Ptr,
    /// Texts.
    Txt,
    /// The name servers of a zone.
    Ns,
    /// The zone's start of authority.
    Soa,
    /// Anything else.
    Other,
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Question {
    /// The name.
    pub name: Name,
    /// What of it.
    pub record_type: RecordType,
}

/// A resource record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Whose it is.
    pub name: Name,
    /// How long it may be kept, in seconds.
    pub ttl: u32,
    /// What it says.
    pub data: Data,
}

/// What a resource record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// `A` or `AAAA`.
    Address(IpAddr),
    /// `CNAME`.
    Cname(Name),
    /// `SRV`; the priority is 0.
    Srv {
        /// Its share among those of its priority.
        weight: u16,
        /// The port.
        port: u16,
        /// The name of the host.
        target: Name,
    },
    /// `PTR`.
    Ptr(Name),
    /// `TXT`.
    Txt(String),
    /// `NS`.
    Ns(Name),
    /// `SOA`.
    Soa {
        /// The zone's first name server.
        server: Name,
        /// The mailbox of who is responsible.
        mailbox: Name,
        /// How long a negative answer may be kept, in seconds.
        minimum: u32,
    },
}

/// How a question was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rcode {
    /// The name exists, though perhaps without what was asked for.
    NoError,
    /// The name does not exist.
    NxDomain,
    /// The server could not tell.
    ServFail,
    /// The server is not the one to ask.
    Refused,
}

impl Rcode {
    /// Its name, as dig has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NoError => "NOERROR",
            Self::NxDomain => "NXDOMAIN",
            Self::ServFail => "SERVFAIL",
            Self::Refused => "REFUSED",
        }
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// How it went.
    pub rcode: Rcode,
    /// The answer section.
    pub answer: Vec<Record>,
    /// The authority section.
    pub authority: Vec<Record>,
    /// The additional section.
    pub additional: Vec<Record>,
    /// The name that a rewrite rule made of the one that was asked for.
    pub rewritten: Option<Name>,
}

impl Answer {
    /// One without records.
    #[must_use]
    pub fn empty(rcode: Rcode) -> Self {
        Self {
            rcode,
            answer: Vec::new(),
            authority: Vec::new(),
            additional: Vec::new(),
            rewritten: None,
        }
    }

    /// The addresses in it.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.answer.iter().filter_map(|record| match record.data {
            Data::Address(address) => Some(address),
            _ => None,
        })
    }
}

/// SOA: seconds until a secondary server asks again, tries again and gives up
/// (`plugin/backend_lookup.go`).
const SOA_TIMES: &str = "7200 1800 86400";

/// The presentation format (RFC 1035, 5.1). The serial of an SOA is 0: nobody transfers the zone.
impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, ttl, data } = self;
        write!(f, "{name} {ttl} IN ")?;
        match data {
            Data::Address(address @ IpAddr::V4(_)) => write!(f, "A {address}"),
            Data::Address(address @ IpAddr::V6(_)) => write!(f, "AAAA {address}"),
            Data::Cname(target) => write!(f, "CNAME {target}"),
            Data::Srv { weight, port, target } => write!(f, "SRV 0 {weight} {port} {target}"),
            Data::Ptr(target) => write!(f, "PTR {target}"),
            Data::Txt(text) => write!(f, "TXT {text}"),
            Data::Ns(server) => write!(f, "NS {server}"),
            Data::Soa { server, mailbox, minimum } => {
                write!(f, "SOA {server} {mailbox} 0 {SOA_TIMES} {minimum}")
            }
        }
    }
}
