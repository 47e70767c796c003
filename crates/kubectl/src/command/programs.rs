//! The programs that a simulated container has: those that show how a Service is found.

mod curl;
#[cfg(test)]
mod fake;
mod reach;
mod wget;

use std::net::IpAddr;

use super::Printed;

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

impl Lookup {
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

/// Runs a program in a container of a pod of this name.
pub(super) fn run(program: &[String], host_name: &str, inside: &dyn Inside) -> Printed {
    let words: Vec<&str> = program.iter().map(String::as_str).collect();
    match words[..] {
        ["env" | "printenv"] => lines(environment(host_name, inside)),
        ["printenv", ref names @ ..] => print_variables(names, host_name, inside),
        ["hostname"] => said(format!("{host_name}\n")),
        ["cat", "/etc/resolv.conf"] => said(inside.resolv_conf()),
        ["cat", ref files @ ..] if !files.is_empty() => {
            let missing = files.iter().filter(|file| **file != "/etc/resolv.conf");
            let text: Vec<String> =
                missing.map(|file| format!("cat: {file}: No such file or directory")).collect();
            Printed::error(text.join("\n"))
        }
        ["nslookup", name] if !name.starts_with('-') => look_up(name, inside),
        ["curl", ref words @ ..] => curl::run(words, inside),
        ["wget", ref words @ ..] => wget::run(words, inside),
        ["nslookup", ..] => Printed::error(
            "error: nslookup takes one name here and asks the cluster's DNS for its addresses",
        ),
        _ => Printed::error(format!(
            "error: `{}` is not in the simulated containers; env, printenv, hostname, cat \
             /etc/resolv.conf, nslookup NAME, curl URL and wget URL are",
            words.join(" ")
        )),
    }
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

/// As the nslookup of BIND 9 prints it. What a student should know besides goes to stderr.
fn look_up(name: &str, inside: &dyn Inside) -> Printed {
    let found = match inside.look_up(name) {
        Ok(found) => found,
        Err(problem) => {
            return Printed::error(format!("nslookup: '{name}' is not a legal name ({problem})"));
        }
    };
    let server = inside.name_server();
    let mut printed = said(format!("Server:\t\t{server}\nAddress:\t{server}#53\n\n"));
    for (alias, name) in &found.aliases {
        printed.stdout.push_str(&format!("{alias}\tcanonical name = {name}.\n"));
    }
    for address in &found.addresses {
        let host = found.host();
        printed.stdout.push_str(&format!("Name:\t{host}\nAddress: {address}\n"));
    }
    if found.addresses.is_empty() && found.aliases.is_empty() {
        printed.stdout.push_str(&match &*found.outcome {
            "NOERROR" => format!("*** Can't find {name}: No answer\n"),
            outcome => format!("** server can't find {name}: {outcome}\n"),
        });
        printed.code = 1;
    }
    printed.stdout.push('\n');
    printed.stderr = notes(&found);
    printed
}

/// What it cost, and what another cluster would have said.
fn notes(found: &Lookup) -> String {
    let mut notes =
        format!("note: it took {} questions, A and AAAA for each name tried\n", found.queries);
    if found.addresses.is_empty() && !found.aliases.is_empty() {
        notes += &format!(
            "note: nothing outside the cluster is simulated, so {} has no address here\n",
            found.host()
        );
    }
    if let Some(rewritten) = &found.rewritten {
        notes += &format!(
            "note: a rewrite rule answered for {rewritten}; CoreDNS without it says NXDOMAIN \
             (cluster.dns.rewrites: [] turns the rule off)\n"
        );
    }
    notes
}
