//! Apple disk images (UDIF): a trailer, a property list with tables of blocks, and blocks that are packed one by one.
//!
//! The tables together describe one disk; on it each partition that is an HFS+ volume is opened. APFS volumes are not,
//! and blocks packed by LZFSE or LZMA are not unpacked: for both it is said. Blocks are unpacked when they are asked
//! for, and the last few are kept.
//! http://newosxbook.com/DMG.html

use std::cell::RefCell;
use std::io::{self, Read};
use std::rc::Rc;

use crate::bytes::{Bytes, Runs, be32, be64, read_exact, read_most, read_whole};
use crate::fault::{Fault, damaged, words};
use crate::gatherer::Gatherer;
use crate::hfs;
use crate::inflate::inflate_zlib;
use crate::nested::Place;

const TRAILER_LENGTH: u64 = 512;
const SECTOR: u64 = 512;
/// Bytes of the property list: real ones have less than one megabyte for every gigabyte of the image.
const MAX_PLIST: u64 = 16 << 20;
/// Bytes that one block unpacks to at most; tools write 256 KiB to 1 MiB.
const MAX_BLOCK: u64 = 8 << 20;
/// Unpacked blocks that are kept.
const KEPT_BLOCKS: usize = 4;
const TABLE_HEADER: usize = 204;
const TABLE_ROW: usize = 40;
/// Partitions that are looked at.
const MAX_PARTITIONS: usize = 128;

/// Whether there is the trailer of an image, or the mark of an encrypted one.
pub(crate) fn is_dmg(bytes: &dyn Bytes) -> Result<bool, Fault> {
    let mut mark = [0; 8];
    let Some(at) = bytes.size().checked_sub(TRAILER_LENGTH) else { return Ok(false) };
    read_exact(bytes, at, &mut mark)?;
    if mark.starts_with(b"koly") {
        return Ok(true);
    }
    read_exact(bytes, 0, &mut mark)?;
    Ok(mark == *b"encrcdsa")
}

/// Gives every file of the volumes that can be opened to the gatherer.
pub(crate) fn read(place: &Place<'_>, gatherer: &mut Gatherer<'_>) -> Result<(), Fault> {
    let Some(trailer_at) = place.bytes.size().checked_sub(TRAILER_LENGTH) else {
        return damaged("is shorter than a trailer");
    };
    let mut trailer = [0; TRAILER_LENGTH as usize];
    read_exact(place.bytes, trailer_at, &mut trailer)?;
    if !trailer.starts_with(b"koly") {
        return damaged("is encrypted");
    }
    let (plist_at, plist_length) = (be64(&trailer, 216), be64(&trailer, 224));
    if plist_length == 0 {
        return damaged("has no property list; images with a resource fork only are not opened");
    }
    let plist = read_whole(&Runs::part(place.bytes, plist_at, plist_length), MAX_PLIST, "the property list")?;
    let disk = Disk::new(place.bytes, be64(&trailer, 24), &plist)?;
    let partitions: Vec<u64> = disk.partitions.iter().copied().take(MAX_PARTITIONS).collect();
    let mut opened = 0;
    for first_sector in partitions {
        gatherer.check()?;
        match words(read_partition(place, &disk, first_sector, gatherer))? {
            Ok(is_volume) => opened += usize::from(is_volume),
            Err(problem) => gatherer.note(format!("the volume at sector {first_sector} cannot be read: {problem}")),
        }
    }
    if opened == 0 && gatherer.problems.is_empty() {
        gatherer.note("no partition is a volume that is opened here".into());
    }
    Ok(())
}

fn read_partition(
    place: &Place<'_>,
    disk: &Disk<'_>,
    first_sector: u64,
    gatherer: &mut Gatherer<'_>,
) -> Result<bool, Fault> {
    let begin = first_sector.saturating_mul(SECTOR);
    let volume = Runs::part(disk, begin, disk.size().saturating_sub(begin));
    let mut head = [0; 1026];
    if read_most(&volume, 0, &mut head)? < head.len() {
        return Ok(false);
    }
    if &head[32..36] == b"NXSB" {
        return damaged("it is an APFS volume, which is not opened");
    }
    if !hfs::is_hfs(&head[1024..]) {
        return Ok(false);
    }
    hfs::read(place, &volume, gatherer)?;
    Ok(true)
}

#[derive(Clone, Copy)]
struct Block {
    sector: u64,
    count: u64,
    packing: u32,
    at: u64,
    length: u64,
}

const ZERO: u32 = 0;
const RAW: u32 = 1;
const IGNORED: u32 = 2;
const ADC: u32 = 0x8000_0004;
const ZLIB: u32 = 0x8000_0005;
const BZIP2: u32 = 0x8000_0006;
const LZFSE: u32 = 0x8000_0007;
const LZMA: u32 = 0x8000_0008;

