//! What a container is, and containers inside containers.
//!
//! Only what lies as it is can be opened in place: a stream of a compound file, a stored member, a file of a volume. A
//! packed member would have to be held in memory whole; it has its digest, and that it is a container is said.

use crate::bytes::{Bytes, read_most};
use crate::fault::{Fault, words};
use crate::gatherer::{Gatherer, HEAD_LENGTH};
use crate::{cab, dmg, ole, zip};

/// The kinds of container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A zip archive or `.nupkg`.
    Zip,
    /// A Windows installer.
    Msi,
    /// Another OLE compound file.
    Ole,
    /// A cabinet.
    Cab,
    /// An Apple disk image.
    Dmg,
}

impl Format {
    /// Its name, as in `containerFormats` of `extension/native/container.ts`.
    pub fn name(self) -> &'static str {
        match self {
            Format::Zip => "zip",
            Format::Msi => "msi",
            Format::Ole => "ole",
            Format::Cab => "cab",
            Format::Dmg => "dmg",
        }
    }
}

/// One container: its bytes, and where it lies.
pub(crate) struct Place<'a> {
    pub(crate) bytes: &'a dyn Bytes,
    /// Path of the container inside the outermost file; empty for that file itself.
    pub(crate) path: &'a [u8],
    /// 1 for the outermost file.
    pub(crate) level: u32,
    /// Whether it, or one around it, is a zip archive.
    pub(crate) in_zip: bool,
}

impl Place<'_> {
    /// Path of a member: the container's, a slash, its name.
    pub(crate) fn path_of(&self, name: &[u8]) -> Vec<u8> {
        if self.path.is_empty() { name.to_vec() } else { [self.path, b"/", name].concat() }
    }
}

/// What some bytes are, by their head, and a disk image by its trailer.
pub(crate) fn detect(bytes: &dyn Bytes) -> Result<Option<Format>, Fault> {
    let mut head = [0; HEAD_LENGTH];
    let length = read_most(bytes, 0, &mut head)?;
    let head = &head[..length];
    Ok(if zip::is_zip(head) {
        Some(Format::Zip)
    } else if ole::is_ole(head) {
        Some(Format::Ole)
    } else if cab::is_cab(head) {
        Some(Format::Cab)
    } else if dmg::is_dmg(bytes)? {
        Some(Format::Dmg)
    } else {
        None
    })
}

/// Reads a container; answers what it turned out to be.
pub(crate) fn read_as(format: Format, place: &Place<'_>, gatherer: &mut Gatherer<'_>) -> Result<Format, Fault> {
    match format {
        Format::Zip => zip::read(place, gatherer)?,
        Format::Ole | Format::Msi => return ole::read(place, gatherer),
        Format::Cab => cab::read(place, &cab::Names::new(), gatherer)?,
        Format::Dmg => dmg::read(place, gatherer)?,
    }
    Ok(format)
}

/// Opens a member that lies as it is, if it is a container. Its damage is noted and ends nothing else.
pub(crate) fn read_nested(
    outer: &Place<'_>,
    path: &[u8],
    bytes: &dyn Bytes,
    gatherer: &mut Gatherer<'_>,
) -> Result<(), Fault> {
    let format = match words(detect(bytes))? {
        Ok(Some(format)) if !(format == Format::Zip && outer.in_zip) => format,
        _ => return Ok(()),
    };
    if outer.level >= gatherer.limits.depth {
        gatherer.note_of(path, &format!("is a container ({}) nested too deep; it was not opened", format.name()));
        return Ok(());
    }
    let in_zip = outer.in_zip || format == Format::Zip;
    let place = Place { bytes, path, level: outer.level + 1, in_zip };
    if let Err(problem) = words(read_as(format, &place, gatherer))? {
        gatherer.note_of(path, &format!("cannot be read as {}: {problem}", format.name()));
    }
    Ok(())
}
