//! The files a scenario was read from, and where in them something stands.
//!
//! This holds texts; it never opens a file (`read` does).

use std::sync::Arc;

use api::{Key, Kind};

use crate::{Place, field_path::FieldPath, yaml::Node};

/// A file among the [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(u32);

/// A stretch of a file, in bytes from its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Extent {
    /// The first byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
}

impl Extent {
    /// The stretch from `start` up to, without, `end`.
    #[must_use]
    pub fn new(start: usize, end: usize) -> Self {
        let narrow = |offset| u32::try_from(offset).expect("files are limited to 16 MiB");
        Self { start: narrow(start), end: narrow(end.max(start)) }
    }
}

/// A stretch of a certain file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct At {
    /// Which file.
    pub file: FileId,
    /// Where in it.
    pub extent: Extent,
}

/// One file as it was read.
#[derive(Clone, Debug)]
pub struct File {
    name: String,
    text: Arc<str>,
    line_starts: Vec<u32>,
}

impl File {
    /// Its name, as the user gave it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The index from 0 of the line that a byte stands in.
    pub(crate) fn line_index(&self, offset: u32) -> usize {
        self.line_starts.partition_point(|start| *start <= offset).saturating_sub(1)
    }

    /// Where a line begins, or the end of the text for a line that is not there.
    pub(crate) fn line_start(&self, line_index: usize) -> usize {
        self.line_starts.get(line_index).map_or(self.text.len(), |start| *start as usize)
    }

    /// An extent that ends with the line it begins in, because a block is pointed at by its head.
    pub(crate) fn first_line_of(&self, extent: Extent) -> Extent {
        let line_end = self.line_start(self.line_index(extent.start) + 1);
        let end = (extent.end as usize).min(line_end);
        let clipped = self.text.get(extent.start as usize..end).unwrap_or_default();
        let kept = if end < extent.end as usize { clipped.trim_end() } else { clipped };
        Extent::new(extent.start as usize, extent.start as usize + kept.len())
    }

    fn place(&self, offset: u32) -> Place {
        let line_index = self.line_index(offset);
        let before = self.text.get(self.line_start(line_index)..offset as usize);
        let column = before.map_or(0, |text| text.chars().filter(|c| *c != '\u{feff}').count());
        let from_one = |number: usize| u32::try_from(number + 1).unwrap_or(u32::MAX);
        Place { file: self.name.clone(), line: from_one(line_index), column: from_one(column) }
    }
}

/// One of the manifests that an object has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manifest {
    /// That of the object that is there from the start.
    Initial,
    /// What stands here, and a step applies.
    Applied(At),
}

/// A Kubernetes object and the tree it was read from.
#[derive(Clone, Debug)]
struct Written {
    kind: Kind,
    key: Key,
    manifest: Manifest,
    file: FileId,
    root: Arc<Node>,
}

/// Where a field of an object stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// The place of the field, or of its deepest ancestor that is there.
    pub place: Place,
    /// Whether it is the field itself.
    pub exact: bool,
    /// The path of what stands there; shorter than what was asked for where that is absent.
    pub path: String,
}

/// All files of one load, and which objects they hold.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<File>,
    objects: Vec<Written>,
}

impl Sources {
    /// Takes in a file.
    pub(crate) fn add(&mut self, name: String, text: String) -> FileId {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = breaks.map(|(index, _)| Extent::new(index + 1, index + 1).start);
        let line_starts = std::iter::once(0).chain(starts).collect();
        self.files.push(File { name, text: text.into(), line_starts });
        FileId(u32::try_from(self.files.len() - 1).expect("the number of files is limited"))
    }

    /// Remembers where an object was written, one of those that are applied where `applied` says so; the
    /// first of a key counts.
    pub(crate) fn add_object(
        &mut self,
        (kind, key): (Kind, Key),
        (file, root): (FileId, Arc<Node>),
        applied: bool,
    ) {
        let at = At { file, extent: root.extent };
        let manifest = if applied { Manifest::Applied(at) } else { Manifest::Initial };
        self.objects.push(Written { kind, key, manifest, file, root });
    }

    /// All files, in the order they were read.
    pub fn files(&self) -> impl Iterator<Item = (FileId, &File)> {
        (0..).map(FileId).zip(&self.files)
    }

    /// A file.
    #[must_use]
    pub fn file(&self, id: FileId) -> &File {
        &self.files[id.0 as usize]
    }

    /// The text of a file, to keep.
    pub(crate) fn text(&self, id: FileId) -> Arc<str> {
        self.files[id.0 as usize].text.clone()
    }

    /// Line and column where a stretch of text begins.
    #[must_use]
    pub fn place(&self, at: At) -> Place {
        self.file(at.file).place(at.extent.start)
    }

    /// The file and the tree that an object was read from.
    pub(crate) fn written(
        &self,
        (kind, key): (Kind, &Key),
        manifest: Manifest,
    ) -> Option<(FileId, &Arc<Node>)> {
        let mut objects = self.objects.iter();
        let written =
            objects.find(|it| it.kind == kind && it.key == *key && it.manifest == manifest)?;
        Some((written.file, &written.root))
    }

    /// Where a field of an object stands: a path such as
    /// `spec.template.spec.containers[0].lifecycle.preStop.sleep.seconds`.
    ///
    /// A field that is absent is located at its deepest ancestor that is there, which is where it
    /// would be added. `None` for an object that no file holds, and for a path that is none.
    #[must_use]
    pub fn locate(&self, object: (Kind, &Key), manifest: Manifest, path: &str) -> Option<Located> {
        let (file, root) = self.written(object, manifest)?;
        let found = path.parse::<FieldPath>().ok()?.find(root);
        let at = At { file, extent: found.name_extent() };
        Some(Located { place: self.place(at), exact: found.exact, path: found.path.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_skip_a_byte_order_mark() {
        let mut sources = Sources::default();
        let file = sources.add("a.yaml".to_owned(), "\u{feff}ä: ü\nb: 1\n".to_owned());
        let place = |offset| {
            let place = sources.place(At { file, extent: Extent::new(offset, offset) });
            (place.line, place.column)
        };
        assert_eq!(place(3), (1, 1));
        assert_eq!(place(7), (1, 4));
        assert_eq!(place(10), (2, 1));
        assert_eq!(place(15), (3, 1));
    }
}
