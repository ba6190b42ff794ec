//! File paths as text without losing a byte: the Rust half of `extension/domain/path-text.ts`.
//!
//! Bytes that are not part of valid UTF-8 are written `\xhh`, a backslash that would read as such an escape `\x5c`.

/// Appends the text form of a path's bytes.
pub fn text_from_bytes(bytes: &[u8], out: &mut String) {
    for chunk in bytes.utf8_chunks() {
        push_protected(chunk.valid(), out);
        for byte in chunk.invalid() {
            push_escape(*byte, out);
        }
    }
}

/// Bytes of a path from its text form.
pub fn bytes_from_text(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        match escape_at(rest) {
            Some(byte) => {
                out.push(byte);
                rest = &rest[4..];
            }
            None => {
                out.push(first);
                rest = after;
            }
        }
    }
    out
}

fn push_protected(valid: &str, out: &mut String) {
    let mut rest = valid;
    while let Some(at) = rest.find("\\x") {
        out.push_str(&rest[..at]);
        out.push_str(if escape_at(&rest.as_bytes()[at..]).is_some() { "\\x5c" } else { "\\" });
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}

fn push_escape(byte: u8, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push_str("\\x");
    out.push(HEX[usize::from(byte >> 4)] as char);
    out.push(HEX[usize::from(byte & 15)] as char);
}

/// The byte that an escape at the start of `text` stands for.
fn escape_at(text: &[u8]) -> Option<u8> {
    match text {
        [b'\\', b'x', high, low, ..] => Some(hex_digit(*high)? << 4 | hex_digit(*low)?),
        _ => None,
    }
}

/// Lower-case digits only: an upper-case `\xFF` is ordinary text.
fn hex_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(bytes: &[u8]) -> String {
        let mut out = String::new();
        text_from_bytes(bytes, &mut out);
        out
    }

    #[test]
    fn ordinary_paths_are_unchanged() {
        for path in ["Users/a/Übung.dll", r"C:\Windows\System32\x.dll", r"a\xZZ", ""] {
            assert_eq!(text(path.as_bytes()), path);
        }
    }

    #[test]
    fn stray_bytes_and_ambiguous_backslashes_are_escaped() {
        assert_eq!(text(b"bad\xff\xfe.dll"), r"bad\xff\xfe.dll");
        assert_eq!(text(br"bad\xff"), r"bad\x5cxff");
        assert_eq!(text(b"\xe2\x82"), r"\xe2\x82");
        assert_eq!(text(b"\xed\xa0\x80"), r"\xed\xa0\x80");
    }

    proptest! {
        #[test]
        fn decoding_undoes_encoding(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            prop_assert_eq!(bytes_from_text(&text(&bytes)), bytes);
        }

        #[test]
        fn decoding_undoes_encoding_near_escapes(text_in in r"[\\x0f5c\u{e9}]{0,12}") {
            prop_assert_eq!(bytes_from_text(&text(text_in.as_bytes())), text_in.as_bytes());
        }
    }
}
