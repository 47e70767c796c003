//! Several variants held against one of them: for a terminal, for programs, and drawn.
//!
//! All numbers come from [`Comparison`], which also says what is real; here they get their digits.
//!
//! | module | what |
//! |---|---|
//! | `amount` | a mean with as many digits as its interval leaves it |
//! | `sentence` | what is real, in sentences |
//! | [`mod@text`], [`mod@json`] | the two forms |

mod amount;
pub mod json;
pub(crate) mod sentence;
pub mod text;

use std::collections::BTreeSet;

use metrics::Comparison;

pub use json::json;
pub use text::text;

/// Everything that is shown of a comparison.
#[derive(Clone, Debug)]
pub struct ComparisonReport<'a> {
    /// The program and its version: `rollsim 0.1.0`.
    pub tool: &'a str,
    /// The scenario's name.
    pub scenario: &'a str,
    /// What the scenario says about itself; may be empty.
    pub description: &'a str,
    /// For each variant its fields with their values, as they were written.
    pub settings: Vec<Vec<(String, String)>>,
    /// What came of the runs.
    pub comparison: &'a Comparison,
    /// Reasons not to trust it, besides those of the comparison.
    pub warnings: Vec<String>,
}

impl ComparisonReport<'_> {
    /// All reasons not to trust the result: the comparison's own, then the others.
    pub(crate) fn all_warnings(&self) -> impl Iterator<Item = &str> {
        self.comparison.warnings.iter().chain(&self.warnings).map(String::as_str)
    }
}

/// So much of a name is seen at each end where a table has little room.
const SEEN: usize = 9;

/// The same with a number for each variant, `#1` for the first, where names are so long that tables would
/// show the same of several. What a variant is called then is made of its number and its name.
pub(crate) fn with_numbers(
    comparison: &Comparison,
    called: impl Fn(String, &str) -> String,
) -> Option<Comparison> {
    let seen = |name: &String| {
        let letters: Vec<char> = name.chars().collect();
        match letters.len() {
            length if length > 2 * SEEN + 1 => {
                (letters[..SEEN].to_vec(), letters[length - SEEN..].to_vec())
            }
            _ => (letters, Vec::new()),
        }
    };
    let distinct: BTreeSet<_> = comparison.variants.iter().map(seen).collect();
    (distinct.len() < comparison.variants.len()).then(|| {
        let names = (1..).zip(&comparison.variants);
        let variants = names.map(|(number, name)| called(format!("#{number}"), name)).collect();
        Comparison { variants, ..comparison.clone() }
    })
}
