//! OLE compound files, of which Windows installers are one kind.
//!
//! Sectors are chained through a table (FAT), small streams through a second one inside a stream of the root. Chains are
//! only followed as far as a stream's size asks, and that is never more than the file has, so a loop costs nothing.
//! Entries that hang in no tree are listed too: a broken directory hides nothing.
//! https://learn.microsoft.com/openspecs/windows_protocols/ms-cfb

use std::collections::VecDeque;

use crate::bytes::{Bytes, Runs, le16, le32, le64, read_exact, read_most, read_whole};
use crate::fault::{Fault, damaged, words};
use crate::gatherer::Gatherer;
use crate::nested::{Format, Place, read_nested};
use crate::{cab, msi};

const SIGNATURE: [u8; 8] = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
const HEADER_LENGTH: usize = 512;
const ENTRY_LENGTH: usize = 128;
/// The largest number of a sector; above are marks.
const MAX_SECTOR: u32 = 0xffff_fffa;
const HEADER_FAT_SECTORS: usize = 109;
/// Bytes of the table of small sectors: enough for 1 GiB of small streams, where real files have a few megabytes.
const MAX_MINI_FAT: u64 = 64 << 20;
const MINI_SHIFT: u32 = 6;

/// What a compound file starts with.
pub(crate) fn is_ole(head: &[u8]) -> bool {
    head.starts_with(&SIGNATURE)
}

/// An open compound file.
pub(crate) struct Compound<'a> {
    source: &'a dyn Bytes,
    shift: u32,
    fat: Vec<u32>,
    mini_fat: Vec<u32>,
    mini_cutoff: u64,
    mini_stream: Runs<'a>,
    /// The streams, in the order of the directory.
    pub(crate) streams: Vec<Stream>,
}

/// One stream.
pub(crate) struct Stream {
    /// Its name as UTF-16.
    pub(crate) name: Vec<u16>,
    /// Names of the storages that it lies in, the outermost first; empty for one of the root.
    pub(crate) storages: Vec<Vec<u16>>,
    start: u32,
    size: u64,
}

struct Entry {
    name: Vec<u16>,
    kind: u8,
    siblings: [u32; 2],
    child: u32,
    start: u32,
    size: u64,
}

const STORAGE: u8 = 1;
const STREAM: u8 = 2;
const ROOT: u8 = 5;
/// Storages inside one another, of which names are told.
const MAX_STORAGES: usize = 8;

impl<'a> Compound<'a> {
    /// Reads the tables and the directory.
    pub(crate) fn open(source: &'a dyn Bytes, gatherer: &Gatherer<'_>) -> Result<Self, Fault> {
        let mut header = [0; HEADER_LENGTH];
        read_exact(source, 0, &mut header)?;
        let shift = match (le16(&header, 26), le16(&header, 30)) {
            (3, 9) => 9,
            (4, 12) => 12,
            (version, shift) => return damaged(format!("has version {version} with sectors of 2^{shift} bytes")),
        };
        let mut compound = Compound {
            source,
            shift,
            fat: Vec::new(),
            mini_fat: Vec::new(),
            mini_cutoff: u64::from(le32(&header, 56)),
            mini_stream: Runs::new(source),
            streams: Vec::new(),
        };
        compound.read_fat(&header, gatherer)?;
        let mini_length = u64::from(le32(&header, 64)) << shift;
        let mini = compound.chain(le32(&header, 60), mini_length.min(source.size()))?;
        compound.mini_fat = numbers(&read_whole(&mini, MAX_MINI_FAT, "the table of small sectors")?);
        let directory = compound.chain(le32(&header, 48), ((gatherer.limits.members + 1) * ENTRY_LENGTH) as u64)?;
        let entries = compound.read_entries(&directory, version_of(shift), gatherer)?;
        if let Some(root) = entries.iter().find(|entry| entry.kind == ROOT) {
            compound.mini_stream = compound.chain(root.start, root.size.min(source.size()))?;
        }
        compound.streams = streams_of(entries);
        Ok(compound)
    }

