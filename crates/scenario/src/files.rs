//! Who opens files: the crate itself never does.

use std::io;

/// What is at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A file.
    File,
    /// A folder with the names of what is in it, in any order.
    Folder(Vec<String>),
}

/// The files as the caller sees them: a disk, an archive, the text area of a page.
///
/// Paths are separated by `/` and come from the user or from `spec.manifests`; `-` is standard
/// input and always a file.
pub trait Files {
    /// What is at a path.
    ///
    /// # Errors
    /// Whatever keeps the path from being looked at, such as its not being there.
    fn look(&self, path: &str) -> io::Result<Found>;

    /// A file's bytes, `most` + 1 of them at most: one more than wanted says that it is too large.
    ///
    /// # Errors
    /// Whatever keeps the file from being read.
    fn read(&self, path: &str, most: usize) -> io::Result<Vec<u8>>;
}
