//! What makes a compound file a Windows installer: packed stream names, and a database in streams.
//!
//! Of the database only the table `File` is read, which says what the members of the cabinets are called once they are
//! installed: in the cabinet they go by keys. Tables lie column by column; text is a number into a pool.
//! https://learn.microsoft.com/windows/win32/msi/file-table

use crate::bytes::{le16, le32, read_whole};
use crate::cab::Names;
use crate::fault::{Fault, damaged, words};
use crate::gatherer::Gatherer;
use crate::ole::{Compound, Stream};

/// The first letter of the name of a table.
const TABLE: u16 = 0x4840;
/// A letter from here on stands for two of the alphabet, from `ONE` on for one.
const TWO: u16 = 0x3800;
const ONE: u16 = 0x4800;
const ALPHABET: &[u8; 64] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._";

/// Bytes of a table or pool that are read; those of the largest installers have a few million.
const MAX_TABLE: u64 = 32 << 20;
/// Set beside the code page when numbers of strings have three bytes.
const LONG_NUMBERS: u32 = 0x8000_0000;
/// Marks a column of text; the low byte of the others is their width.
const TEXT_COLUMN: u16 = 0x0800;
/// Integers are stored with this added, so that 0 can mean null.
const SIGN: u16 = 0x8000;

/// A stream's name as an installer packs it: two letters of a small alphabet in one. A table gets a `!` before it.
pub(crate) fn decode_name(name: &[u16]) -> String {
    let mut units = Vec::with_capacity(2 * name.len());
    for (index, unit) in name.iter().copied().enumerate() {
        match unit {
            TABLE if index == 0 => units.push(u16::from(b'!')),
            TWO..ONE => {
                units.push(letter(unit - TWO));
                units.push(letter((unit - TWO) >> 6));
            }
            ONE..TABLE => units.push(letter(unit - ONE)),
            _ => units.push(unit),
        }
    }
    String::from_utf16_lossy(&units)
}

fn letter(value: u16) -> u16 {
    u16::from(ALPHABET[usize::from(value & 63)])
}

/// Whether there is a pool of strings, without which no installer works.
pub(crate) fn is_installer(compound: &Compound<'_>) -> bool {
    table(compound, "!_StringPool").is_some()
}

fn table<'a>(compound: &'a Compound<'_>, name: &str) -> Option<&'a Stream> {
    compound.streams.iter().find(|stream| stream.storages.is_empty() && decode_name(&stream.name) == name)
}

/// The long name of each file by its key in the cabinets. What is damaged is noted, and keys stand for names then.
pub(crate) fn file_names(compound: &Compound<'_>, gatherer: &mut Gatherer<'_>) -> Result<Names, Fault> {
    gatherer.check()?;
    match words(read_names(compound))? {
        Ok(names) => Ok(names),
        Err(problem) => {
            gatherer.note(format!("the installer's names of its files are unknown: {problem}"));
            Ok(Names::new())
        }
    }
}

/// Strings by number.
struct Pool {
    data: Vec<u8>,
    /// Where each string lies; the number 0 is no string.
    places: Vec<(usize, usize)>,
    number_width: usize,
}

impl Pool {
    fn open(compound: &Compound<'_>) -> Result<Self, Fault> {
        let index = load(compound, "!_StringPool")?;
        let data = load(compound, "!_StringData")?;
        let number_width = if le32(&index, 0) & LONG_NUMBERS != 0 { 3 } else { 2 };
        let mut places = vec![(0, 0)];
        let mut fields = index.chunks_exact(4).skip(1);
        let mut at = 0usize;
        while let Some(field) = fields.next() {
            let mut length = usize::from(le16(field, 0));
            // A length of 0 that is referred to: the string is long, and the next field is its length.
            if length == 0 && le16(field, 2) > 0 {
                length = fields.next().map_or(0, |long| le32(long, 0) as usize);
            }
            let end = at.saturating_add(length).min(data.len());
            places.push((at, end));
            at = end;
        }
        Ok(Pool { data, places, number_width })
    }

    fn get(&self, number: usize) -> &[u8] {
        self.places.get(number).and_then(|(from, to)| self.data.get(*from..*to)).unwrap_or_default()
    }
}

fn load(compound: &Compound<'_>, name: &str) -> Result<Vec<u8>, Fault> {
    match table(compound, name) {
        Some(stream) => read_whole(&compound.content(stream)?, MAX_TABLE, &name[1..]),
        None => damaged(format!("there is no stream {}", &name[1..])),
    }
}

/// A table: its bytes, and where each column starts and how wide it is.
struct Rows {
    bytes: Vec<u8>,
    columns: Vec<(usize, usize)>,
    count: usize,
}

impl Rows {
    fn new(bytes: Vec<u8>, widths: &[usize]) -> Self {
        let count = bytes.len().checked_div(widths.iter().sum()).unwrap_or(0);
        let mut at = 0;
        let columns = widths.iter().map(|width| {
            at += width * count;
            (at - width * count, *width)
        });
        Rows { columns: columns.collect(), bytes, count }
    }

    fn get(&self, row: usize, column: usize) -> usize {
        let Some((start, width)) = self.columns.get(column) else { return 0 };
        let at = start + row * width;
        let bytes = self.bytes.get(at..at + width).unwrap_or_default();
        bytes.iter().rev().fold(0, |value, byte| value << 8 | usize::from(*byte))
    }
}

fn read_names(compound: &Compound<'_>) -> Result<Names, Fault> {
    let pool = Pool::open(compound)?;
    let text = pool.number_width;
    let described = Rows::new(load(compound, "!_Columns")?, &[text, 2, text, 2]);
    let mut columns: Vec<(usize, &[u8], usize)> = Vec::new();
    for row in 0..described.count {
        if pool.get(described.get(row, 0)) == b"File" {
            let kind = described.get(row, 3) as u16 ^ SIGN;
            let width = if kind & TEXT_COLUMN != 0 { text } else { usize::from(kind & 0xff) };
            let number = usize::from(described.get(row, 1) as u16 ^ SIGN);
            columns.push((number, pool.get(described.get(row, 2)), width));
        }
    }
    columns.sort_by_key(|(number, _, _)| *number);
    let place = |name: &[u8]| columns.iter().position(|(_, found, _)| *found == name);
    let (Some(key), Some(name)) = (place(b"File"), place(b"FileName")) else {
        return damaged("the table File has no columns File and FileName");
    };
    let widths: Vec<usize> = columns.iter().map(|(_, _, width)| *width).collect();
    let files = Rows::new(load(compound, "!File")?, &widths);
    let names = (0..files.count).map(|row| {
        let name = pool.get(files.get(row, name));
        // "short|long", or one name that is both.
        let long = name.rsplit(|byte| *byte == b'|').next().unwrap_or(name);
        (pool.get(files.get(row, key)).to_vec(), long.to_vec())
    });
    Ok(names.filter(|(key, long)| !key.is_empty() && !long.is_empty()).collect())
}
