//! Text in UTF-16, told by its mark, as UTF-8. What is no character becomes U+FFFD, one for each unit.

use crate::answer::Stop;
use crate::text::{Limited, Text};

/// Bytes recoded at once.
const BLOCK: usize = 64 << 10;

/// Which byte of a unit comes first.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Little,
    Big,
}

impl Order {
    /// The order that the first two bytes tell.
    pub(crate) fn of(mark: &[u8]) -> Option<Self> {
        match mark {
            [0xFF, 0xFE] => Some(Order::Little),
            [0xFE, 0xFF] => Some(Order::Big),
            _ => None,
        }
    }
}

/// The text behind the mark.
pub(crate) struct Recoded<'a> {
    inner: Limited<'a>,
    order: Order,
    raw: Vec<u8>,
    filled: usize,
    text: String,
    given: usize,
    is_end: bool,
}

impl<'a> Recoded<'a> {
    pub(crate) fn new(inner: Limited<'a>, order: Order) -> Self {
        Recoded { inner, order, raw: vec![0; BLOCK], filled: 0, text: String::new(), given: 0, is_end: false }
    }

    /// Recodes what is there; a unit that needs the next one waits, unless there is none.
    fn recode(&mut self) {
        self.text.clear();
        self.given = 0;
        let unit = |pair: &[u8]| match self.order {
            Order::Little => u16::from_le_bytes([pair[0], pair[1]]),
            Order::Big => u16::from_be_bytes([pair[0], pair[1]]),
        };
        let pairs = &self.raw[..self.filled & !1];
        let mut kept = self.filled & 1;
        let mut units: &[u8] = pairs;
        if let Some(last) = pairs.chunks_exact(2).next_back()
            && (0xD800..0xDC00).contains(&unit(last))
        {
            kept += 2;
            units = &pairs[..pairs.len() - 2];
        }
        let characters = char::decode_utf16(units.chunks_exact(2).map(unit));
        self.text.extend(characters.map(|one| one.unwrap_or(char::REPLACEMENT_CHARACTER)));
        if self.is_end && kept > 0 {
            self.text.push(char::REPLACEMENT_CHARACTER);
            kept = 0;
        }
        self.raw.copy_within(self.filled - kept..self.filled, 0);
        self.filled = kept;
    }
}

impl Text for Recoded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Stop> {
        while self.given == self.text.len() {
            if self.is_end {
                return Ok(0);
            }
            let got = self.inner.read(&mut self.raw[self.filled..])?;
            self.is_end = got == 0;
            self.filled += got;
            self.recode();
        }
        let rest = &self.text.as_bytes()[self.given..];
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.given += length;
        Ok(length)
    }

    fn place(&self) -> u64 {
        self.inner.place()
    }
}
