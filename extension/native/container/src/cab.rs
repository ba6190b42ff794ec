//! Cabinets: stored, MSZIP and LZX.
//!
//! A folder is one packed stream in which the files lie one after another, so it is unpacked once, whatever files it
//! has. Quantum, which nobody writes any more, is not unpacked; neither is what continues in another cabinet.
//! https://learn.microsoft.com/previous-versions/bb417343(v=msdn.10)

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use lzxd::{Lzxd, WindowSize};

use crate::bytes::{Front, le16, le32};
use crate::fault::{Fault, damaged, words};
use crate::gatherer::{Gatherer, Opened};
use crate::inflate::{WINDOW, inflate_block};
use crate::nested::Place;

const HAS_PREVIOUS: u16 = 1;
const HAS_NEXT: u16 = 2;
const HAS_RESERVE: u16 = 4;
/// Bytes of a name, its end included, and of the texts in the header.
const MAX_NAME: usize = 1024;
/// What a block of data unpacks to at most.
const MAX_BLOCK: usize = 32 << 10;
/// From here on a file's folder lies partly in another cabinet.
const CONTINUED: u16 = 0xfffd;

/// What members are called elsewhere, by their name in the cabinet.
pub(crate) type Names = HashMap<Vec<u8>, Vec<u8>>;

/// What a cabinet starts with.
pub(crate) fn is_cab(head: &[u8]) -> bool {
    head.starts_with(b"MSCF")
}

struct Folder {
    data_at: u64,
    blocks: u16,
    packing: u16,
}

struct File {
    name: Vec<u8>,
    size: u64,
    at: u64,
    folder: u16,
}

/// Gives every file of the cabinet to the gatherer.
pub(crate) fn read(place: &Place<'_>, names: &Names, gatherer: &mut Gatherer<'_>) -> Result<(), Fault> {
    let mut front = Front::new(place.bytes, 0);
    let header = front.take(36)?.to_vec();
    let (files_at, folder_count, file_count) = (le32(&header, 16), le16(&header, 26), le16(&header, 28));
    let flags = le16(&header, 30);
    let (mut folder_reserve, mut data_reserve) = (0, 0);
    if flags & HAS_RESERVE != 0 {
        let sizes = front.take(4)?;
        let header_reserve = le16(sizes, 0);
        (folder_reserve, data_reserve) = (usize::from(sizes[2]), usize::from(sizes[3]));
        front.at += u64::from(header_reserve);
    }
    for _ in 0..2 * (u16::from(flags & HAS_PREVIOUS != 0) + u16::from(flags & HAS_NEXT != 0)) {
        front.take_string(MAX_NAME)?;
    }
    let mut folders = Vec::new();
    for _ in 0..folder_count {
        let record = front.take(8 + folder_reserve)?;
        let (data_at, blocks, packing) = (u64::from(le32(record, 0)), le16(record, 4), le16(record, 6));
        folders.push(Folder { data_at, blocks, packing });
    }
    front.at = u64::from(files_at);
    let mut files = Vec::new();
    for _ in 0..file_count {
        let record = front.take(16)?;
        let (size, at, folder) = (u64::from(le32(record, 0)), u64::from(le32(record, 4)), le16(record, 8));
        let name = front.take_string(MAX_NAME)?;
        let name = names.get(&name).cloned().unwrap_or(name);
        let name = name.iter().map(|byte| if *byte == b'\\' { b'/' } else { *byte }).collect();
        files.push(File { name, size, at, folder });
    }
    files.sort_by_key(|file| (file.folder, file.at));
    for group in files.chunk_by(|a, b| a.folder == b.folder) {
        let number = group[0].folder;
        let folder = folders.get(usize::from(number)).filter(|_| number < CONTINUED);
        let mut delivery = Delivery { place, files: group, position: 0, handed: 0, current: None };
        let result = match folder {
            // The library asserts where hostile data leads; nothing of it is used after that.
            Some(folder) => catch_unwind(AssertUnwindSafe(|| unpack(folder, data_reserve, &mut delivery, gatherer)))
                .unwrap_or_else(|_| damaged("its packed data is damaged")),
            None if number >= CONTINUED => damaged("continues in another cabinet"),
            None => damaged(format!("lies in folder {number}, of {folder_count}")),
        };
        let result = words(result)?;
        delivery.finish(result.err().as_deref().unwrap_or("lies behind the end of its folder"), gatherer)?;
    }
    Ok(())
}

/// Hands out what a folder unpacks to, to one file after another.
struct Delivery<'a> {
    place: &'a Place<'a>,
    /// Files not finished yet, by place.
    files: &'a [File],
    /// Bytes of the folder so far.
    position: u64,
    /// Where the last file that was handed out ends.
    handed: u64,
    current: Option<Opened>,
}

