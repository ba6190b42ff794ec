//! Single files: their metadata, and pieces of their content.

use crate::beneath::Roots;
use crate::failure::Failure;
use crate::reading::regular;
use crate::system::{self, Kind, Meta};

/// Bytes read at once; also what is set aside for a file that lies about its size.
const BLOCK: usize = 256 << 10;

/// Metadata of a regular file below a root.
pub fn stat(roots: &Roots, root: u32, path: &[u8]) -> Result<Meta, Failure> {
    let meta = if path.is_empty() {
        roots.stat_root(root)?
    } else {
        let (parent, name) = roots.open_parent(root, path)?;
        system::stat_at(&parent, &name)?
    };
    match meta.kind() {
        Kind::Regular => Ok(meta),
        kind => Err(Failure::not_regular(kind)),
    }
}

/// Up to `length` bytes at `offset` of a regular file below a root; fewer at its end.
pub fn read(roots: &Roots, root: u32, path: &[u8], offset: u64, length: usize) -> Result<Vec<u8>, Failure> {
    let fd = roots.open_file(root, path)?;
    regular(&fd)?;
    let mut out = Vec::new();
    while out.len() < length {
        let from = out.len();
        out.resize(from + BLOCK.min(length - from), 0);
        let at = offset.saturating_add(from as u64);
        let got = system::read_at(&fd, &mut out[from..], at);
        out.truncate(from + *got.as_ref().unwrap_or(&0));
        if got? == 0 {
            break;
        }
    }
    Ok(out)
}
