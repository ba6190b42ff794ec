//! HFS+ and HFSX volumes, read only: the files of the catalog and their data forks.
//!
//! The leaves of the catalog are read one after another along their links, which needs no comparing of names; no more
//! leaves are read than the catalog has room for, so a loop ends. Files packed by the file system (decmpfs) have an
//! empty data fork: they are listed without a digest. Links are not files, and resource forks are not read.
//! https://developer.apple.com/library/archive/technotes/tn/tn1150.html

use std::collections::HashMap;

use crate::bytes::{Bytes, Runs, be16, be32, be64, read_exact};
use crate::fault::{Fault, damaged, words};
use crate::gatherer::Gatherer;
use crate::nested::{Place, read_nested};

const HEADER_AT: u64 = 1024;
const EXTENTS: usize = 8;
const LEAF: u8 = 0xff;
const FOLDER: u16 = 1;
const FILE: u16 = 2;
const ROOT_FOLDER: u32 = 2;
const EXTENTS_FILE: u32 = 3;
const CATALOG_FILE: u32 = 4;
/// Folders inside one another.
const MAX_DEPTH: usize = 64;
const TYPE_MASK: u16 = 0xf000;
const REGULAR: u16 = 0x8000;
const COMPRESSED: u8 = 0x20;
/// Leaves of a tree: of 8 KiB each, they would be 8 GiB.
const MAX_LEAVES: u64 = 1 << 20;
/// Pieces of files beyond their first eight.
const MAX_PIECES: usize = 1 << 20;

/// Whether a volume header starts so.
pub(crate) fn is_hfs(header: &[u8]) -> bool {
    header.starts_with(b"H+") || header.starts_with(b"HX")
}

struct Fork {
    size: u64,
    extents: Vec<(u32, u32)>,
}

struct File {
    parent: u32,
    name: String,
    id: u32,
    fork: Fork,
    is_compressed: bool,
}

struct Volume<'a> {
    bytes: &'a dyn Bytes,
    block_size: u64,
    /// Pieces of data forks beyond the first eight, by file and the block of the file that they start at.
    overflow: HashMap<(u32, u32), Vec<(u32, u32)>>,
}

/// Gives every file to the gatherer.
pub(crate) fn read(place: &Place<'_>, bytes: &dyn Bytes, gatherer: &mut Gatherer<'_>) -> Result<(), Fault> {
    let mut header = [0; 512];
    read_exact(bytes, HEADER_AT, &mut header)?;
    let block_size = u64::from(be32(&header, 40));
    if !block_size.is_power_of_two() || !(512..=1 << 20).contains(&block_size) {
        return damaged(format!("has blocks of {block_size} bytes"));
    }
    let mut volume = Volume { bytes, block_size, overflow: HashMap::new() };
    if let Err(problem) = words(volume.read_overflow(&fork_of(&header[192..272]), gatherer))? {
        gatherer.note(format!("pieces of files beyond the first {EXTENTS} are unknown: {problem}"));
    }
    let mut folders = HashMap::new();
    let mut files = Vec::new();
    let most = gatherer.limits.members;
    let catalog = volume.content(CATALOG_FILE, &fork_of(&header[272..352]))?;
    let mut names_left = gatherer.limits.names_bytes;
    let walked = for_each_leaf_record(&catalog, gatherer, |record| {
        let Some((parent, name, data)) = catalog_record(record) else { return Ok(()) };
        names_left = names_left.saturating_sub(name.len() as u64);
        if folders.len() + files.len() > most || names_left == 0 {
            return Err(crate::fault::Stop::TooMany.into());
        }
        match be16(data, 0) {
            FOLDER if data.len() >= 12 => drop(folders.insert(be32(data, 8), (parent, name))),
            FILE if data.len() >= 168 && matches!(be16(data, 42) & TYPE_MASK, 0 | REGULAR) => {
                let fork = fork_of(&data[88..168]);
                files.push(File { parent, name, id: be32(data, 8), fork, is_compressed: data[41] & COMPRESSED != 0 });
            }
            _ => {}
        }
        Ok(())
    });
    // In the order of their places, blocks of the image are unpacked once.
    files.sort_by_key(|file| file.fork.extents.first().map_or(0, |(start, _)| *start));
    for file in &files {
        volume.read_file(place, &path_of(file, &folders), file, gatherer)?;
    }
    match walked {
        Err(Fault::Damaged(problem)) => {
            gatherer.note(format!("the catalog is damaged; files may be missing: {problem}"));
            Ok(())
        }
        ended => ended,
    }
}

impl<'a> Volume<'a> {
    fn read_file(&self, place: &Place<'_>, path: &str, file: &File, gatherer: &mut Gatherer<'_>) -> Result<(), Fault> {
        let path = place.path_of(path.as_bytes());
        if file.is_compressed && file.fork.size == 0 {
            let opened = gatherer.open(path, 0)?;
            gatherer.fail(opened, "is packed by the file system, which is not unpacked");
            return Ok(());
        }
        match words(self.content(file.id, &file.fork))? {
            Ok(content) => {
                gatherer.copy(path.clone(), &content)?;
                read_nested(place, &path, &content, gatherer)
            }
            Err(problem) => {
                let opened = gatherer.open(path, file.fork.size)?;
                gatherer.fail(opened, &problem);
                Ok(())
            }
        }
    }

