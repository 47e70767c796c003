use crate::{case::Case, fields::Problem};
pub(crate) fn check(case: &Case) -> Result<(), Problem> {
    case.unknown()
}