    /// The content of a stream.
    pub(crate) fn content<'b>(&'b self, stream: &Stream) -> Result<Runs<'b>, Fault> {
        let is_small = stream.size < self.mini_cutoff;
        let room = if is_small { self.mini_stream.size() } else { self.source.size() };
        if stream.size > room {
            return damaged(format!("declares {} bytes, of {room} that there are", stream.size));
        }
        let mut content =
            if is_small { self.mini_chain(stream.start, stream.size)? } else { self.chain(stream.start, stream.size)? };
        if content.size() < stream.size {
            return damaged(format!("has sectors for {} of its {} bytes", content.size(), stream.size));
        }
        content.cut(stream.size);
        Ok(content)
    }

    fn sectors(&self) -> u64 {
        (self.source.size() >> self.shift).min(u64::from(MAX_SECTOR))
    }

    fn sector_at(&self, sector: u32) -> u64 {
        (u64::from(sector) + 1) << self.shift
    }

    /// The table of sectors: its own sectors are listed in the header, and then in a chain of lists.
    fn read_fat(&mut self, header: &[u8], gatherer: &Gatherer<'_>) -> Result<(), Fault> {
        let sector_length = 1usize << self.shift;
        let per_sector = sector_length / 4;
        let most = (self.sectors() as usize).div_ceil(per_sector);
        let mut listed = numbers(&header[76..76 + 4 * HEADER_FAT_SECTORS]);
        let mut list = le32(header, 68);
        let mut block = vec![0; sector_length];
        while list <= MAX_SECTOR && listed.len() < most {
            gatherer.check()?;
            read_exact(self.source, self.sector_at(list), &mut block)?;
            let mut more = numbers(&block);
            list = more.pop().unwrap_or(u32::MAX);
            listed.extend(more);
        }
        for sector in listed.into_iter().filter(|sector| *sector <= MAX_SECTOR).take(most) {
            gatherer.check()?;
            block.fill(0xff);
            // The last sector of a file is often cut short.
            read_most(self.source, self.sector_at(sector), &mut block)?;
            self.fat.extend(numbers(&block));
        }
        self.fat.truncate(self.sectors() as usize);
        Ok(())
    }

    /// The sectors from one on, as many as `size` bytes need, or until the chain ends.
    fn chain(&self, start: u32, size: u64) -> Result<Runs<'a>, Fault> {
        let mut runs = Runs::new(self.source);
        let mut sector = start;
        while sector <= MAX_SECTOR && runs.size() < size {
            runs.push(self.sector_at(sector), 1 << self.shift);
            match self.fat.get(sector as usize) {
                Some(next) => sector = *next,
                None => return damaged(format!("sector {sector} lies outside the file")),
            }
        }
        Ok(runs)
    }

    /// As `chain`, of small sectors.
    fn mini_chain(&self, start: u32, size: u64) -> Result<Runs<'_>, Fault> {
        let mut runs = Runs::new(&self.mini_stream);
        let mut sector = start;
        while sector <= MAX_SECTOR && runs.size() < size {
            runs.push(u64::from(sector) << MINI_SHIFT, 1 << MINI_SHIFT);
            match self.mini_fat.get(sector as usize) {
                Some(next) => sector = *next,
                None => return damaged(format!("small sector {sector} lies outside the file")),
            }
        }
        Ok(runs)
    }

    fn read_entries(&self, directory: &Runs<'_>, version: u16, gatherer: &Gatherer<'_>) -> Result<Vec<Entry>, Fault> {
        let mut entries = Vec::new();
        let mut block = vec![0; 1 << self.shift];
        let mut at = 0;
        // A loop repeats the directory; more entries than members are allowed is its end.
        while at < directory.size() && entries.len() <= gatherer.limits.members {
            gatherer.check()?;
            let got = read_most(directory, at, &mut block)?;
            entries.extend(block[..got].chunks_exact(ENTRY_LENGTH).map(|record| entry_of(record, version)));
            at += 1 << self.shift;
            if got < block.len() {
                break;
            }
        }
        Ok(entries)
    }
}

fn version_of(shift: u32) -> u16 {
    if shift == 9 { 3 } else { 4 }
}

