//! Data of a value, as what its type says.

use crate::cell::wide_text;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Text; lists of texts joined by line feeds; everything else in hex.
    Text(String),
    /// A number of 32 bits.
    Number(u32),
    /// A number of 64 bits.
    Long(u64),
}

const SZ: u32 = 1;
const EXPAND_SZ: u32 = 2;
const DWORD: u32 = 4;
const DWORD_BIG_ENDIAN: u32 = 5;
const LINK: u32 = 6;
const MULTI_SZ: u32 = 7;
const QWORD: u32 = 11;

impl Value {
    /// A number whose length is not that of its type is shown in hex, as everything that is no text.
    pub(crate) fn from_data(kind: u32, data: &[u8]) -> Self {
        match (kind, data.len()) {
            (SZ | EXPAND_SZ | LINK, _) => Value::Text(until_nul(wide_text(data))),
            (MULTI_SZ, _) => Value::Text(wide_text(data).trim_end_matches('\0').replace('\0', "\n")),
            (DWORD, 4) => Value::Number(data.iter().rev().fold(0, |sum, byte| sum << 8 | u32::from(*byte))),
            (DWORD_BIG_ENDIAN, 4) => Value::Number(data.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte))),
            (QWORD, 8) => Value::Long(data.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte))),
            _ => Value::Text(data.iter().map(|byte| format!("{byte:02x}")).collect()),
        }
    }

    /// Bytes it takes in an answer, roughly.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Value::Text(text) => text.len(),
            _ => 8,
        }
    }
}

/// Programs write what they have; what comes after the first NUL was never meant.
fn until_nul(mut text: String) -> String {
    if let Some(end) = text.find('\0') {
        text.truncate(end);
    }
    text
}
