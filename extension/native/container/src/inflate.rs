//! Deflate, from bytes at random places and in bounded memory.
//!
//! https://www.rfc-editor.org/rfc/rfc1951

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::{
    TINFL_FLAG_HAS_MORE_INPUT, TINFL_FLAG_PARSE_ZLIB_HEADER, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

use crate::bytes::{BLOCK, Bytes, read_most};
use crate::fault::{Fault, damaged};

/// How far back deflate refers.
pub(crate) const WINDOW: usize = 32 << 10;

/// Inflates raw deflate and hands the result out in blocks.
pub(crate) fn inflate(source: &dyn Bytes, mut emit: impl FnMut(&[u8]) -> Result<(), Fault>) -> Result<(), Fault> {
    let mut state = Box::<DecompressorOxide>::default();
    let mut input = vec![0; BLOCK];
    let mut ring = vec![0; 2 * WINDOW];
    let (mut from, mut filled, mut read, mut to) = (0, 0, 0u64, 0);
    loop {
        if from == filled {
            filled = read_most(source, read, &mut input)?;
            read += filled as u64;
            from = 0;
            if filled == 0 && read < source.size() {
                return damaged("ends before its deflate data does");
            }
        }
        let more = if read < source.size() { TINFL_FLAG_HAS_MORE_INPUT } else { 0 };
        let (status, used, made) = decompress(&mut state, &input[from..filled], &mut ring, to, more);
        from += used;
        if made > 0 {
            emit(&ring[to..to + made])?;
            to = (to + made) & (2 * WINDOW - 1);
        }
        match status {
            TINFLStatus::Done => return Ok(()),
            TINFLStatus::HasMoreOutput => {}
            TINFLStatus::NeedsMoreInput if from == filled && read < source.size() => {}
            TINFLStatus::NeedsMoreInput | TINFLStatus::FailedCannotMakeProgress => {
                return damaged("its deflate data ends too early");
            }
            _ => return damaged("its deflate data is damaged"),
        }
    }
}

/// Inflates one block behind `history` bytes that it may refer to; answers how many bytes it made.
pub(crate) fn inflate_block(input: &[u8], out: &mut [u8], history: usize) -> Result<usize, Fault> {
    let mut state = Box::<DecompressorOxide>::default();
    finished(decompress(&mut state, input, out, history, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF))
}

/// Inflates one zlib stream; answers how many bytes it made.
pub(crate) fn inflate_zlib(input: &[u8], out: &mut [u8]) -> Result<usize, Fault> {
    let mut state = Box::<DecompressorOxide>::default();
    let flags = TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF | TINFL_FLAG_PARSE_ZLIB_HEADER;
    finished(decompress(&mut state, input, out, 0, flags))
}

fn finished((status, _, made): (TINFLStatus, usize, usize)) -> Result<usize, Fault> {
    match status {
        TINFLStatus::Done => Ok(made),
        TINFLStatus::HasMoreOutput => damaged("a block unpacks to more than it declares"),
        _ => damaged("a block of deflate data is damaged"),
    }
}