/// The disk that the blocks describe.
struct Disk<'a> {
    source: &'a dyn Bytes,
    /// Ascending by sector.
    blocks: Vec<Block>,
    /// First sector of each table, which is a partition's.
    partitions: Vec<u64>,
    size: u64,
    kept: RefCell<Vec<(u64, Rc<Vec<u8>>)>>,
}

impl<'a> Disk<'a> {
    fn new(source: &'a dyn Bytes, data_at: u64, plist: &[u8]) -> Result<Self, Fault> {
        let mut disk = Disk { source, blocks: Vec::new(), partitions: Vec::new(), size: 0, kept: RefCell::default() };
        for table in tables(plist) {
            disk.add(&table, data_at);
        }
        if disk.blocks.is_empty() {
            return damaged("its property list has no table of blocks");
        }
        disk.blocks.sort_by_key(|block| block.sector);
        disk.partitions.sort_unstable();
        disk.partitions.dedup();
        let ends = disk.blocks.iter().map(|block| block.sector.saturating_add(block.count).saturating_mul(SECTOR));
        disk.size = ends.max().unwrap_or(0);
        Ok(disk)
    }

    fn add(&mut self, table: &[u8], data_at: u64) {
        if table.len() < TABLE_HEADER || !table.starts_with(b"mish") {
            return;
        }
        let (first, offset) = (be64(table, 8), be64(table, 24));
        let rows = table[TABLE_HEADER..].chunks_exact(TABLE_ROW).take(be32(table, 200) as usize);
        let before = self.blocks.len();
        for row in rows {
            let block = Block {
                packing: be32(row, 0),
                sector: first.saturating_add(be64(row, 8)),
                count: be64(row, 16),
                at: data_at.saturating_add(offset).saturating_add(be64(row, 24)),
                length: be64(row, 32),
            };
            if block.count > 0 && matches!(block.packing, ZERO | RAW | IGNORED | ADC..=LZMA) {
                self.blocks.push(block);
            }
        }
        if self.blocks.len() > before {
            self.partitions.push(first);
        }
    }

    fn unpacked(&self, block: &Block) -> io::Result<Rc<Vec<u8>>> {
        let mut kept = self.kept.borrow_mut();
        if let Some(index) = kept.iter().position(|(at, _)| *at == block.sector) {
            let found = kept.remove(index);
            kept.push(found);
        } else {
            let bytes = Rc::new(self.unpack(block)?);
            if kept.len() == KEPT_BLOCKS {
                kept.remove(0);
            }
            kept.push((block.sector, bytes));
        }
        Ok(kept.last().map(|(_, bytes)| bytes.clone()).unwrap_or_default())
    }

    fn unpack(&self, block: &Block) -> io::Result<Vec<u8>> {
        let size = block.count.saturating_mul(SECTOR);
        if size > MAX_BLOCK || block.length > 2 * MAX_BLOCK {
            return Err(invalid(format!("a block of {size} bytes, more than {MAX_BLOCK}, is not unpacked")));
        }
        let packed = read_whole(&Runs::part(self.source, block.at, block.length), 2 * MAX_BLOCK, "a block");
        let packed = packed.map_err(as_io)?;
        let mut out = vec![0; size as usize];
        let made = match block.packing {
            ADC => unpack_adc(&packed, &mut out).map_err(as_io)?,
            ZLIB => inflate_zlib(&packed, &mut out).map_err(as_io)?,
            BZIP2 => unpack_bzip2(&packed, &mut out)?,
            LZFSE => return Err(invalid("blocks packed by LZFSE are not unpacked")),
            _ => return Err(invalid("blocks packed by LZMA are not unpacked")),
        };
        if made < out.len() {
            return Err(invalid(format!("a block unpacks to {made} bytes, expected {size}")));
        }
        Ok(out)
    }
}

impl Bytes for Disk<'_> {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, at: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let sector = at / SECTOR;
        let next = self.blocks.partition_point(|block| block.sector <= sector);
        let upto = |end: u64| buffer.len().min(usize::try_from(end.saturating_sub(at)).unwrap_or(usize::MAX));
        let found = next.checked_sub(1).and_then(|index| self.blocks.get(index));
        let Some(block) = found.filter(|block| sector - block.sector < block.count) else {
            // No table tells of these sectors.
            let end = self.blocks.get(next).map_or(self.size, |block| block.sector.saturating_mul(SECTOR));
            let length = upto(end.min(self.size));
            buffer[..length].fill(0);
            return Ok(length);
        };
        let begin = block.sector.saturating_mul(SECTOR);
        let end = block.sector.saturating_add(block.count).saturating_mul(SECTOR);
        let length = upto(end);
        let inside = at - begin;
        match block.packing {
            ZERO | IGNORED => buffer[..length].fill(0),
            RAW => {
                let left = block.length.saturating_sub(inside).min(length as u64);
                let from = block.at.saturating_add(inside);
                let got = self.source.read_at(from, &mut buffer[..left as usize])?;
                if got == 0 && length > 0 {
                    return Err(invalid("a block lies outside the file"));
                }
                return Ok(got);
            }
            _ => {
                let bytes = self.unpacked(block)?;
                let from = usize::try_from(inside).unwrap_or(usize::MAX);
                buffer[..length].copy_from_slice(bytes.get(from..from + length).unwrap_or_default());
            }
        }
        Ok(length)
    }
}

