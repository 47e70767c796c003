//! Files to a validated [`Scenario`], with diagnostics.
//!
//! [`load`] reads a scenario and the Kubernetes manifests it rehearses, finds everything that is
//! wrong with them in one go, and says so with file, line and column. It opens no file itself
//! ([`Files`] does), runs nothing, and never panics whatever the text is.
//!
//! | module | its noun |
//! |---|---|
//! | `load` | the way from paths to a scenario, in the order things are looked at |
//! | `files`, `read`, `source` | who opens files, which files there are, their texts and places |
//! | `yaml`, `field_path`, `deserializer` | trees with places, ways into them, trees to types |
//! | `edit` | which lines of a file to change for a field |
//! | `document`, `kinds` | what a document is, and which kinds of objects Kubernetes knows |
//! | `kubernetes` | Deployments, Pods, Services and EndpointSlices as the API server takes them |
//! | `objects` | all objects of a load, and what is wrong between them |
//! | `spec` | the document of kind Scenario |
//! | `consistency` | what is wrong between the scenario and the objects |
//! | `closing` | namespaces that steps delete |
//! | `course` | which Services and which versions of pods there are when |
//! | `target_ports` | whether anybody listens where Services lead |
//! | `profile`, `default_scenario`, `applied_paths` | named clusters; what is rehearsed where nobody wrote a scenario |
//! | `quantity`, `rate` | `500m`, `2Gi`; `200/s` |
//! | `schema` | the JSON Schema of that document, made of tables and of the catalogue of policies |
//! | `variation` | fields that are to have several values in turn, and the tree with one of them |
//! | `diagnostic`, `codes`, `render` | what was found, its kinds, and how it looks |
//! | `offered_load` | the same scenario with more or fewer requests |
//! | `scenario` | the result: plain data, every default filled, every name resolved |

mod applied_paths;
mod closing;
mod codes;
mod consistency;
mod course;
mod default_scenario;
mod deserializer;
mod diagnostic;
mod document;
mod edit;
mod field_path;
mod files;
mod kinds;
mod kubernetes;
mod load;
mod objects;
mod offered_load;
mod profile;
mod quantity;
mod rate;
mod read;
mod render;
mod scenario;
mod schema;
mod source;
mod spec;
mod target_ports;
mod variation;
mod yaml;

#[cfg(test)]
mod tests;

pub use codes::{Code, UnknownCode};
pub use diagnostic::{Diagnostic, Label, Severity};
pub use edit::{Edit, EditAction};
pub use files::{Files, Found};
pub use kubernetes::validation;
pub use load::{Complaint, Judge, Loaded, Summary, load, load_applying, load_variant};
pub use render::{Style, render};
pub use scenario::{
    Action, Arrivals, Backend, Beside, Client, Cluster, Connections, ControlPlaneTimings, Dns,
    Expectation, Fault, From, Host, Image, IngressController, Keeping, Kubelet, LoadBalancer, Mesh,
    NameCache, Network, Node, OnSigterm, Place, Port, Proxy, ProxyMode, Readiness, Retries,
    Scenario, States, Step, Target, Targets, TemplateChange, WarmUp, WeightedBackend,
};
pub use schema::{FieldHelp, fields, schema};
pub use source::{At, Extent, File, FileId, Located, Manifest, Sources};
pub use variation::{Unvaried, Variant, Variation};