impl Delivery<'_> {
    fn is_over(&self) -> bool {
        self.files.is_empty()
    }

    fn write(&mut self, bytes: &[u8], gatherer: &mut Gatherer<'_>) -> Result<(), Fault> {
        let begin = self.position;
        let end = begin + bytes.len() as u64;
        self.position = end;
        while let Some(file) = self.files.first() {
            if self.current.is_none() {
                if file.at >= end {
                    return Ok(());
                }
                let opened = gatherer.open(self.place.path_of(&file.name), file.size)?;
                if file.at < self.handed && file.size > 0 {
                    // The folder goes by once: what was handed out is gone.
                    gatherer.fail(opened, "overlaps another file of the cabinet");
                    self.files = &self.files[1..];
                    continue;
                }
                self.current = Some(opened);
            }
            let Some(mut opened) = self.current.take() else { return Ok(()) };
            let file_end = file.at + file.size;
            let from = file.at.max(begin);
            let to = file_end.min(end).max(from);
            let result = gatherer.write(&mut opened, &bytes[(from - begin) as usize..(to - begin) as usize]);
            if result.is_ok() && file_end > end {
                self.current = Some(opened);
                return Ok(());
            }
            gatherer.end(opened, result)?;
            self.handed = self.handed.max(file_end);
            self.files = &self.files[1..];
        }
        Ok(())
    }

    /// Ends the files that the folder did not reach.
    fn finish(mut self, problem: &str, gatherer: &mut Gatherer<'_>) -> Result<(), Fault> {
        if let Some(opened) = self.current.take() {
            gatherer.fail(opened, problem);
            self.files = &self.files[1..];
        }
        for file in self.files {
            let opened = gatherer.open(self.place.path_of(&file.name), file.size)?;
            if file.size == 0 {
                gatherer.close(opened);
            } else {
                gatherer.fail(opened, problem);
            }
        }
        Ok(())
    }
}

/// Unpacks blocks of one folder.
enum Unpacker {
    Stored,
    /// The last bytes unpacked, which the next block may refer to, and room for it.
    MsZip(Vec<u8>, usize),
    Lzx(Box<Lzxd>),
}

fn unpack(
    folder: &Folder,
    reserve: usize,
    delivery: &mut Delivery<'_>,
    gatherer: &mut Gatherer<'_>,
) -> Result<(), Fault> {
    let mut unpacker = match folder.packing & 0x0f {
        0 => Unpacker::Stored,
        1 => Unpacker::MsZip(vec![0; WINDOW + MAX_BLOCK], 0),
        3 => Unpacker::Lzx(Box::new(Lzxd::new(window_size(folder.packing >> 8 & 0x1f)?))),
        other => return damaged(format!("is packed by method {other}, which is not opened")),
    };
    let mut front = Front::new(delivery.place.bytes, folder.data_at);
    for _ in 0..folder.blocks {
        gatherer.check()?;
        let header = front.take(8 + reserve)?;
        let (packed_length, length) = (usize::from(le16(header, 4)), usize::from(le16(header, 6)));
        let packed = front.take(packed_length)?;
        if length == 0 {
            return damaged("continues in another cabinet");
        }
        if length > MAX_BLOCK {
            return damaged(format!("has a block of {length} bytes, more than {MAX_BLOCK}"));
        }
        let unpacked = unpacker.next(packed, length)?;
        delivery.write(unpacked, gatherer)?;
        if delivery.is_over() {
            break;
        }
    }
    Ok(())
}

impl Unpacker {
    fn next<'a>(&'a mut self, packed: &'a [u8], length: usize) -> Result<&'a [u8], Fault> {
        match self {
            Unpacker::Stored if packed.len() == length => Ok(packed),
            Unpacker::Stored => damaged("has a stored block of two lengths"),
            Unpacker::MsZip(room, history) => {
                let Some(deflated) = packed.strip_prefix(b"CK") else {
                    return damaged("has an MSZIP block without its mark");
                };
                let before = *history;
                let made = inflate_block(deflated, &mut room[..before + length], before)?;
                if made != length {
                    return damaged(format!("has a block that unpacks to {made} bytes, expected {length}"));
                }
                let end = before + made;
                let keep = end.min(WINDOW);
                // The block itself is handed out of the part that stays.
                room.copy_within(end - keep..end, 0);
                *history = keep;
                if made <= keep { Ok(&room[keep - made..keep]) } else { damaged("has a block longer than the window") }
            }
            Unpacker::Lzx(lzx) => lzx.decompress_next(packed, length).map_err(Fault::from_display),
        }
    }
}

fn window_size(bits: u16) -> Result<WindowSize, Fault> {
    Ok(match bits {
        15 => WindowSize::KB32,
        16 => WindowSize::KB64,
        17 => WindowSize::KB128,
        18 => WindowSize::KB256,
        19 => WindowSize::KB512,
        20 => WindowSize::MB1,
        21 => WindowSize::MB2,
        other => return damaged(format!("has an LZX window of 2^{other} bytes")),
    })
}
