//! What a command line asks for: kinds, and objects of them by name or all that match.

use serde_json::Value;

use super::{Cluster, flags::Flags};
use crate::{
    Object,
    field_selector::FieldSelector,
    resource::{Resource, parse_list, unknown},
    selector::Selector,
};

/// What the API server says to everybody who asks for Endpoints; kubectl repeats a warning once.
pub(super) const ENDPOINTS_WARNING: &str =
    "Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice\n";

/// A kind, and one of its objects by name or all of them.
pub(super) struct Wanted {
    pub(super) resource: &'static Resource,
    pub(super) name: Option<String>,
}

impl Wanted {
    /// Reads `TYPE[,TYPE] [NAME…]`, or `TYPE/NAME…`.
    pub(super) fn parse(words: &[String], verb: &str) -> Result<Vec<Self>, String> {
        if words.iter().any(|word| word.contains('/')) {
            return words.iter().map(|word| Self::both(word)).collect();
        }
        let Some((kinds, names)) = words.split_first() else {
            return Err(format!(
                "error: You must specify the type of resource to {verb}. Use \"kubectl \
                 api-resources\" for a complete list of supported resources."
            ));
        };
        let resources = parse_list(kinds).map_err(|word| unknown(&word))?;
        let each = |resource: &'static Resource| match names {
            [] => vec![Self { resource, name: None }],
            names => names.iter().map(|name| Self { resource, name: Some(name.clone()) }).collect(),
        };
        Ok(resources.into_iter().flat_map(each).collect())
    }

    /// `TYPE/NAME`.
    fn both(word: &str) -> Result<Self, String> {
        let (kind, name) = word.split_once('/').ok_or_else(|| {
            "error: there is no need to specify a resource type as a separate argument when \
             passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' \
             instead of 'kubectl get resource resource/<resource_name>'"
                .to_owned()
        })?;
        let resource = Resource::named(kind).ok_or_else(|| unknown(kind))?;
        Ok(Self { resource, name: Some(name.to_owned()) })
    }

    /// Whether it is this object.
    pub(super) fn is(&self, object: Object<'_>, matching: &Matching, flags: &Flags) -> bool {
        let named = self.name.as_deref().is_none_or(|name| object.name() == name);
        self.is_here(object, flags) && named && matching.matches(object)
    }

    /// Whether an object of its kind is in the namespaces that are looked at.
    pub(super) fn is_here(&self, object: Object<'_>, flags: &Flags) -> bool {
        !self.resource.namespaced
            || flags.is_on("all-namespaces")
            || object.namespace() == flags.namespace()
    }

    /// Those of the cluster's objects that it is.
    pub(super) fn find(
        &self,
        matching: &Matching,
        flags: &Flags,
        cluster: &dyn Cluster,
    ) -> Vec<Value> {
        let objects = cluster.objects(self.resource.kind).into_iter();
        objects.filter(|object| self.is(Object::new(object), matching, flags)).collect()
    }
}

/// What objects have to say: `-l` and `--field-selector`.
pub(super) struct Matching {
    labels: Selector,
    fields: FieldSelector,
}

impl Matching {
    /// Reads both; an error is kubectl's words, or the API server's.
    pub(super) fn parse(flags: &Flags, wanted: &[Wanted]) -> Result<Self, String> {
        let said = |name: &str| flags.value(name).unwrap_or_default();
        let (labels, fields) = (said("selector"), said("field-selector"));
        if wanted.iter().any(|one| one.name.is_some()) && (!labels.is_empty() || !fields.is_empty())
        {
            let both = flags.words.iter().any(|word| word.contains('/'));
            return Err(match both {
                true => "error: selectors and the all flag cannot be used when passing \
                         resource/name arguments"
                    .to_owned(),
                false => "error: name cannot be provided when a selector is specified".to_owned(),
            });
        }
        let refused = |resource: &Resource, problem: String| {
            let group = match resource.group {
                "" => "/v1".to_owned(),
                group => format!("{group}/v1"),
            };
            format!(
                "Error from server (BadRequest): Unable to find \"{group}, Resource={}\" that match \
                 label selector \"{labels}\", field selector \"{fields}\": {problem}",
                resource.plural
            )
        };
        let first = |problem| refused(wanted[0].resource, problem);
        let matching = Self {
            labels: Selector::parse(labels).map_err(first)?,
            fields: FieldSelector::parse(fields).map_err(first)?,
        };
        for Wanted { resource, .. } in wanted {
            let checked = matching.fields.check(resource.kind);
            checked.map_err(|problem| refused(resource, problem))?;
        }
        Ok(matching)
    }

    fn matches(&self, object: Object<'_>) -> bool {
        self.labels.matches(object) && self.fields.matches(object)
    }
}

/// What the API server says of an object that is not there.
pub(super) fn not_found(resource: &Resource, name: &str) -> String {
    format!("Error from server (NotFound): {} \"{name}\" not found", resource.qualified())
}

/// What kubectl says where nothing matches and nothing was named.
pub(super) fn nothing_found(wanted: &[Wanted], flags: &Flags) -> String {
    let namespaced = wanted.iter().any(|one| one.resource.namespaced);
    let place = match namespaced && !flags.is_on("all-namespaces") {
        true => format!(" in {} namespace.", flags.namespace()),
        false => String::new(),
    };
    format!("No resources found{place}\n")
}
