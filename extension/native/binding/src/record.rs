//! What was read of one file, as bytes: `digest-record.ts` describes them, and the cache keeps them as they are.

use scan::Digested;

use crate::pack::Packed;

/// Bytes of a record without digests.
pub(crate) const FIXED: usize = 58;

/// Appends the record of a file.
pub(crate) fn push_record(out: &mut Packed, file: &Digested) {
    let identity = &file.identity;
    let numbers = [identity.dev, identity.ino, identity.size, identity.mtime_ns as u64, identity.ctime_ns as u64];
    numbers.iter().for_each(|number| out.extend_from_slice(&number.to_le_bytes()));
    out.extend_from_slice(&[computed(file) as u8, file.head_length as u8]);
    out.extend_from_slice(&file.head);
    out.extend(file.digests.sha256.iter().flatten());
    out.extend(file.digests.sha1.iter().flatten());
    out.extend(file.digests.md5.iter().flatten());
}

/// 1 SHA-256, 2 SHA-1, 4 MD5.
pub(crate) fn computed(file: &Digested) -> u32 {
    let digests = &file.digests;
    u32::from(digests.sha256.is_some()) | u32::from(digests.sha1.is_some()) << 1 | u32::from(digests.md5.is_some()) << 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use scan::{Digests, Identity};

    #[test]
    fn a_record_is_identity_what_there_is_and_the_digests_in_order() {
        let identity = Identity { dev: 1, ino: u64::MAX, size: 3, mtime_ns: -4, ctime_ns: 5 };
        let digests = Digests { sha256: Some([7; 32]), sha1: None, md5: Some([9; 16]) };
        let file = Digested { head: [b'M'; 16], head_length: 16, identity, digests, bytes_read: 3 };
        let mut out = Vec::new();
        push_record(&mut out, &file);
        assert_eq!(out.len(), FIXED + 48);
        assert_eq!(out[8..16], [255; 8]);
        assert_eq!(out[24..32], (-4i64).to_le_bytes());
        assert_eq!(out[40..42], [5, 16]);
        assert_eq!((out[FIXED], out[FIXED + 32]), (7, 9));
    }
}
