//! Packed text: which packing the first bytes tell, and unpacking it as a stream.
//!
//! Members and frames that follow each other are one text. What a packing would take of memory is bounded; what it
//! unpacks to is not bounded here but by whoever reads.

use std::cell::RefCell;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

use flate2::bufread::GzDecoder;

use crate::answer::{Packing, Stop};
use crate::text::{Part, Text, said};

/// Packed bytes read at once.
const PACKED_BLOCK: usize = 128 << 10;

/// Unpacked bytes asked for at once: a decoder that fails keeps what it unpacked in that call to itself.
const PIECE: usize = 16 << 10;

/// The largest window, as a power of two: 128 MiB, what `zstd --long` makes unless told more.
const WINDOW_LOG: u32 = 27;

/// Memory for unpacking xz, KiB: a window of 128 MiB and what goes with it.
const XZ_MEMORY: u32 = (1 << (WINDOW_LOG - 10)) + (1 << 10);

/// The packing that begins so.
pub(crate) fn packing_of(head: &[u8]) -> Packing {
    match head {
        [0x1F, 0x8B, 8, ..] => Packing::Gzip,
        [0x28, 0xB5, 0x2F, 0xFD, ..] => Packing::Zstd,
        [0xFD, b'7', b'z', b'X', b'Z', 0, ..] => Packing::Xz,
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, ..]
        | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, 0x38, 0x50, 0x90, ..] => Packing::Bzip2,
        _ => Packing::None,
    }
}

/// The text of a file, packed or not.
pub(crate) fn unpacked<'a>(packing: Packing, part: Part<'a>) -> Result<Box<dyn Text + 'a>, Stop> {
    if packing == Packing::None {
        return Ok(Box::new(part));
    }
    let fault = Rc::new(RefCell::new(None));
    let file = PackedFile { part, buffer: vec![0; PACKED_BLOCK], from: 0, to: 0, fault: fault.clone() };
    let decoder: Box<dyn Read + 'a> = match packing {
        Packing::None | Packing::Gzip => Box::new(Members { member: Some(GzDecoder::new(file)) }),
        Packing::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(file)),
        Packing::Xz => Box::new(lzma_rust2::XzReader::new_mem_limit(file, true, XZ_MEMORY)),
        Packing::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(file).map_err(|error| Stop::Io(said(&error)))?;
            decoder.window_log_max(WINDOW_LOG).map_err(|error| Stop::Io(said(&error)))?;
            Box::new(decoder)
        }
    };
    Ok(Box::new(Unpacked { decoder, fault }))
}

struct Unpacked<'a> {
    decoder: Box<dyn Read + 'a>,
    fault: Rc<RefCell<Option<Stop>>>,
}

impl Text for Unpacked<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Stop> {
        let length = buffer.len().min(PIECE);
        self.decoder.read(&mut buffer[..length]).map_err(|error| match self.fault.take() {
            Some(stop) => stop,
            None => refusal(&error),
        })
    }

    fn place(&self) -> u64 {
        0 // never asked: a limit lies around it, and counts
    }
}

fn refusal(error: &io::Error) -> Stop {
    let said = said(error);
    if said.contains("too much memory") || said.contains("memory too big") || error.kind() == io::ErrorKind::OutOfMemory
    {
        return Stop::TooBig(format!("unpacking needs a window of more than {} MiB", 1 << (WINDOW_LOG - 20)));
    }
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return Stop::Damaged("the packed text ends too early".into());
    }
    Stop::Damaged(format!("cannot be unpacked: {said}"))
}

/// The file as decoders read it; what goes wrong with the file itself is left in `fault`.
struct PackedFile<'a> {
    part: Part<'a>,
    buffer: Vec<u8>,
    from: usize,
    to: usize,
    fault: Rc<RefCell<Option<Stop>>>,
}

impl BufRead for PackedFile<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.from == self.to {
            self.to = self.part.read(&mut self.buffer).map_err(|stop| {
                self.fault.replace(Some(stop));
                io::Error::other("the file cannot be read")
            })?;
            self.from = 0;
        }
        Ok(&self.buffer[self.from..self.to])
    }

    fn consume(&mut self, amount: usize) {
        self.from += amount;
    }
}

impl Read for PackedFile<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let filled = self.fill_buf()?;
        let length = filled.len().min(buffer.len());
        buffer[..length].copy_from_slice(&filled[..length]);
        self.consume(length);
        Ok(length)
    }
}

/// Members of gzip. Zeros behind the last are padding, as on tapes.
struct Members<'a> {
    member: Option<GzDecoder<PackedFile<'a>>>,
}

impl Read for Members<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(member) = &mut self.member else { return Ok(0) };
            let got = member.read(buffer)?;
            if got > 0 || buffer.is_empty() {
                return Ok(got);
            }
            let Some(mut file) = self.member.take().map(GzDecoder::into_inner) else { return Ok(0) };
            match file.fill_buf()? {
                [] | [0, ..] => return Ok(0),
                _ => self.member = Some(GzDecoder::new(file)),
            }
        }
    }
}
