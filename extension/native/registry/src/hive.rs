//! A hive: its header, its cells, and the way from a key to its sub-keys and values.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::cell::{CellOffset, Fields, KeyNode, NO_CELL, ValueData, ValueNode};
use crate::pages::{Pages, Source};
use crate::value::Value;
use crate::{Limits, Problem};

/// The header; cells are counted from its end.
const BASE: u64 = 4096;
/// A cell is at most as large as a bin can sensibly be; the largest genuine one is a list of 65,535 sub-keys.
const MAX_CELL: usize = 1 << 20;
/// Bytes of a value's name. Windows allows sixteen times as many; no name that anybody asks for comes near.
const MAX_VALUE_NAME: usize = 2048;
/// Data of a longer value lie in segments of as many bytes.
const SEGMENT: usize = 16_344;

/// An open hive.
pub struct Hive<'a, S> {
    pages: Pages<S>,
    root: CellOffset,
    limits: Limits,
    cells: u64,
    copied: u64,
    cancelled: &'a AtomicBool,
}

impl<'a, S: Source> Hive<'a, S> {
    /// Reads the header.
    pub fn open(source: S, size: u64, limits: Limits, cancelled: &'a AtomicBool) -> Result<Self, Problem> {
        if size > limits.hive_bytes {
            return Err(Problem::Ended(format!("a hive of {size} bytes; expected at most {}", limits.hive_bytes)));
        }
        let mut pages = Pages::new(source, size);
        let header = pages.bytes(0, BASE.min(size) as usize)?;
        let fields = Fields(&header);
        if header.get(..4) != Some(b"regf") || size <= BASE {
            return Err(Problem::Ended("no registry hive: it does not begin with a header of regf".to_owned()));
        }
        let (major, minor) = (fields.word(20)?, fields.word(24)?);
        if major != 1 {
            return Err(Problem::Ended(format!("a hive of version {major}.{minor}; expected version 1")));
        }
        Ok(Hive { pages, root: fields.word(36)?, limits, cells: 0, copied: 0, cancelled })
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    pub(crate) fn root(&mut self) -> Result<KeyNode, Problem> {
        let root = self.root;
        self.key(root)
    }

    pub(crate) fn key(&mut self, offset: CellOffset) -> Result<KeyNode, Problem> {
        // The longest name has 255 characters; class names and the like lie in other cells.
        KeyNode::parse(&self.cell(offset, 76 + 512)?)
    }

    /// Offsets of the sub-keys of a key, in the hive's order.
    pub(crate) fn sub_keys(&mut self, key: &KeyNode) -> Result<Vec<CellOffset>, Problem> {
        let mut found = Vec::new();
        if key.sub_keys > 0 && key.sub_key_list != NO_CELL {
            self.list(key.sub_key_list, true, &mut found)?;
        }
        Ok(found)
    }

    /// Offsets of the values of a key, in the hive's order.
    pub(crate) fn values(&mut self, key: &KeyNode) -> Result<Vec<CellOffset>, Problem> {
        if key.values == 0 || key.value_list == NO_CELL {
            return Ok(Vec::new());
        }
        let list = self.cell(key.value_list, MAX_CELL)?;
        let count = (key.values as usize).min(list.len() / 4);
        (0..count).map(|at| Fields(&list).word(4 * at)).collect()
    }

    pub(crate) fn value(&mut self, offset: CellOffset) -> Result<ValueNode, Problem> {
        ValueNode::parse(&self.cell(offset, 20 + MAX_VALUE_NAME)?)
    }

    pub(crate) fn data(&mut self, value: &ValueNode) -> Result<Value, Problem> {
        let length = (value.length as usize).min(self.limits.value_bytes);
        let bytes = match value.data {
            ValueData::Inline(bytes) => bytes[..length.min(4)].to_vec(),
            ValueData::At(_) if length == 0 => Vec::new(),
            ValueData::At(offset) if value.length as usize > SEGMENT => self.long_data(offset, length)?,
            ValueData::At(offset) => self.cell(offset, length)?,
        };
        Ok(Value::from_data(value.kind, &bytes[..length.min(bytes.len())]))
    }

    /// A list of lists holds no further lists of lists: nothing can nest deeper than that.
    fn list(&mut self, offset: CellOffset, may_nest: bool, found: &mut Vec<CellOffset>) -> Result<(), Problem> {
        let cell = self.cell(offset, MAX_CELL)?;
        let fields = Fields(&cell);
        let magic: [u8; 2] = fields.array(0)?;
        let width = match &magic {
            b"li" => 4,
            b"ri" if may_nest => 4,
            b"ri" => return Err(Problem::Ended("a list of lists of sub-keys lies in another one".to_owned())),
            b"lf" | b"lh" => 8,
            _ => return Err(Problem::Damaged("found no list of sub-keys where one was expected".to_owned())),
        };
        let count = usize::from(fields.half(2)?).min(cell.len().saturating_sub(4) / width);
        for at in 0..count {
            let offset = fields.word(4 + width * at)?;
            if &magic != b"ri" {
                self.count()?;
                found.push(offset);
            } else {
                match self.list(offset, false, found) {
                    Err(Problem::Damaged(_)) => {}
                    other => other?,
                }
            }
        }
        Ok(())
    }

    /// Data in segments. Hives before version 1.4 have one long cell instead.
    fn long_data(&mut self, offset: CellOffset, length: usize) -> Result<Vec<u8>, Problem> {
        let first = self.cell(offset, length)?;
        if first.get(..2) != Some(b"db") {
            return Ok(first);
        }
        let segments = usize::from(Fields(&first).half(2)?);
        let list = self.cell(Fields(&first).word(4)?, MAX_CELL)?;
        let mut out = Vec::new();
        for at in 0..segments {
            if out.len() >= length {
                break;
            }
            let segment = self.cell(Fields(&list).word(4 * at)?, SEGMENT.min(length - out.len()))?;
            out.extend_from_slice(&segment);
        }
        Ok(out)
    }

    /// Content of an allocated cell, at most `want` bytes of it.
    fn cell(&mut self, offset: CellOffset, want: usize) -> Result<Vec<u8>, Problem> {
        self.count()?;
        let at = BASE + u64::from(offset);
        let size = self.pages.bytes(at, 4)?;
        let size = i32::from_le_bytes(Fields(&size).array(0)?);
        if size > -8 {
            return Err(Problem::Damaged(format!("the cell at {at} is free or empty, and referred to")));
        }
        let content = ((size.unsigned_abs() - 4) as usize).min(want);
        self.copied += content as u64;
        if self.copied > self.limits.copied_bytes {
            return Err(Problem::Ended(format!("more than {} bytes of cells to read", self.limits.copied_bytes)));
        }
        self.pages.bytes(at + 4, content)
    }

    fn count(&mut self) -> Result<(), Problem> {
        self.cells += 1;
        if self.cells > self.limits.cells {
            return Err(Problem::Ended(format!("more than {} cells to visit", self.limits.cells)));
        }
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(Problem::Ended("cancelled".to_owned()));
        }
        Ok(())
    }
}
