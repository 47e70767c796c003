//! Files for the scenario reader.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read},
};

use scenario::{Files, Found};

/// The file system and standard input.
pub(crate) struct Disk;

impl Files for Disk {
    fn look(&self, path: &str) -> io::Result<Found> {
        if path == "-" || !fs::metadata(path)?.is_dir() {
            return Ok(Found::File);
        }
        let names = fs::read_dir(path)?
            .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
            .collect::<io::Result<Vec<_>>>()?;
        Ok(Found::Folder(names))
    }

    fn read(&self, path: &str, most: usize) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let limit = most as u64 + 1;
        if path == "-" {
            io::stdin().lock().take(limit).read_to_end(&mut bytes)?;
        } else {
            File::open(path)?.take(limit).read_to_end(&mut bytes)?;
        }
        Ok(bytes)
    }
}

/// The same for who reads several times: each file is read once, so that all readings see the same
/// text, and standard input can be read again.
#[derive(Default)]
pub(crate) struct Kept(RefCell<BTreeMap<String, Vec<u8>>>);

impl Files for Kept {
    fn look(&self, path: &str) -> io::Result<Found> {
        Disk.look(path)
    }

    fn read(&self, path: &str, most: usize) -> io::Result<Vec<u8>> {
        if let Some(bytes) = self.0.borrow().get(path) {
            return Ok(bytes.clone());
        }
        let bytes = Disk.read(path, most)?;
        self.0.borrow_mut().insert(path.to_owned(), bytes.clone());
        Ok(bytes)
    }
}
