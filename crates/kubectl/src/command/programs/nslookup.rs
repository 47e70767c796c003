//! nslookup, as that of BIND 9 prints it. What a student should know besides goes to stderr.
//!
//! *Left out:* its options, other name servers, and types but A, AAAA and PTR.

use std::net::IpAddr;

use super::{Inside, Lookup, Printed, said};

/// Asks for the addresses of a name, or for the names of an address.
pub(super) fn run(asked: &str, inside: &dyn Inside) -> Printed {
    match asked.parse() {
        Ok(address) => names_of(address, inside),
        Err(_) => addresses_of(asked, inside),
    }
}

fn addresses_of(name: &str, inside: &dyn Inside) -> Printed {
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
    printed.stderr = notes(name, &found);
    printed
}

/// The names that an address has. Where it asks for these, nslookup does not name its server.
fn names_of(address: IpAddr, inside: &dyn Inside) -> Printed {
    let found = inside.look_up_address(address);
    let lines = found.names.iter().map(|name| format!("{}\tname = {name}.\n", found.question));
    let mut printed = said(lines.collect());
    if found.names.is_empty() {
        let (question, outcome) = (&found.question, &found.outcome);
        printed.stdout = format!("** server can't find {question}: {outcome}\n");
        printed.code = 1;
        printed.stderr = format!(
            "note: {address} is the address of no Service and no endpoint; no other address has a \
             name here\n"
        );
    }
    printed.stdout.push('\n');
    printed
}

/// What it cost, and what another cluster would have said.
fn notes(name: &str, found: &Lookup) -> String {
    let mut notes =
        format!("note: it took {} questions, A and AAAA for each name tried\n", found.queries);
    if found.addresses.is_empty() && !found.aliases.is_empty() {
        notes += &format!(
            "note: nothing outside the cluster is simulated, so {} has no address here\n",
            found.host()
        );
    }
    if found.is_outside(name) {
        notes += &format!(
            "note: {name} is no name in the cluster, and nothing outside the cluster is simulated\n"
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

#[cfg(test)]
mod tests {
    use super::{super::fake::Container, *};

    #[test]
    fn an_address_is_asked_for_its_names() {
        let found = run("10.96.0.7", &Container);
        let expected = "7.0.96.10.in-addr.arpa\tname = web.default.svc.cluster.local.\n\n";
        assert_eq!(found, said(expected.to_owned()));
        let missing = run("8.8.8.8", &Container);
        assert_eq!(missing.stdout, "** server can't find 8.8.8.8.in-addr.arpa: NXDOMAIN\n\n");
        assert!(missing.stderr.starts_with("note: 8.8.8.8 is the address of no Service"));
        assert_eq!(missing.code, 1);
    }

    #[test]
    fn it_is_said_that_nothing_outside_is_simulated() {
        for (name, said) in
            [("google.com", true), ("wbe", false), ("wbe.default.svc.cluster.local", false)]
        {
            let printed = run(name, &Container);
            assert!(printed.stdout.contains(&format!("can't find {name}: NXDOMAIN")), "{name}");
            let note = format!("note: {name} is no name in the cluster, and nothing outside");
            assert_eq!(printed.stderr.contains(&note), said, "{name}: {}", printed.stderr);
        }
    }
}
