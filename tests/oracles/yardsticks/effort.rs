//! How much a run may cost.

/// How long the runs are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    /// Of every day, a minute or two for all.
    Everyday,
    /// For the report.
    Long,
}

impl Effort {
    /// The one or the other.
    pub(crate) fn of<T>(self, everyday: T, long: T) -> T {
        match self {
            Self::Everyday => everyday,
            Self::Long => long,
        }
    }
}
