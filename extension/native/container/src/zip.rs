//! Zip archives, and Squirrel's `.nupkg`, which is one.
//!
//! The central directory is read a record at a time and never held. Members that overlap are read like others, because
//! the total of what they unpack to is bounded.
//! https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT

use std::io;

use rawzip::{CompressionMethod, MAX_CENTRAL_DIRECTORY_RECORD_SIZE, ReaderAt, ZipArchive, ZipLocator};

use crate::bytes::{Bytes, Runs, for_each_block};
use crate::fault::{Fault, damaged};
use crate::gatherer::{Gatherer, Opened};
use crate::inflate::inflate;
use crate::nested::{Place, read_nested};

/// What a zip archive starts with, an empty one included.
pub(crate) fn is_zip(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
}

struct Reader<'a>(&'a dyn Bytes);

impl ReaderAt for Reader<'_> {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.0.read_at(offset, buffer)
    }
}

/// What the directory says of one member.
struct Entry {
    path: Vec<u8>,
    method: CompressionMethod,
    is_encrypted: bool,
    size: u64,
    crc32: u32,
    found: rawzip::ZipArchiveEntryWayfinder,
}

/// Gives every file of the archive to the gatherer.
pub(crate) fn read(place: &Place<'_>, gatherer: &mut Gatherer<'_>) -> Result<(), Fault> {
    let mut buffer = vec![0; MAX_CENTRAL_DIRECTORY_RECORD_SIZE];
    let located = ZipLocator::new().locate_in_reader(Reader(place.bytes), &mut buffer, place.bytes.size());
    let archive = located.map_err(|(_, error)| Fault::from_display(error))?;
    let mut entries = archive.entries(&mut buffer);
    while let Some(record) = entries.next_entry().map_err(Fault::from_display)? {
        if record.is_dir() {
            gatherer.check()?;
            continue;
        }
        let entry = Entry {
            path: record.file_path().as_bytes().to_vec(),
            method: record.compression_method(),
            is_encrypted: record.flags().is_encrypted(),
            size: record.uncompressed_size_hint(),
            crc32: record.crc32(),
            found: record.wayfinder(),
        };
        read_member(place, &archive, entry, gatherer)?;
    }
    Ok(())
}

fn read_member(
    place: &Place<'_>,
    archive: &ZipArchive<Reader<'_>>,
    entry: Entry,
    gatherer: &mut Gatherer<'_>,
) -> Result<(), Fault> {
    let path = place.path_of(&entry.path);
    let mut opened = gatherer.open(path.clone(), entry.size)?;
    let located = archive.get_entry(entry.found).map_err(Fault::from_display);
    let data = located.map(|found| {
        let (from, to) = found.compressed_data_range();
        Runs::part(place.bytes, from, to.saturating_sub(from))
    });
    let result = data.as_ref().map_err(Clone::clone).and_then(|data| unpack(data, &entry, &mut opened, gatherer));
    let is_whole = result.is_ok();
    gatherer.end(opened, result)?;
    match data {
        Ok(data) if is_whole && entry.method == CompressionMethod::STORE => read_nested(place, &path, &data, gatherer),
        _ => Ok(()),
    }
}

fn unpack(data: &dyn Bytes, entry: &Entry, opened: &mut Opened, gatherer: &mut Gatherer<'_>) -> Result<(), Fault> {
    if entry.is_encrypted {
        return damaged("is encrypted");
    }
    let mut made = 0u64;
    let mut crc = rawzip::Crc32::new();
    let mut emit = |bytes: &[u8]| {
        made += bytes.len() as u64;
        crc.update(bytes);
        gatherer.write(opened, bytes)
    };
    match entry.method {
        CompressionMethod::STORE => for_each_block(data, &mut emit)?,
        CompressionMethod::DEFLATE => inflate(data, &mut emit)?,
        other => return damaged(format!("is packed by method {}, which is not opened", other.as_u16())),
    }
    if made != entry.size {
        return damaged(format!("unpacks to {made} bytes, expected {}", entry.size));
    }
    if crc.checksum() != entry.crc32 {
        return damaged("has another CRC-32 than the directory says");
    }
    Ok(())
}
