//! `kubectl get`.
//!
//! *Left out:* `--sort-by`, `--field-selector`, and the formats with templates.

use serde_json::Value;

use super::{
    Cluster, Printed,
    flags::{Flag, Flags, switch, valued},
};
use crate::{
    Object,
    output::{Format, Listing, Watched, list},
    resource::{Resource, parse_list},
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

const FORMATS: &str = "custom-columns,custom-columns-file,go-template,go-template-file,json,\
                       jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,\
                       wide,yaml";

/// What was asked for: a kind, and one of its objects by name or all that match.
struct Wanted {
    resource: &'static Resource,
    name: Option<String>,
}

pub(super) fn get(flags: &Flags, cluster: &dyn Cluster) -> Printed {
    let format = match format(flags.value("output")) {
        Ok(format) => format,
        Err(problem) => return Printed::error(problem),
    };
    let wanted = match wanted(&flags.words) {
        Ok(wanted) => wanted,
        Err(problem) => return Printed::error(problem),
    };
    let selector = flags.value("selector").unwrap_or_default();
    let matching = match Selector::parse(selector) {
        Ok(matching) => matching,
        Err(problem) => return Printed::error(bad_selector(&wanted, selector, &problem)),
    };
    let watches = flags.is_on("watch") || flags.is_on("watch-only");
    if watches && wanted.len() > 1 {
        return Printed::error(watched_too_much(&wanted));
    }
    let mut printed = Printed::default();
    let mut found = Vec::new();
    for one in &wanted {
        if one.resource.kind == "Endpoints" && matches!(format, Format::Table | Format::Wide) {
            printed.stderr.push_str(
                "Warning: v1 Endpoints is deprecated in v1.33+; \
                 use discovery.k8s.io/v1 EndpointSlice\n",
            );
        }
        let objects = cluster.objects(one.resource.kind).into_iter();
        let mut objects: Vec<Value> = objects
            .filter(|object| is_wanted(one, Object::new(object), &matching, flags))
            .collect();
        match &one.name {
            Some(name) if objects.is_empty() => {
                printed.complain(&not_found(one.resource, name));
            }
            _ => found.append(&mut objects),
        }
    }
    if watches && printed.code == 0 {
        let listing = listing(flags, format, &wanted, cluster);
        let matches = |object: &Value| is_wanted(&wanted[0], Object::new(object), &matching, flags);
        let initial = if flags.is_on("watch-only") { Vec::new() } else { found };
        printed.stdout = watch(wanted[0].resource, &initial, &matches, listing, cluster);
        return printed;
    }
    let single = matches!(&wanted[..], [Wanted { name: Some(_), .. }]);
    print(&found, &wanted, single, &listing(flags, format, &wanted, cluster), &mut printed, flags);
    printed
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
    single: bool,
    listing: &Listing,
    printed: &mut Printed,
    flags: &Flags,
) {
    let for_programs = matches!(listing.format, Format::Json | Format::Yaml);
    if !found.is_empty() || (for_programs && printed.code == 0) {
        printed.stdout = list(found, single, listing);
    } else if printed.code == 0 {
        let namespaced = wanted.iter().any(|one| one.resource.namespaced);
        let place = match namespaced && !flags.is_on("all-namespaces") {
            true => format!(" in {} namespace.", flags.namespace()),
            false => String::new(),
        };
        printed.stderr.push_str(&format!("No resources found{place}\n"));
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

fn format(text: Option<&str>) -> Result<Format, String> {
    match text {
        None | Some("") => Ok(Format::Table),
        Some("wide") => Ok(Format::Wide),
        Some("name") => Ok(Format::Name),
        Some("json") => Ok(Format::Json),
        Some("yaml") => Ok(Format::Yaml),
        Some(other) if FORMATS.split(',').any(|known| other.split('=').next() == Some(known)) => {
            Err(format!(
                "error: the output format {other:?} is not simulated yet; \
                 wide, name, json and yaml are"
            ))
        }
        Some(other) => Err(format!(
            "error: unable to match a printer suitable for the output format {other:?}, \
             allowed formats are: {FORMATS}"
        )),
    }
}

/// `TYPE[,TYPE] [NAME…]`, or `TYPE/NAME…`.
fn wanted(words: &[String]) -> Result<Vec<Wanted>, String> {
    let unknown = |word: &str| format!("error: the server doesn't have a resource type \"{word}\"");
    if words.iter().any(|word| word.contains('/')) {
        return words
            .iter()
            .map(|word| {
                let (kind, name) = word.split_once('/').ok_or_else(|| {
                    "error: there is no need to specify a resource type as a separate argument \
                     when passing arguments in resource/name form (e.g. 'kubectl get \
                     resource/<resource_name>' instead of 'kubectl get resource resource/\
                     <resource_name>'"
                        .to_owned()
                })?;
                let resource = Resource::named(kind).ok_or_else(|| unknown(kind))?;
                Ok(Wanted { resource, name: Some(name.to_owned()) })
            })
            .collect();
    }
    let Some((kinds, names)) = words.split_first() else {
        return Err("error: You must specify the type of resource to get. Use \"kubectl \
                    api-resources\" for a complete list of supported resources."
            .to_owned());
    };
    let resources = parse_list(kinds).map_err(|word| unknown(&word))?;
    Ok(match names {
        [] => resources.into_iter().map(|resource| Wanted { resource, name: None }).collect(),
        names => resources
            .into_iter()
            .flat_map(|resource| {
                names.iter().map(move |name| Wanted { resource, name: Some(name.clone()) })
            })
            .collect(),
    })
}

fn is_wanted(wanted: &Wanted, object: Object<'_>, matching: &Selector, flags: &Flags) -> bool {
    let here = !wanted.resource.namespaced
        || flags.is_on("all-namespaces")
        || object.namespace() == flags.namespace();
    let named = wanted.name.as_deref().is_none_or(|name| object.name() == name);
    here && named && matching.matches(object)
}

/// What the API server says of an object that is not there.
pub(super) fn not_found(resource: &Resource, name: &str) -> String {
    format!("Error from server (NotFound): {} \"{name}\" not found", resource.qualified())
}

fn bad_selector(wanted: &[Wanted], selector: &str, problem: &str) -> String {
    let resource = wanted[0].resource;
    let group = match resource.group {
        "" => "/v1".to_owned(),
        group => format!("{group}/v1"),
    };
    format!(
        "Error from server (BadRequest): Unable to find \"{group}, Resource={}\" that match label \
         selector \"{selector}\", field selector \"\": {problem}",
        resource.plural
    )
}
