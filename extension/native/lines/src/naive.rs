//! The referee of the tests: the contract over a whole text, as plainly as it can be said.

use crate::answer::Request;

/// Offset, bytes, whether cut, whether found.
pub(crate) type Naive = (u64, Vec<u8>, bool, bool);

/// All lines that are asked for.
pub(crate) fn naive(text: &[u8], patterns: &[Vec<u8>], request: &Request) -> Vec<Naive> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut index = 0;
    while start < text.len() {
        let lf = text[start..].iter().position(|byte| *byte == b'\n').map(|lf| start + lf);
        let end = lf.unwrap_or(text.len());
        let line = &text[start..end];
        let line = if lf.is_some() { line.strip_suffix(b"\r").unwrap_or(line) } else { line };
        let is_heading = !request.heading_prefix.is_empty() && line.starts_with(&request.heading_prefix);
        pieces_of(line, start, index < request.head_lines || is_heading, patterns, request, &mut found);
        start = end + 1;
        index += 1;
    }
    found
}

fn pieces_of(line: &[u8], at: usize, is_wanted: bool, patterns: &[Vec<u8>], request: &Request, found: &mut Vec<Naive>) {
    let max = request.max_line_bytes;
    let hits = hits_of(line, patterns);
    if line.len() <= max {
        if is_wanted || !hits.is_empty() {
            found.push((at as u64, line.to_vec(), false, !hits.is_empty()));
        }
        return;
    }
    let mut covered = 0;
    if is_wanted {
        covered = max;
        found.push((at as u64, line[..max].to_vec(), true, !hits_of(&line[..max], patterns).is_empty()));
    }
    for (start, end) in hits {
        if end <= covered {
            continue;
        }
        let from = start.saturating_sub(max / 2).max(covered).min(start);
        covered = line.len().min(from + max);
        found.push(((at + from) as u64, line[from..covered].to_vec(), true, true));
    }
}

/// The longest string at each place.
fn hits_of(line: &[u8], patterns: &[Vec<u8>]) -> Vec<(usize, usize)> {
    let longest = |at: usize| {
        let is_there =
            |one: &&Vec<u8>| line[at..].get(..one.len()).is_some_and(|piece| piece.eq_ignore_ascii_case(one));
        patterns.iter().filter(is_there).map(Vec::len).max().map(|length| (at, at + length))
    };
    (0..line.len()).filter_map(longest).collect()
}
