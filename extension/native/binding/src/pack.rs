//! Answers as one buffer each. `native.ts` reads the same layout; change both, and `LAYOUT`.
//!
//! A buffer starts with a header of 64-bit floats, of which the first is 0 for an answer and 1 for a failure of the
//! whole request. Columns follow, widest first so that each is aligned, and text comes last.

use crate::record::{FIXED, computed, push_record};
use crate::request::FilePath;
use scan::{Batch, Code, Digested, Failure, Roots, Searched};

/// Bytes for JavaScript.
pub(crate) type Packed = Vec<u8>;

/// Header: 1, code, bytes of the message. Then the message.
pub(crate) fn pack_failure(failure: &Failure) -> Packed {
    let mut out = Vec::with_capacity(24 + failure.message.len());
    floats(&mut out, [1.0, f64::from(failure.code as u8), failure.message.len() as f64]);
    out.extend_from_slice(failure.message.as_bytes());
    out
}

/// Header: 0, entries, errors, rules, bytes of the paths, directories, names, files, selected, settled, truncated, the
/// number of the first entry or -1.
pub(crate) fn pack_batch(batch: Result<Batch, Failure>) -> Packed {
    let batch = match batch {
        Ok(batch) => batch,
        Err(failure) => return pack_failure(&failure),
    };
    let (entries, errors, progress) = (&batch.entries, &batch.errors, &batch.progress);
    let text_length = batch.text.len() + batch.error_text.len();
    let mut out = Vec::with_capacity(96 + 92 * entries.len() + 4 * batch.rules.len() + 16 * errors.len() + text_length);
    floats(
        &mut out,
        [
            0.0,
            entries.len() as f64,
            errors.len() as f64,
            batch.rules.len() as f64,
            batch.text.len() as f64,
            progress.directories as f64,
            progress.entries as f64,
            progress.files as f64,
            progress.selected as f64,
            progress.settled as f64,
            f64::from(u8::from(progress.truncated)),
            batch.first_ticket.map_or(-1.0, f64::from),
        ],
    );
    let metas = || entries.iter().map(|entry| &entry.meta);
    words(&mut out, metas().map(|meta| meta.identity.dev));
    words(&mut out, metas().map(|meta| meta.identity.ino));
    words(&mut out, metas().map(|meta| meta.identity.mtime_ns as u64));
    words(&mut out, metas().map(|meta| meta.identity.ctime_ns as u64));
    words(&mut out, metas().map(|meta| meta.atime_ns as u64));
    words(&mut out, metas().map(|meta| meta.btime_ns as u64));
    floats(&mut out, metas().map(|meta| meta.identity.size as f64));
    floats(&mut out, metas().map(|meta| meta.blocks as f64));
    halves(&mut out, entries.iter().map(|entry| entry.root));
    halves(&mut out, metas().map(|meta| meta.mode));
    halves(&mut out, metas().map(|meta| meta.uid));
    halves(&mut out, metas().map(|meta| meta.gid));
    halves(&mut out, metas().map(|meta| meta.nlink));
    halves(&mut out, entries.iter().map(|entry| entry.path_end));
    halves(&mut out, entries.iter().map(|entry| entry.rules_end));
    halves(&mut out, batch.rules.iter().copied());
    halves(&mut out, errors.iter().map(|error| error.root));
    halves(&mut out, errors.iter().map(|error| error.code as u32));
    halves(&mut out, errors.iter().map(|error| error.path_end));
    halves(&mut out, errors.iter().map(|error| error.message_end));
    out.extend_from_slice(batch.text.as_bytes());
    out.extend_from_slice(batch.error_text.as_bytes());
    out
}

/// Looks the files up and packs what was found like a batch; each entry's only rule is its file's index.
pub(crate) fn pack_lookup(roots: &[Vec<u8>], files: &[FilePath]) -> Packed {
    let roots = match Roots::open(roots) {
        Ok(roots) => roots,
        Err(failure) => return pack_failure(&failure),
    };
    let mut batch = Batch::default();
    for (index, (root, path)) in (0u32..).zip(files) {
        match scan::stat(&roots, *root, path) {
            Ok(meta) => batch.add_entry(*root, path, &[index], meta),
            Err(failure) => batch.add_error(*root, path, &failure),
        }
    }
    pack_batch(Ok(batch))
}

