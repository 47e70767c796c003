//! A row of the file: a question, and the numbers that are known to answer it.

use serde_json::Value;

/// A row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'a>(pub(crate) &'a Value);

impl<'a> Row<'a> {
    /// Its name, which no other has.
    pub(crate) fn id(self) -> &'a str {
        self.0["id"].as_str().expect("a name")
    }

    /// The family of rows that it belongs to.
    pub(crate) fn family(self) -> &'a str {
        self.0["policy"].as_str().expect("a name")
    }

    /// What is asked about.
    pub(crate) fn input(self, name: &str) -> &'a Value {
        &self.0["input"][name]
    }

    /// What is known.
    pub(crate) fn expected(self, name: &str) -> &'a Value {
        &self.0["expected"][name]
    }

    /// A number of the question.
    pub(crate) fn given(self, name: &str) -> f64 {
        self.input(name).as_f64().unwrap_or_else(|| panic!("{}: no {name}", self.id()))
    }

    /// A whole number of the question.
    pub(crate) fn count(self, name: &str) -> u64 {
        self.input(name).as_u64().unwrap_or_else(|| panic!("{}: no {name}", self.id()))
    }

    /// A number of the answer.
    pub(crate) fn known(self, name: &str) -> f64 {
        self.expected(name).as_f64().unwrap_or_else(|| panic!("{}: no {name}", self.id()))
    }

    /// A list of numbers of the answer.
    pub(crate) fn known_list(self, name: &str) -> Vec<f64> {
        let list = self.expected(name).as_array().into_iter().flatten();
        list.map(|value| value.as_f64().expect("a number")).collect()
    }

    /// The seed of its run of this number: made of its name, so that no two rows share their luck.
    pub(crate) fn seed(self, run: u64) -> u64 {
        // FNV-1a.
        let fold = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
        let text = self.id().bytes().chain(run.to_le_bytes());
        text.fold(0xCBF2_9CE4_8422_2325, fold)
    }
}
