//! The programs that a simulated container has: those that show how a Service is found.

mod curl;
#[cfg(test)]
mod fake;
mod hosts;
mod nslookup;
mod reach;
mod wget;

use std::net::IpAddr;

use super::Printed;
pub use hosts::Host;
use hosts::is_inside;

/// What a container sees.
pub trait Inside {
    /// The variables of its environment that are there for Services, in order.
    fn service_variables(&self) -> Vec<(String, String)>;

    /// Its `/etc/resolv.conf`.
    fn resolv_conf(&self) -> String;

    /// The address of its name server.
    fn name_server(&self) -> IpAddr;

    /// What a name comes to.
    ///
    /// # Errors
    /// Why it is no name.
    fn look_up(&self, name: &str) -> Result<Lookup, String>;

    /// The names that an address has.
    fn look_up_address(&self, address: IpAddr) -> Reverse;

    /// The address of its pod.
    fn address(&self) -> IpAddr;

    /// What becomes of a connection to a port of an address.
    fn connect(&self, address: IpAddr, port: u16) -> Connection;
}

/// What became of a connection; where nobody answered, with the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Connection {
    /// The pod of this name answered.
    Answered(String),
    /// The sender was told that nobody listens.
    Refused(String),
    /// There was no answer at all.
    Unanswered(String),
}

/// What a name came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lookup {
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
    /// The name that has them, without the dot at its end; of a name that has none, the last one
    /// that was tried.
    pub name: String,
    /// The aliases on the way, each with what it stands for, without the dots at their ends.
    pub aliases: Vec<(String, String)>,
    /// How the last question was answered: `NXDOMAIN`.
    pub outcome: String,
    /// How many questions were asked.
    pub queries: usize,
    /// The name that a rewrite rule made of it.
    pub rewritten: Option<String>,
}

/// What the question for the names of an address came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reverse {
    /// The name that was asked for, `10.0.96.10.in-addr.arpa`.
    pub question: String,
    /// The names, without the dots at their ends.
    pub names: Vec<String>,
    /// How it was answered: `NXDOMAIN`.
    pub outcome: String,
}

impl Lookup {
    /// Whether it may be that somebody outside the cluster knows the name that was asked for. One
    /// of a single label nobody does.
    fn is_outside(&self, asked: &str) -> bool {
        let nothing = self.addresses.is_empty() && self.aliases.is_empty();
        nothing && asked.trim_end_matches('.').contains('.') && !is_inside(asked)
    }

    /// The name that has the addresses: what the last alias stands for, if there is one.
    fn host(&self) -> &str {
        self.aliases.last().map_or(&self.name, |(_, name)| name)
    }
}

const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What to say where there are no containers to look into.
pub(super) fn none() -> Printed {
    Printed::error("error: there are no containers to look into here")
}

/// Runs a program in a container of a pod that calls itself so.
pub(super) fn run(program: &[String], host: &Host, inside: &dyn Inside) -> Printed {
    let host_name = &host.name;
    let words: Vec<&str> = program.iter().map(String::as_str).collect();
    match words[..] {
        ["env" | "printenv"] => lines(environment(host_name, inside)),
        ["printenv", ref names @ ..] => print_variables(names, host_name, inside),
        ["hostname"] => said(format!("{host_name}\n")),
        ["cat", ref files @ ..] if !files.is_empty() => cat(files, host, inside),
        ["nslookup", name] if !name.starts_with('-') => nslookup::run(name, inside),
        ["curl", ref words @ ..] => curl::run(words, inside),
        ["wget", ref words @ ..] => wget::run(words, inside),
        ["nslookup", ..] => Printed::error(
            "error: nslookup takes one name or address here and asks the cluster's DNS for the other",
        ),
        _ => Printed::error(format!(
            "error: `{}` is not in the simulated containers; env, printenv, hostname, cat \
             /etc/resolv.conf, cat /etc/hosts, nslookup NAME, curl URL and wget URL are",
            words.join(" ")
        )),
    }
}

/// The files that the kubelet makes for a container, one after another.
fn cat(files: &[&str], host: &Host, inside: &dyn Inside) -> Printed {
    let mut printed = Printed::default();
    for file in files {
        match *file {
            "/etc/resolv.conf" => printed.stdout.push_str(&inside.resolv_conf()),
            "/etc/hosts" => printed.stdout.push_str(&host.file(inside.address())),
            other => printed.complain(&format!("cat: {other}: No such file or directory")),
        }
    }
    printed
}

fn said(stdout: String) -> Printed {
    Printed { stdout, ..Printed::default() }
}

fn lines(variables: Vec<(String, String)>) -> Printed {
    said(variables.into_iter().map(|(name, value)| format!("{name}={value}\n")).collect())
}

fn environment(host_name: &str, inside: &dyn Inside) -> Vec<(String, String)> {
    let own = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut all = vec![own("PATH", PATH), own("HOSTNAME", host_name)];
    all.extend(inside.service_variables());
    all.push(own("HOME", "/root"));
    all
}

fn print_variables(names: &[&str], host_name: &str, inside: &dyn Inside) -> Printed {
    let all = environment(host_name, inside);
    let mut printed = Printed::default();
    for name in names {
        match all.iter().find(|(known, _)| known == name) {
            Some((_, value)) => printed.stdout.push_str(&format!("{value}\n")),
            None => printed.code = 1,
        }
    }
    printed
}
