//! A container of the simulated cluster, as the programs in it see it.

use std::net::IpAddr;

use ::kubectl::command::{Connection, Inside, Lookup, Reverse};

/// What the simulation knows of it, in the words of a program.
pub(super) struct Container<'a>(pub(super) sim::Inside<'a>);

impl Inside for Container<'_> {
    fn service_variables(&self) -> Vec<(String, String)> {
        let variables = self.0.service_variables().iter();
        variables.map(|it| (it.name.clone(), it.value.clone())).collect()
    }

    fn resolv_conf(&self) -> String {
        self.0.resolv_conf().to_string()
    }

    fn name_server(&self) -> IpAddr {
        self.0.name_server()
    }

    fn address(&self) -> IpAddr {
        self.0.address()
    }

    fn look_up(&self, name: &str) -> Result<Lookup, String> {
        let resolution = self.0.resolve(name).map_err(|problem| problem.to_string())?;
        let last = resolution.queries.last();
        let tried = last.map(|query| &query.question.name);
        let name = resolution.name.as_ref().or(tried).map(|name| bare(name.as_str()));
        Ok(Lookup {
            name: name.unwrap_or_default(),
            aliases: resolution
                .aliases()
                .map(|(alias, name)| (bare(alias.as_str()), bare(name.as_str())))
                .collect(),
            outcome: last.map_or("", |query| query.answer.rcode.name()).to_owned(),
            queries: resolution.queries.len(),
            rewritten: resolution.rewritten().map(|name| bare(name.as_str())),
            addresses: resolution.addresses,
        })
    }

    fn look_up_address(&self, address: IpAddr) -> Reverse {
        let (query, names) = self.0.resolve_address(address);
        Reverse {
            question: bare(query.question.name.as_str()),
            names: names.iter().map(|name| bare(name.as_str())).collect(),
            outcome: query.answer.rcode.name().to_owned(),
        }
    }

    fn connect(&self, address: IpAddr, port: u16) -> Connection {
        match self.0.connect(address, port) {
            sim::Connection::Answered(pod) => Connection::Answered(pod),
            sim::Connection::Refused(why) => Connection::Refused(why),
            sim::Connection::Unanswered(why) => Connection::Unanswered(why),
        }
    }
}

/// A name without the dot at its end.
fn bare(name: &str) -> String {
    name.trim_end_matches('.').to_owned()
}
