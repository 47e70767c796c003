//! Where results go: standard output, which may be closed early, and files.

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

/// Prints a result. A reader that has gone (`| head`) is no failure.
pub(crate) fn print(text: &str) -> io::Result<()> {
    quietly(anstream::stdout().lock().write_all(text.as_bytes()))
}

/// Prints bytes as they are.
pub(crate) fn print_bytes(bytes: &[u8]) -> io::Result<()> {
    quietly(io::stdout().lock().write_all(bytes))
}

/// Says something about the input. Nobody is helped if that fails.
pub(crate) fn warn(text: &str) {
    let text = text.trim_end_matches('\n');
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// Whether what goes to stderr may be coloured.
pub(crate) fn stderr_in_colour() -> bool {
    anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never
}

/// Writes a file, and its folder if that is missing; an error names the file.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    make_folder_of(path)?;
    fs::write(path, bytes).map_err(|error| named(path, &error))
}

/// Makes the folder that a file is to be in.
pub(crate) fn make_folder_of(path: &Path) -> io::Result<()> {
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => fs::create_dir_all(folder).map_err(|error| named(folder, &error)),
        None => Ok(()),
    }
}

/// An error that names its file.
pub(crate) fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

fn quietly(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
