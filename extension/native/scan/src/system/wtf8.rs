//! Names of Windows as bytes, and back.
//!
//! Windows names are 16-bit units that need not be valid UTF-16. They travel as UTF-8 in which a surrogate without its
//! partner takes three bytes as any other unit would (WTF-8, https://simonsapin.github.io/wtf-8/), as Node gives them.

/// The units of a name; `None` for bytes that are no name of Windows.
pub(crate) fn units_from_bytes(bytes: &[u8]) -> Option<Vec<u16>> {
    let mut units = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while !rest.is_empty() {
        if let [0xed, second @ 0xa0..=0xbf, third @ 0x80..=0xbf, after @ ..] = rest {
            units.push(0xd000 | u16::from(second & 0x3f) << 6 | u16::from(third & 0x3f));
            rest = after;
            continue;
        }
        let valid = match std::str::from_utf8(rest) {
            Ok(valid) => valid,
            Err(error) => std::str::from_utf8(&rest[..error.valid_up_to()]).unwrap_or_default(),
        };
        if valid.is_empty() {
            return None;
        }
        units.extend(valid.encode_utf16());
        rest = &rest[valid.len()..];
    }
    Some(units)
}

/// Appends the bytes of a name.
pub(crate) fn bytes_from_units(units: impl Iterator<Item = u16>, out: &mut Vec<u8>) {
    for decoded in char::decode_utf16(units) {
        match decoded {
            Ok(letter) => out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
            Err(error) => {
                let unit = error.unpaired_surrogate();
                out.extend_from_slice(&[0xed, 0x80 | (unit >> 6 & 0x3f) as u8, 0x80 | (unit & 0x3f) as u8]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes(units: &[u16]) -> Vec<u8> {
        let mut out = Vec::new();
        bytes_from_units(units.iter().copied(), &mut out);
        out
    }

    #[test]
    fn ordinary_names_are_utf_8() {
        for name in ["ffmpeg.dll", "Übung", "\u{1f980}", ""] {
            let units: Vec<u16> = name.encode_utf16().collect();
            assert_eq!(bytes(&units), name.as_bytes());
            assert_eq!(units_from_bytes(name.as_bytes()), Some(units));
        }
    }

    #[test]
    fn surrogates_without_a_partner_are_kept() {
        assert_eq!(bytes(&[0x61, 0xd800, 0x62, 0xdfff]), b"a\xed\xa0\x80b\xed\xbf\xbf");
        assert_eq!(units_from_bytes(b"a\xed\xa0\x80b\xed\xbf\xbf"), Some(vec![0x61, 0xd800, 0x62, 0xdfff]));
    }

    #[test]
    fn bytes_that_windows_cannot_mean_are_no_name() {
        for bytes in [&b"bad\xff"[..], b"\xc0\x80", b"\xed\xa0", b"\x80", b"a\xf5\x80\x80\x80"] {
            assert_eq!(units_from_bytes(bytes), None, "{bytes:x?}");
        }
    }

    proptest! {
        #[test]
        fn every_name_comes_back(units in proptest::collection::vec(any::<u16>(), 0..40)) {
            prop_assert_eq!(units_from_bytes(&bytes(&units)), Some(units));
        }
    }
}