/// Header: 0, results. A result's status is 0, or its code and one; its text is its digests in hex, or a message.
pub(crate) fn pack_digests(results: &[Result<Digested, Failure>]) -> Packed {
    let mut out = Vec::with_capacity(16 + results.len() * (80 + 104));
    floats(&mut out, [0.0, results.len() as f64]);
    let identities = || results.iter().map(|result| result.as_ref().map(|file| file.identity).unwrap_or_default());
    words(&mut out, identities().map(|identity| identity.dev));
    words(&mut out, identities().map(|identity| identity.ino));
    words(&mut out, identities().map(|identity| identity.mtime_ns as u64));
    words(&mut out, identities().map(|identity| identity.ctime_ns as u64));
    floats(&mut out, identities().map(|identity| identity.size as f64));
    floats(&mut out, results.iter().map(|result| result.as_ref().map_or(0.0, |file| file.bytes_read as f64)));
    halves(&mut out, results.iter().map(|result| result.as_ref().err().map_or(0, |failure| status(failure.code))));
    halves(&mut out, results.iter().map(|result| result.as_ref().map_or(0, |file| file.head_length as u32)));
    halves(&mut out, results.iter().map(|result| result.as_ref().map_or(0, computed)));
    let mut text = Vec::with_capacity(results.len() * 64);
    let ends: Vec<u32> = results.iter().map(|result| push_text(&mut text, result)).collect();
    halves(&mut out, ends.into_iter());
    for result in results {
        out.extend_from_slice(&result.as_ref().map(|file| file.head).unwrap_or_default());
    }
    out.extend_from_slice(&text);
    out
}

/// Header: 0, results, bytes read from all files, bytes of the records. A result's status is 0, or its code and one; then
/// where its record and its message end.
pub(crate) fn pack_records(results: &[Result<Digested, Failure>]) -> Packed {
    let bytes_read: u64 = results.iter().flatten().map(|file| file.bytes_read).sum();
    let (mut records, mut text) = (Vec::with_capacity(results.len() * (FIXED + 32)), Vec::new());
    let (mut record_ends, mut text_ends) = (Vec::with_capacity(results.len()), Vec::with_capacity(results.len()));
    for result in results {
        match result {
            Ok(file) => push_record(&mut records, file),
            Err(failure) => text.extend_from_slice(failure.message.as_bytes()),
        }
        record_ends.push(records.len() as u32);
        text_ends.push(text.len() as u32);
    }
    let mut out = Vec::with_capacity(32 + results.len() * 12 + records.len() + text.len());
    floats(&mut out, [0.0, results.len() as f64, bytes_read as f64, records.len() as f64]);
    halves(&mut out, results.iter().map(|result| result.as_ref().err().map_or(0, |failure| status(failure.code))));
    halves(&mut out, record_ends.into_iter());
    halves(&mut out, text_ends.into_iter());
    out.extend_from_slice(&records);
    out.extend_from_slice(&text);
    out
}

/// Header: 0, results. A result's status is 0, or its code and one; then where its indexes and its message end.
pub(crate) fn pack_searched(results: &[Searched]) -> Packed {
    let mut out = Vec::with_capacity(16 + results.len() * 16);
    floats(&mut out, [0.0, results.len() as f64]);
    halves(&mut out, results.iter().map(|result| result.as_ref().err().map_or(0, |failure| status(failure.code))));
    let found = || results.iter().map(|result| result.as_deref().unwrap_or_default());
    let mut end = 0;
    halves(
        &mut out,
        found().map(|indexes| {
            end += indexes.len() as u32;
            end
        }),
    );
    let mut text = Vec::new();
    let ends: Vec<u32> = results
        .iter()
        .map(|result| {
            text.extend_from_slice(result.as_ref().err().map_or(&[][..], |failure| failure.message.as_bytes()));
            text.len() as u32
        })
        .collect();
    halves(&mut out, ends.into_iter());
    halves(&mut out, found().flatten().copied());
    out.extend_from_slice(&text);
    out
}

/// Header: 0, a number.
pub(crate) fn pack_count(count: usize) -> Packed {
    let mut out = Vec::with_capacity(16);
    floats(&mut out, [0.0, count as f64]);
    out
}

/// Header: 0. Then the bytes.
pub(crate) fn pack_bytes(read: &Result<Vec<u8>, Failure>) -> Packed {
    match read {
        Err(failure) => pack_failure(failure),
        Ok(bytes) => {
            let mut out = Vec::with_capacity(8 + bytes.len());
            floats(&mut out, [0.0]);
            out.extend_from_slice(bytes);
            out
        }
    }
}

fn status(code: Code) -> u32 {
    code as u32 + 1
}

fn push_text(text: &mut Vec<u8>, result: &Result<Digested, Failure>) -> u32 {
    match result {
        Err(failure) => text.extend_from_slice(failure.message.as_bytes()),
        Ok(file) => {
            push_hex(text, file.digests.sha256.iter().flatten());
            push_hex(text, file.digests.sha1.iter().flatten());
            push_hex(text, file.digests.md5.iter().flatten());
        }
    }
    text.len() as u32
}

fn push_hex<'a>(text: &mut Vec<u8>, bytes: impl Iterator<Item = &'a u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        text.extend_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
    }
}

pub(crate) fn floats(out: &mut Packed, values: impl IntoIterator<Item = f64>) {
    values.into_iter().for_each(|value| out.extend_from_slice(&value.to_ne_bytes()));
}

fn words(out: &mut Packed, values: impl Iterator<Item = u64>) {
    values.for_each(|value| out.extend_from_slice(&value.to_ne_bytes()));
}

pub(crate) fn halves(out: &mut Packed, values: impl Iterator<Item = u32>) {
    values.for_each(|value| out.extend_from_slice(&value.to_ne_bytes()));
}