fn entry_of(record: &[u8], version: u16) -> Entry {
    let name_length = usize::from(le16(record, 64)).min(64).saturating_sub(2) / 2;
    // The upper half of a size is not defined in version 3, and some writers leave rubbish there.
    let size = le64(record, 120);
    Entry {
        name: (0..name_length).map(|i| le16(record, 2 * i)).collect(),
        kind: record[66],
        siblings: [le32(record, 68), le32(record, 72)],
        child: le32(record, 76),
        start: le32(record, 116),
        size: if version == 3 { size & 0xffff_ffff } else { size },
    }
}

/// The streams with the storages that they lie in; every entry is visited once, whatever the tree says.
fn streams_of(entries: Vec<Entry>) -> Vec<Stream> {
    let mut storages: Vec<Option<Vec<Vec<u16>>>> = entries.iter().map(|_| None).collect();
    let mut open: VecDeque<(u32, Vec<Vec<u16>>)> = VecDeque::new();
    open.extend(entries.iter().find(|entry| entry.kind == ROOT).map(|root| (root.child, Vec::new())));
    while let Some((index, inside)) = open.pop_front() {
        let (Some(entry), Some(known)) = (entries.get(index as usize), storages.get_mut(index as usize)) else {
            continue;
        };
        if known.is_some() {
            continue;
        }
        open.extend(entry.siblings.iter().map(|sibling| (*sibling, inside.clone())));
        if entry.kind == STORAGE {
            let mut below = inside.clone();
            if below.len() < MAX_STORAGES {
                below.push(entry.name.clone());
            }
            open.push_back((entry.child, below));
        }
        *known = Some(inside);
    }
    let both = entries.into_iter().zip(storages).filter(|(entry, _)| entry.kind == STREAM);
    let streams = both.map(|(Entry { name, start, size, .. }, storages)| {
        let storages = storages.unwrap_or_default();
        Stream { name, storages, start, size }
    });
    streams.collect()
}

fn numbers(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks_exact(4).map(|field| le32(field, 0)).collect()
}

/// Gives every stream, and what is in cabinets among them, to the gatherer.
pub(crate) fn read(place: &Place<'_>, gatherer: &mut Gatherer<'_>) -> Result<Format, Fault> {
    let compound = Compound::open(place.bytes, gatherer)?;
    let is_installer = msi::is_installer(&compound);
    let names = if is_installer { msi::file_names(&compound, gatherer)? } else { cab::Names::new() };
    for stream in &compound.streams {
        let path = place.path_of(&path_of(stream));
        match words(compound.content(stream))? {
            Err(problem) => {
                let opened = gatherer.open(path, stream.size)?;
                gatherer.fail(opened, &problem);
            }
            Ok(content) => {
                gatherer.copy(path.clone(), &content)?;
                read_stream(place, &path, &content, &names, gatherer)?;
            }
        }
    }
    Ok(if is_installer { Format::Msi } else { Format::Ole })
}

/// Opens a stream that is a container. A cabinet's members go by the installer's names for them.
fn read_stream(
    place: &Place<'_>,
    path: &[u8],
    content: &dyn Bytes,
    names: &cab::Names,
    gatherer: &mut Gatherer<'_>,
) -> Result<(), Fault> {
    let mut head = [0; 4];
    let length = words(read_most(content, 0, &mut head))?.unwrap_or(0);
    if !cab::is_cab(&head[..length]) || place.level >= gatherer.limits.depth {
        return read_nested(place, path, content, gatherer);
    }
    let inner = Place { bytes: content, path, level: place.level + 1, in_zip: place.in_zip };
    if let Err(problem) = words(cab::read(&inner, names, gatherer))? {
        gatherer.note_of(path, &format!("cannot be read as cab: {problem}"));
    }
    Ok(())
}

fn path_of(stream: &Stream) -> Vec<u8> {
    let parts = stream.storages.iter().chain([&stream.name]);
    let names: Vec<String> = parts.map(|name| msi::decode_name(name)).collect();
    names.join("/").into_bytes()
}
