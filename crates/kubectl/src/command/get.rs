//! `kubectl get`.
//!
//! *Left out:* `custom-columns`, and templates of Go.

use serde_json::Value;

use super::{
    Cluster, Printed,
    flags::{Flag, Flags, listed, switch, valued},
    wanted::{ENDPOINTS_WARNING, Matching, Wanted, not_found, nothing_found},
};
use crate::{
    Object,
    output::{Format, Listing, Watched, list},
    resource::Resource,
    sort_by,
};

pub(super) const FLAGS: &[Flag] = &[
    valued("output", 'o'),
    valued("namespace", 'n'),
    valued("selector", 'l'),
    valued("field-selector", ' '),
    valued("sort-by", ' '),
    listed("label-columns", 'L'),
    switch("all-namespaces", 'A'),
    switch("no-headers", ' '),
    switch("show-labels", ' '),
    switch("watch", 'w'),
    switch("watch-only", ' '),
];

/// kubectl's own text, which says most of it twice.
const NOTHING_NAMED: &str = "\
You must specify the type of resource to get. \
Use \"kubectl api-resources\" for a complete list of supported resources.

error: Required resource not specified.
Use \"kubectl explain <resource>\" for a detailed description of that resource \
(e.g. kubectl explain pods).
See 'kubectl get -h' for help and examples";

pub(super) fn get(flags: &Flags, cluster: &dyn Cluster) -> Printed {
    if flags.words.is_empty() {
        return Printed::error(NOTHING_NAMED);
    }
    tables(flags, cluster).unwrap_or_else(Printed::error)
}

fn tables(flags: &Flags, cluster: &dyn Cluster) -> Result<Printed, String> {
    let format = match flags.value("output").unwrap_or_default() {
        "" => Format::Table,
        text => Format::parse(text, true)?,
    };
    let wanted = Wanted::parse(&flags.words, "get")?;
    let matching = Matching::parse(flags, &wanted)?;
    let watches = flags.is_on("watch") || flags.is_on("watch-only");
    if watches && wanted.len() > 1 {
        return Err(watched_too_much(&wanted));
    }
    let mut printed = Printed::default();
    let mut found = find(&wanted, &matching, flags, cluster, &mut printed);
    if let Some(field) = flags.value("sort-by").filter(|field| !field.is_empty()) {
        sort(&mut found, field, &format).map_err(|problem| format!("error: {problem}"))?;
    }
    let listing = listing(flags, format, &wanted, cluster);
    if watches && printed.code == 0 {
        let matches = |object: &Value| wanted[0].is(Object::new(object), &matching, flags);
        let initial = if flags.is_on("watch-only") { Vec::new() } else { found };
        printed.stdout = watch(wanted[0].resource, &initial, &matches, &listing, cluster);
    } else {
        print(&found, &wanted, &listing, &mut printed, flags);
    }
    Ok(printed)
}

/// The objects that are wanted; of one that is not there, and of a kind that nobody should ask for any
/// more, it is said.
fn find(
    wanted: &[Wanted],
    matching: &Matching,
    flags: &Flags,
    cluster: &dyn Cluster,
    printed: &mut Printed,
) -> Vec<Value> {
    let mut found = Vec::new();
    if wanted.iter().any(|one| one.resource.kind == "Endpoints") {
        printed.stderr.push_str(ENDPOINTS_WARNING);
    }
    for one in wanted {
        let mut objects = one.find(matching, flags, cluster);
        match &one.name {
            Some(name) if objects.is_empty() => printed.complain(&not_found(one.resource, name)),
            _ => found.append(&mut objects),
        }
    }
    found
}

/// `--sort-by`: in tables the objects of each kind, and else all of them.
fn sort(found: &mut [Value], field: &str, format: &Format) -> Result<(), String> {
    if !format.is_table() {
        return sort_by::sort(found, field);
    }
    let mut tables = found.chunk_by_mut(|left, right| left["kind"] == right["kind"]);
    tables.try_for_each(|table| sort_by::sort(table, field))
}

/// What is there, and what becomes of it.
fn watch(
    resource: &Resource,
    initial: &[Value],
    matches: &dyn Fn(&Value) -> bool,
    listing: &Listing,
    cluster: &dyn Cluster,
) -> String {
    let mut watched = Watched::default();
    let mut text = watched.print(initial, listing);
    for (now, object) in cluster.changes(resource.kind) {
        if matches(&object) {
            text.push_str(&watched.print(&[object], &Listing { now, ..listing.clone() }));
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
    let for_programs = matches!(listing.format, Format::Json | Format::Yaml | Format::JsonPath(_));
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
        label_columns: flags.texts("label-columns").into_iter().map(str::to_owned).collect(),
        show_labels: flags.is_on("show-labels"),
    }
}
