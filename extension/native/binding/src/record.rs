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