fn invalid(message: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message.into())
}

fn as_io(fault: Fault) -> io::Error {
    match fault {
        Fault::Damaged(message) => invalid(message),
        Fault::Stopped(stop) => invalid(stop.message()),
    }
}

fn unpack_bzip2(packed: &[u8], out: &mut [u8]) -> io::Result<usize> {
    let mut decoder = bzip2::read::BzDecoder::new(packed);
    let mut made = 0;
    while made < out.len() {
        match decoder.read(&mut out[made..])? {
            0 => break,
            more => made += more,
        }
    }
    Ok(made)
}

/// Apple Data Compression: runs as they are, and copies of what came before.
fn unpack_adc(packed: &[u8], out: &mut [u8]) -> Result<usize, Fault> {
    let (mut from, mut to) = (0, 0);
    while let Some(first) = packed.get(from).copied() {
        let first = usize::from(first);
        let byte = |offset: usize| packed.get(from + offset).map_or(0, |byte| usize::from(*byte));
        if first & 0x80 != 0 {
            let length = (first & 0x7f) + 1;
            let (Some(plain), Some(room)) = (packed.get(from + 1..from + 1 + length), out.get_mut(to..to + length))
            else {
                return damaged("a block of ADC data is damaged");
            };
            room.copy_from_slice(plain);
            (from, to) = (from + 1 + length, to + length);
            continue;
        }
        let (used, length, back) = if first & 0x40 != 0 {
            (3, (first & 0x3f) + 4, (byte(1) << 8 | byte(2)) + 1)
        } else {
            (2, (first >> 2) + 3, ((first & 3) << 8 | byte(1)) + 1)
        };
        if back > to || to + length > out.len() || from + used > packed.len() {
            return damaged("a block of ADC data is damaged");
        }
        for at in to..to + length {
            out[at] = out[at - back];
        }
        (from, to) = (from + used, to + length);
    }
    Ok(to)
}

/// The tables of blocks in the list: the data of each entry of the array `blkx`.
fn tables(plist: &[u8]) -> Vec<Vec<u8>> {
    let Some((_, rest)) = split_at_mark(plist, b"<key>blkx</key>") else { return Vec::new() };
    let array = split_at_mark(rest, b"</array>").map_or(rest, |(array, _)| array);
    let mut tables = Vec::new();
    let mut rest = array;
    while let Some((_, after)) = split_at_mark(rest, b"<data>") {
        let Some((text, next)) = split_at_mark(after, b"</data>") else { break };
        tables.push(from_base64(text));
        rest = next;
    }
    tables
}

fn split_at_mark<'a>(bytes: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = bytes.windows(mark.len()).position(|window| window == mark)?;
    Some((&bytes[..at], &bytes[at + mark.len()..]))
}

fn from_base64(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut held) = (0u32, 0);
    for byte in text {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => continue,
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adc_runs_and_copies_are_unpacked() {
        let packed = [0x83, 0xfe, 0xed, 0xfa, 0xce, 0x00, 0x00, 0x40, 0x00, 0x06];
        let mut out = [0; 11];
        assert_eq!(unpack_adc(&packed, &mut out), Ok(11));
        assert_eq!(out, [0xfe, 0xed, 0xfa, 0xce, 0xce, 0xce, 0xce, 0xfe, 0xed, 0xfa, 0xce]);
    }

    #[test]
    fn adc_that_refers_to_what_never_came_is_refused() {
        assert!(unpack_adc(&[0x00, 0x00], &mut [0; 10]).is_err());
        assert!(unpack_adc(&[0x83, 1, 2, 3], &mut [0; 10]).is_err());
        assert!(unpack_adc(&[0x80, 1, 0x7f, 0, 0], &mut [0; 10]).is_err());
    }

    #[test]
    fn base64_is_read_through_line_breaks() {
        assert_eq!(from_base64(b"bWlz\n\t aA=="), b"mish");
        assert_eq!(from_base64(b"AQAAAA=="), [1, 0, 0, 0]);
    }
}
