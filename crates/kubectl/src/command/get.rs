//! `kubectl get`.
//!
//! *Left out:* `--sort-by`, `--field-selector`, and the formats with templates.

use serde_json::Value;

use super::{
    Cluster, Printed,
    flags::{Flag, Flags, switch, valued},
    wanted::{Wanted, not_found, nothing_found, selector},
};
use crate::{
    Object,
    output::{Format, Listing, Watched, list},
    resource::Resource,
    selector::Selector,
};

pub(super) const FLAGS: &[Flag] = &[
    valued("output", 'o'),
    valued("namespace", 'n'),
    valued("selector", 'l'),
    switch("all-namespaces", 'A'),
    switch("no-headers", ' '),
    switch("show-labels", ' '),
    switch("watch", 'w'),
    switch("watch-only", ' '),
];

pub(super) fn get(flags: &Flags, cluster: &dyn Cluster) -> Printed {
    tables(flags, cluster).unwrap_or_else(Printed::error)
}

fn tables(flags: &Flags, cluster: &dyn Cluster) -> Result<Printed, String> {
    let format = match flags.value("output").unwrap_or_default() {
        "" => Format::Table,
        text => Format::parse(text, true)?,
    };
    let wanted = Wanted::parse(&flags.words, "get")?;
    let matching = selector(flags, &wanted)?;
    let watches = flags.is_on("watch") || flags.is_on("watch-only");
    if watches && wanted.len() > 1 {
        return Err(watched_too_much(&wanted));
    }
    let mut printed = Printed::default();
    let found = find(&wanted, &matching, flags, format, cluster, &mut printed);
    let listing = listing(flags, format, &wanted, cluster);
    if watches && printed.code == 0 {
        let matches = |object: &Value| wanted[0].is(Object::new(object), &matching, flags);
        let initial = if flags.is_on("watch-only") { Vec::new() } else { found };
        printed.stdout = watch(wanted[0].resource, &initial, &matches, listing, cluster);
    } else {
        print(&found, &wanted, &listing, &mut printed, flags);
    }
    Ok(printed)
}

/// The objects that are wanted; of one that is not there, and of a kind that nobody should ask for any
/// more, it is said.
fn find(
    wanted: &[Wanted],
    matching: &Selector,
    flags: &Flags,
    format: Format,
    cluster: &dyn Cluster,
    printed: &mut Printed,
) -> Vec<Value> {
    let mut found = Vec::new();
    for one in wanted {
        if one.resource.kind == "Endpoints" && matches!(format, Format::Table | Format::Wide) {
            printed.stderr.push_str(
                "Warning: v1 Endpoints is deprecated in v1.33+; \
                 use discovery.k8s.io/v1 EndpointSlice\n",
            );
        }
        let mut objects = one.find(matching, flags, cluster);
        match &one.name {
            Some(name) if objects.is_empty() => printed.complain(&not_found(one.resource, name)),
            _ => found.append(&mut objects),
        }
    }
    found
}

/// What is there, and what becomes of it.
fn watch(
    resource: &Resource,
    initial: &[Value],
    matches: &dyn Fn(&Value) -> bool,
    listing: Listing,
    cluster: &dyn Cluster,
) -> String {
    let mut watched = Watched::default();
    let mut text = watched.print(initial, &listing);
    for (now, object) in cluster.changes(resource.kind) {
        if matches(&object) {
            text.push_str(&watched.print(&[object], &Listing { now, ..listing }));
        }
    }
    text
}

fn watched_too_much(wanted: &[Wanted]) -> String {
    let several = wanted.iter().any(|one| one.resource != wanted[0].resource);
    let found = match several {
        true => "more than 1 resource was found".to_owned(),
        false => format!("{} resources were found", wanted.len()),
    };
    format!(
        "error: watch is only supported on individual resources and resource collections - {found}"
    )
}

fn print(
    found: &[Value],
    wanted: &[Wanted],
    listing: &Listing,
    printed: &mut Printed,
    flags: &Flags,
) {
    let for_programs = matches!(listing.format, Format::Json | Format::Yaml);
    if !found.is_empty() || (for_programs && printed.code == 0) {
        let single = matches!(wanted, [Wanted { name: Some(_), .. }]);
        printed.stdout = list(found, single, listing);
    } else if printed.code == 0 {
        printed.stderr.push_str(&nothing_found(wanted, flags));
    }
}

fn listing(flags: &Flags, format: Format, wanted: &[Wanted], cluster: &dyn Cluster) -> Listing {
    let first = wanted[0].resource;
    Listing {
        format,
        now: cluster.now(),
        with_namespace: flags.is_on("all-namespaces"),
        with_kind: wanted.iter().any(|one| one.resource != first),
        no_headers: flags.is_on("no-headers"),
        show_labels: flags.is_on("show-labels"),
    }
}
