//! A number or a percentage, as the API server takes it (`ValidatePositiveIntOrPercent`).

use api::{IntOrPercent, IntOrString};
use k8s_openapi::apimachinery::pkg::util::intstr;

use super::Checker;

impl Checker<'_> {
    /// A number or a percentage that is not negative; `None` where it is neither.
    pub(super) fn int_or_percent(
        &mut self,
        path: &str,
        written: intstr::IntOrString,
    ) -> Option<IntOrPercent> {
        let written = match written {
            intstr::IntOrString::Int(number) => IntOrString::Int(number),
            intstr::IntOrString::String(text) => IntOrString::String(text),
        };
        match (IntOrPercent::try_from(&written), &written) {
            (Ok(IntOrPercent::Int(number)), _) if number < 0 => {
                let detail = "must be greater than or equal to 0";
                self.invalid(path, number, detail, "write 0 or more");
            }
            (Ok(value), IntOrString::Int(_)) => return Some(value),
            // The sign parses as part of the number, and the API server refuses both signs.
            (Ok(value), IntOrString::String(text)) if !text.starts_with(['-', '+']) => {
                return Some(value);
            }
            _ => {
                let detail = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";
                let help = "write a number such as 1, or a percentage such as 25%";
                self.invalid(path, format!("\"{written}\""), detail, help);
            }
        }
        None
    }

    /// Says so where a percentage is more than all (`IsNotMoreThan100Percent`).
    pub(super) fn not_more_than_all(&mut self, path: &str, value: IntOrPercent) {
        if let IntOrPercent::Percent(percent @ 101..) = value {
            let detail = "must not be greater than 100%";
            self.invalid(path, format!("\"{percent}%\""), detail, "write 100% or less");
        }
    }
}
