//! What cells hold: keys, values, and lists of them.

use crate::Problem;

/// Offset of a cell, counted from the first bin.
pub(crate) type CellOffset = u32;

/// Stands for no cell.
pub(crate) const NO_CELL: CellOffset = u32::MAX;

/// A name in one byte per character, in keys.
const KEY_NAME_IS_NARROW: u16 = 0x20;
/// The same in values.
const VALUE_NAME_IS_NARROW: u16 = 1;
/// Set in a length: the value lies in the field of its offset.
const IS_INLINE: u32 = 1 << 31;

/// A key.
pub(crate) struct KeyNode {
    pub(crate) name: String,
    /// 100 ns since 1601.
    pub(crate) last_written: u64,
    pub(crate) sub_keys: u32,
    pub(crate) sub_key_list: CellOffset,
    pub(crate) values: u32,
    pub(crate) value_list: CellOffset,
}

/// A value's name, type, and where its data are.
pub(crate) struct ValueNode {
    pub(crate) name: String,
    pub(crate) kind: u32,
    pub(crate) length: u32,
    pub(crate) data: ValueData,
}

/// Where data are.
pub(crate) enum ValueData {
    /// In the cell itself.
    Inline([u8; 4]),
    /// In a cell of their own.
    At(CellOffset),
}

/// Numbers in a cell; beyond its end is damage.
pub(crate) struct Fields<'a>(pub(crate) &'a [u8]);

impl Fields<'_> {
    pub(crate) fn half(&self, at: usize) -> Result<u16, Problem> {
        Ok(u16::from_le_bytes(self.array(at)?))
    }

    pub(crate) fn word(&self, at: usize) -> Result<u32, Problem> {
        Ok(u32::from_le_bytes(self.array(at)?))
    }

    fn long(&self, at: usize) -> Result<u64, Problem> {
        Ok(u64::from_le_bytes(self.array(at)?))
    }

    pub(crate) fn array<const N: usize>(&self, at: usize) -> Result<[u8; N], Problem> {
        let short = || Problem::Damaged(format!("a cell of {} bytes is too short for what it holds", self.0.len()));
        self.0.get(at..).and_then(|rest| rest.first_chunk::<N>()).copied().ok_or_else(short)
    }

    fn name(&self, at: usize, length: u16, is_narrow: bool) -> Result<String, Problem> {
        let bytes = self.0.get(at..at + usize::from(length));
        let bytes = bytes.ok_or_else(|| Problem::Damaged("a name is longer than its cell".to_owned()))?;
        // One byte per character means Latin-1, whose numbers are those of Unicode.
        Ok(if is_narrow { bytes.iter().copied().map(char::from).collect() } else { wide_text(bytes) })
    }
}

impl KeyNode {
    pub(crate) fn parse(cell: &[u8]) -> Result<Self, Problem> {
        let fields = Fields(cell);
        expect(&fields, b"nk", "a key")?;
        let is_narrow = fields.half(2)? & KEY_NAME_IS_NARROW != 0;
        Ok(KeyNode {
            last_written: fields.long(4)?,
            sub_keys: fields.word(20)?,
            sub_key_list: fields.word(28)?,
            values: fields.word(36)?,
            value_list: fields.word(40)?,
            name: fields.name(76, fields.half(72)?, is_narrow)?,
        })
    }
}

impl ValueNode {
    pub(crate) fn parse(cell: &[u8]) -> Result<Self, Problem> {
        let fields = Fields(cell);
        expect(&fields, b"vk", "a value")?;
        let is_narrow = fields.half(16)? & VALUE_NAME_IS_NARROW != 0;
        let length = fields.word(4)?;
        let is_inline = length & IS_INLINE != 0;
        Ok(ValueNode {
            name: fields.name(20, fields.half(2)?, is_narrow)?,
            kind: fields.word(12)?,
            length: if is_inline { (length & !IS_INLINE).min(4) } else { length },
            data: if is_inline { ValueData::Inline(fields.array(8)?) } else { ValueData::At(fields.word(8)?) },
        })
    }
}

fn expect(fields: &Fields<'_>, magic: &[u8; 2], what: &str) -> Result<(), Problem> {
    let found: [u8; 2] = fields.array(0)?;
    if found == *magic {
        return Ok(());
    }
    Err(Problem::Damaged(format!("found {:02x}{:02x} where {what} was expected", found[0], found[1])))
}

/// UTF-16 text, least significant byte first; what is no text becomes the replacement character.
pub(crate) fn wide_text(bytes: &[u8]) -> String {
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    String::from_utf16_lossy(&units)
}