    /// The bytes of a fork.
    fn content(&self, id: u32, fork: &Fork) -> Result<Runs<'a>, Fault> {
        if fork.size > self.bytes.size() {
            return damaged(format!("declares {} bytes, more than the volume has", fork.size));
        }
        let mut runs = Runs::new(self.bytes);
        let mut blocks = 0u32;
        let mut pieces = Some(&fork.extents);
        while let Some(extents) = pieces.filter(|_| runs.size() < fork.size) {
            let before = blocks;
            for (start, count) in extents {
                runs.push(u64::from(*start) * self.block_size, u64::from(*count) * self.block_size);
                blocks = blocks.saturating_add(*count);
            }
            // Pieces go on where those before end, so that none is used twice.
            pieces = self.overflow.get(&(id, blocks)).filter(|_| blocks > before);
        }
        if fork.size > runs.size() {
            return damaged(format!("has blocks for {} of its {} bytes", runs.size(), fork.size));
        }
        runs.cut(fork.size);
        Ok(runs)
    }

    fn read_overflow(&mut self, fork: &Fork, gatherer: &Gatherer<'_>) -> Result<(), Fault> {
        if fork.size == 0 {
            return Ok(());
        }
        let tree = self.content(EXTENTS_FILE, fork)?;
        let mut pieces = 0;
        let overflow = &mut self.overflow;
        for_each_leaf_record(&tree, gatherer, |record| {
            let is_data_fork = record.get(2) == Some(&0);
            let extents = extents_of(record.get(12..).unwrap_or_default());
            pieces += extents.len();
            if is_data_fork && !extents.is_empty() && pieces <= MAX_PIECES {
                overflow.insert((be32(record, 4), be32(record, 8)), extents);
            }
            Ok(())
        })
    }
}

fn fork_of(bytes: &[u8]) -> Fork {
    Fork { size: be64(bytes, 0), extents: extents_of(&bytes[16..]) }
}

fn extents_of(bytes: &[u8]) -> Vec<(u32, u32)> {
    let pairs = bytes.chunks_exact(8).take(EXTENTS).map(|pair| (be32(pair, 0), be32(pair, 4)));
    pairs.take_while(|(_, count)| *count > 0).collect()
}

/// Parent, name and data of a catalog record.
fn catalog_record(record: &[u8]) -> Option<(u32, String, &[u8])> {
    let key_length = usize::from(be16(record, 0));
    let name_length = usize::from(be16(record, 6));
    let name = record.get(8..8 + 2 * name_length)?;
    let units: Vec<u16> = name.chunks_exact(2).map(|unit| be16(unit, 0)).collect();
    // On disk a slash is a letter of a name, and the system shows it as a colon.
    let name = String::from_utf16_lossy(&units).replace('/', ":");
    Some((be32(record, 2), name, record.get((2 + key_length).next_multiple_of(2)..)?))
}

fn path_of(file: &File, folders: &HashMap<u32, (u32, String)>) -> String {
    let mut names = vec![file.name.as_str()];
    let mut at = file.parent;
    while at != ROOT_FOLDER && names.len() < MAX_DEPTH {
        let Some((parent, name)) = folders.get(&at) else { break };
        names.push(name);
        at = *parent;
    }
    names.reverse();
    names.join("/")
}

/// Calls with every record of every leaf of a tree.
fn for_each_leaf_record(
    tree: &dyn Bytes,
    gatherer: &Gatherer<'_>,
    mut call: impl FnMut(&[u8]) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut header = [0; 48];
    read_exact(tree, 0, &mut header)?;
    let node_size = be16(&header, 32);
    if !node_size.is_power_of_two() || node_size < 512 {
        return damaged(format!("has a tree with nodes of {node_size} bytes"));
    }
    let mut node = vec![0; usize::from(node_size)];
    let mut number = be32(&header, 24);
    let mut left = (tree.size() / u64::from(node_size)).min(MAX_LEAVES);
    while number != 0 {
        gatherer.check()?;
        left = match left.checked_sub(1) {
            Some(left) => left,
            None => return damaged("has a tree whose leaves go round in a circle"),
        };
        read_exact(tree, u64::from(number) * u64::from(node_size), &mut node)?;
        if node[8] != LEAF {
            return damaged(format!("node {number} is no leaf"));
        }
        let offset =
            |index: usize| node.len().checked_sub(2 * (index + 1)).map_or(0, |at| usize::from(be16(&node, at)));
        for index in 0..usize::from(be16(&node, 10)) {
            match node.get(offset(index)..offset(index + 1)) {
                Some(record) => call(record)?,
                None => return damaged(format!("node {number} has a record outside it")),
            }
        }
        number = be32(&node, 0);
    }
    Ok(())
}
