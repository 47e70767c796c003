//! Fields of the Scenario that are to have several values in turn, as the command line says it.
//!
//! The options become a small text of their own, one a line, so that what is wrong with a value
//! is shown where the user wrote it. A value is put into the document before that is read, and so
//! meets the same checks as one that was written there.

mod options;
mod substitution;

use std::sync::Arc;

use self::options::Varied;
pub(crate) use self::substitution::substituted;
use crate::{Diagnostic, Sources, diagnostic::suggest};

/// What the text of the options is called where a diagnostic points into it.
const NAME: &str = Variation::NAME;
/// More variants are no comparison that anybody reads.
const MOST_VARIANTS: usize = 100;

/// Fields and the values that they are to have.
#[derive(Clone, Debug)]
pub struct Variation {
    /// The options, one a line.
    text: Arc<str>,
    fields: Vec<Varied>,
}

/// What is wrong with the options, and their text to point into.
#[derive(Clone, Debug)]
pub struct Unvaried {
    /// The text.
    pub sources: Sources,
    /// What was found, errors all of them.
    pub diagnostics: Vec<Diagnostic>,
}

/// One value for each field.
#[derive(Clone, Debug)]
pub struct Variant {
    /// Where each field's value is among its values.
    places: Vec<usize>,
    /// What people call it: its values, as they were written.
    name: String,
}

impl Variant {
    /// What people call it: its values, as they were written.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Variation {
    /// What the file of the variants is called in messages.
    pub const NAME: &'static str = "--vary";

    /// Reads options such as `cluster.proxy.mode=iptables,nftables`.
    ///
    /// # Errors
    /// Where a field or its values are missing, there is nothing to compare, or one is there twice.
    pub fn read(options: &[String]) -> Result<Self, Unvaried> {
        let text: Arc<str> = options.join("\n").into();
        options::read(&text).map(|fields| Self { text, fields })
    }

    /// All combinations of the values; those of the last field change first.
    #[must_use]
    pub fn variants(&self) -> Vec<Variant> {
        let mut all: Vec<Vec<usize>> = vec![Vec::new()];
        for field in &self.fields {
            let values = 0..field.values.len();
            let longer = |places: &Vec<usize>| {
                let values = values.clone();
                let with = |place| places.iter().copied().chain([place]).collect::<Vec<_>>();
                values.map(with).collect::<Vec<_>>()
            };
            all = all.iter().flat_map(longer).collect();
        }
        let named = |places: Vec<usize>| Variant { name: self.name(&places), places };
        all.into_iter().map(named).collect()
    }

    /// The fields of a variant with their values, as they were written.
    #[must_use]
    pub fn settings(&self, variant: &Variant) -> Vec<(String, String)> {
        let settings = self.fields.iter().zip(&variant.places);
        let written = settings.map(|(field, place)| {
            (field.name.of(&self.text).to_owned(), field.values[*place].of(&self.text).to_owned())
        });
        written.collect()
    }

    /// The place among the variants of the one with these values.
    ///
    /// # Errors
    /// What there is instead, for a help line.
    pub fn named(&self, values: &str) -> Result<usize, String> {
        let wanted = options::split(values, 0).iter().map(|part| part.of(values)).collect();
        let wanted: Vec<&str> = wanted;
        let wanted = wanted.join(BETWEEN);
        let variants = self.variants();
        let found = variants.iter().position(|variant| variant.name == wanted);
        found.ok_or_else(|| {
            suggest(&wanted, "variant", variants.iter().map(|variant| variant.name.as_str()))
        })
    }

    fn name(&self, places: &[usize]) -> String {
        let values = self.fields.iter().zip(places);
        let values: Vec<&str> =
            values.map(|(field, place)| field.values[*place].of(&self.text)).collect();
        values.join(BETWEEN)
    }
}

/// Between the values in the name of a variant.
const BETWEEN: &str = ", ";
