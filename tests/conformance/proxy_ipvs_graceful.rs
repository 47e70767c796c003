//! How a real server leaves a virtual one.

use data_plane::proxy::ipvs::{Ipvs, RealServer, VirtualServer};

use crate::{
    case::{Case, agree},
    fields::{Fields, Problem, Read},
    pods::{address, protocol},
};

type Tables = Vec<(VirtualServer, Vec<RealServer>)>;

/// Checks a case.
pub(crate) fn check(case: &Case) -> Result<(), Problem> {
    let (tables, server, real) = case.input(|f| {
        let tables = f.object("existingIPVS", tables)?;
        Ok((tables, f.object("vs", |f| virtual_server(f, "Address"))?, f.object("rs", real)?))
    })?;
    let mut ipvs = Ipvs::default();
    for (server, reals) in &tables {
        reals.iter().for_each(|real| ipvs.add(*server, *real));
    }
    ipvs.graceful_delete(server, real.address);
    let expected = case.expected(|f| f.object("expectedIPVS", self::tables))?;
    let got: Tables =
        expected.iter().map(|(server, _)| (*server, ipvs.real_servers(*server).to_vec())).collect();
    agree("real servers", &expected, &got)
}

fn tables(f: &Fields<'_>) -> Read<Tables> {
    // Virtual servers stay; only their members change here.
    f.ignore(&["Scheduler", "Services"]);
    f.objects("Destinations", |f| {
        Ok((f.object("key", |f| virtual_server(f, "IP"))?, f.objects("value", real)?))
    })
}

fn virtual_server(f: &Fields<'_>, ip: &str) -> Read<VirtualServer> {
    f.ignore(&["Flags", "Scheduler", "Timeout"]);
    let text = f.text_or_empty("Protocol")?.to_uppercase();
    let protocol = protocol(&text).ok_or_else(|| format!("protocol {text}"))?;
    Ok(((address(f.text_or_empty(ip)?)?, f.int_or_zero("Port")?).into(), protocol))
}

fn real(f: &Fields<'_>) -> Read<RealServer> {
    Ok(RealServer {
        address: (address(f.text_or_empty("Address")?)?, f.int_or_zero("Port")?).into(),
        weight: f.int_or_zero("Weight")?,
        active: f.int_or_zero("ActiveConn")?,
        inactive: f.int_or_zero("InactiveConn")?,
    })
}
