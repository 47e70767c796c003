//! What a command line asks for: kinds, and objects of them by name or all that match.

use serde_json::Value;

use super::{Cluster, flags::Flags};
use crate::{
    Object,
    resource::{Resource, parse_list, unknown},
    selector::Selector,
};

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
    pub(super) fn is(&self, object: Object<'_>, matching: &Selector, flags: &Flags) -> bool {
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
        matching: &Selector,
        flags: &Flags,
        cluster: &dyn Cluster,
    ) -> Vec<Value> {
        let objects = cluster.objects(self.resource.kind).into_iter();
        objects.filter(|object| self.is(Object::new(object), matching, flags)).collect()
    }
}

/// `-l`, or the API server's words to one that is none.
pub(super) fn selector(flags: &Flags, wanted: &[Wanted]) -> Result<Selector, String> {
    let selector = flags.value("selector").unwrap_or_default();
    Selector::parse(selector).map_err(|problem| {
        let resource = wanted[0].resource;
        let group = match resource.group {
            "" => "/v1".to_owned(),
            group => format!("{group}/v1"),
        };
        format!(
            "Error from server (BadRequest): Unable to find \"{group}, Resource={}\" that match \
             label selector \"{selector}\", field selector \"\": {problem}",
            resource.plural
        )
    })
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
