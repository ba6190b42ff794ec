//! A text as it passes by, and the lines that are picked from it.
//!
//! Only a window is in memory: a block, and before it what of an unfinished line may still be needed, which is no more
//! than a line may be long. Line ends are looked for around what was found, not everywhere. A line that is longer than
//! wanted gives pieces: the first when it is a heading, and one around each string that no earlier piece holds.

use std::ops::Range;

use memchr::{memchr, memmem, memrchr};

use crate::answer::{Batch, Request};
use crate::patterns::{Hit, Patterns};

/// Blocks begin at a multiple of this many bytes: where a page of a file is copied to a little behind the beginning of
/// a page of memory, some processors (Zen 3) are five times as slow.
const PAGE: usize = 4096;

/// Picks lines out of one text, or out of a part of it that begins with a line.
pub(crate) struct Window<'a> {
    patterns: &'a Patterns,
    max: usize,
    prefix: &'a [u8],
    heading: Option<memmem::Finder<'a>>,
    head_left: u64,
    /// Recoded from UTF-16: offsets count two bytes for every unit.
    is_wide: bool,
    /// The text in view is `view` of it.
    bytes: Vec<u8>,
    view: Range<usize>,
    /// Offset in the file of the first byte in view.
    origin: u64,
    /// Where the current line begins; `None`: before the view.
    line: Option<usize>,
    /// Bytes of the current line before the view.
    before: usize,
    /// It is known whether the current line is a heading.
    is_judged: bool,
    /// Strings are looked for from here, and count when they end behind there.
    next: usize,
    ends_after: usize,
}

/// Whether more text is needed.
#[derive(PartialEq)]
enum Step {
    On,
    More,
}

impl<'a> Window<'a> {
    /// Begins at the beginning of a line.
    pub(crate) fn new(
        patterns: &'a Patterns,
        request: &'a Request,
        head_lines: u64,
        origin: u64,
        is_wide: bool,
    ) -> Self {
        let prefix = request.heading_prefix.as_slice();
        Window {
            patterns,
            max: request.max_line_bytes,
            prefix,
            heading: (!prefix.is_empty()).then(|| memmem::Finder::new(&[b"\n", prefix].concat()).into_owned()),
            head_left: head_lines,
            is_wide,
            bytes: Vec::new(),
            view: 0..0,
            origin,
            line: Some(0),
            before: 0,
            is_judged: false,
            next: 0,
            ends_after: 0,
        }
    }

    /// Head lines that have not come yet.
    pub(crate) fn head_left(&self) -> u64 {
        self.head_left
    }

    /// Offset in the file of the line that has begun and has not ended, if nothing was given of it yet.
    pub(crate) fn line_offset(&self) -> Option<u64> {
        self.line.filter(|at| self.ends_after <= *at).map(|at| self.offset_of(&self.bytes[self.view.clone()], at))
    }

    /// Bytes of the text that were read before the first block.
    pub(crate) fn begin_with(&mut self, first: &[u8]) {
        self.bytes.extend_from_slice(first);
        self.view = 0..first.len();
    }

    /// Where the next block goes.
    pub(crate) fn room(&mut self, length: usize) -> &mut [u8] {
        let kept = self.view.len();
        if self.bytes.len() < kept + PAGE + length {
            self.bytes.resize(kept + PAGE + length, 0);
        }
        let base = self.bytes.as_ptr().addr();
        let end = (base + kept).next_multiple_of(PAGE) - base;
        self.bytes.copy_within(self.view.clone(), end - kept);
        self.view = end - kept..end;
        &mut self.bytes[end..end + length]
    }

    /// Picks what can be picked from the text with its next block, then forgets what is not needed any more.
    pub(crate) fn pick(&mut self, length: usize, is_end: bool, found: &mut Batch) {
        self.view.end += length;
        let bytes = std::mem::take(&mut self.bytes);
        let text = &bytes[self.view.clone()];
        self.pick_from(text, is_end, found);
        self.forget(text);
        self.bytes = bytes;
    }

    fn pick_from(&mut self, text: &[u8], is_end: bool, found: &mut Batch) {
        let mut hit: Option<Hit> = None;
        let mut looked = false;
        let mut heading: Option<usize> = None;
        let mut heading_from = usize::MAX;
        loop {
            if !self.is_judged {
                if self.judge(text, is_end, found) == Step::More {
                    return;
                }
                looked = looked && hit.is_none_or(|hit| hit.start >= self.next && hit.end > self.ends_after);
                continue;
            }
            if !looked {
                hit = self.patterns.find(text, self.next, self.ends_after);
                looked = true;
            }
            let at = hit.map_or(text.len(), |hit| hit.start);
            // While first lines are wanted, the next line is looked at whatever is in it.
            let line_from = self.line.unwrap_or(0);
            let next_line = if self.head_left > 0 {
                memchr(b'\n', &text[line_from..]).map(|lf| line_from + lf + 1)
            } else if let Some(finder) = &self.heading {
                if heading_from > line_from || heading.is_some_and(|at| at <= line_from) {
                    heading = finder.find(&text[line_from..]).map(|lf| line_from + lf + 1);
                    heading_from = line_from;
                }
                heading
            } else {
                None
            };
            if let Some(start) = next_line.filter(|start| *start <= at) {
                self.begin(start, false);
                looked = looked && hit.is_none_or(|hit| hit.start >= start);
                continue;
            }
            let Some(one) = hit else { break };
            if let Some(lf) = memrchr(b'\n', &text[line_from..one.start]) {
                self.begin(line_from + lf + 1, true);
            }
            if self.give(text, one, is_end, found) == Step::More {
                // A string that begins before this one may end behind what is in view.
                let unsure = (text.len() + 1).saturating_sub(self.patterns.longest());
                self.next = self.next.max(one.start.min(unsure));
                return;
            }
            looked = false;
        }
        // Nothing is left to be picked: only the line that has not ended matters.
        let from = self.line.unwrap_or(0);
        if let Some(lf) = memrchr(b'\n', &text[from..]) {
            let start = from + lf + 1;
            self.begin(start, text.len() - start >= self.prefix.len() && self.head_left == 0);
        }
        self.next = self.next.max((text.len() + 1).saturating_sub(self.patterns.longest()));
    }

    /// Goes on to another line.
    fn begin(&mut self, start: usize, is_judged: bool) {
        self.line = Some(start);
        self.before = 0;
        self.is_judged = is_judged;
        self.next = start;
        self.ends_after = start;
    }

    /// Gives the line that begins if it is one of the first or a heading.
    fn judge(&mut self, text: &[u8], is_end: bool, found: &mut Batch) -> Step {
        let Some(start) = self.line else {
            self.is_judged = true;
            return Step::On;
        };
        let rest = &text[start..];
        if rest.is_empty() {
            return Step::More;
        }
        let lf = memchr(b'\n', &rest[..rest.len().min(self.max + 2)]);
        let is_heading = !self.prefix.is_empty() && rest.starts_with(self.prefix);
        if lf.is_none()
            && !is_end
            && rest.len() < self.max + 2
            && (self.head_left > 0 || is_heading || rest.len() < self.prefix.len())
        {
            return Step::More;
        }
        self.is_judged = true;
        if self.head_left == 0 && !is_heading {
            return Step::On;
        }
        self.head_left = self.head_left.saturating_sub(1);
        let end = lf.or(is_end.then_some(rest.len())).filter(|_| lf.is_some() || rest.len() <= self.max);
        let line = match end {
            Some(end) => without_cr(&rest[..end], lf.is_some()),
            None => rest,
        };
        let is_cut = line.len() > self.max || end.is_none();
        let piece = if is_cut { self.whole(&line[..line.len().min(self.max)]) } else { line };
        let is_found = self.patterns.find(piece, 0, 0).is_some();
        found.add(self.offset_of(text, start), piece, is_cut, is_found, is_found || is_heading);
        match lf {
            Some(lf) if !is_cut => self.begin(start + lf + 1, false),
            _ => {
                let end = start + piece.len();
                self.ends_after = end;
                self.next = start.max((end + 1).saturating_sub(self.patterns.longest()));
            }
        }
        Step::On
    }

    /// Gives the line around a string, or the piece of it.
    fn give(&mut self, text: &[u8], hit: Hit, is_end: bool, found: &mut Batch) -> Step {
        let from = self.line.unwrap_or(0);
        let lf = memchr(b'\n', &text[hit.end..]).map(|lf| hit.end + lf);
        let end = lf.unwrap_or(text.len());
        let line_end = from + without_cr(&text[from..end], lf.is_some()).len();
        let is_long = self.before + (line_end - from) > self.max;
        if lf.is_none() && !is_end && (!is_long || self.before + (text.len() - from) < self.max + 2) {
            return Step::More;
        }
        if !is_long {
            found.add(self.offset_of(text, from), &text[from..line_end], false, true, true);
            self.begin(lf.map_or(text.len(), |lf| lf + 1), false);
            return Step::On;
        }
        let start = hit.start.saturating_sub(self.max / 2).max(self.ends_after).max(from).min(hit.start);
        let start = if self.is_wide { next_character(text, start) } else { start };
        if lf.is_none() && !is_end && start + self.max + 2 > text.len() {
            return Step::More;
        }
        let piece = &text[start..line_end.min(start + self.max)];
        let piece = if start + piece.len() < line_end { self.whole(piece) } else { piece };
        found.add(self.offset_of(text, start), piece, true, true, true);
        self.ends_after = start + piece.len();
        self.next = (hit.start + 1).max((self.ends_after + 1).saturating_sub(self.patterns.longest()));
        Step::On
    }

    /// Without the character that is cut at the end, where it is known that there are characters.
    fn whole<'b>(&self, piece: &'b [u8]) -> &'b [u8] {
        let lead = piece.iter().rposition(|byte| byte & 0xC0 != 0x80).filter(|_| self.is_wide);
        match lead {
            Some(lead) if piece.len() - lead < length_of(piece[lead]) => &piece[..lead],
            _ => piece,
        }
    }

    fn offset_of(&self, text: &[u8], at: usize) -> u64 {
        self.origin + if self.is_wide { units(&text[..at]) * 2 } else { at as u64 }
    }

    /// Keeps in view what is still needed.
    fn forget(&mut self, text: &[u8]) {
        let filled = text.len();
        let line = self.line.unwrap_or(0);
        let context = (self.max / 2).max(self.patterns.longest());
        let is_kept_whole = self.line.is_some() && (filled - line <= self.max + 2 || !self.is_judged);
        // A piece begins where the one before ends, at the earliest.
        let from = if is_kept_whole { line } else { line.max(self.next.saturating_sub(context)) };
        self.origin = self.offset_of(text, from);
        if from > line || self.line.is_none() {
            self.before += from - line;
            self.line = None;
        } else {
            self.line = Some(0);
        }
        self.next = self.next.saturating_sub(from);
        self.ends_after = self.ends_after.saturating_sub(from);
        self.view.start += from;
    }
}

fn without_cr(line: &[u8], has_lf: bool) -> &[u8] {
    if has_lf { line.strip_suffix(b"\r").unwrap_or(line) } else { line }
}

fn next_character(text: &[u8], at: usize) -> usize {
    at + text[at..].iter().position(|byte| byte & 0xC0 != 0x80).unwrap_or(0)
}

/// Bytes of a character of UTF-8 by its first.
fn length_of(lead: u8) -> usize {
    match lead {
        0xF0.. => 4,
        0xE0.. => 3,
        0xC0.. => 2,
        _ => 1,
    }
}

/// Units of UTF-16 that a text in UTF-8 was.
fn units(text: &[u8]) -> u64 {
    text.iter().map(|byte| u64::from(byte & 0xC0 != 0x80) + u64::from(*byte >= 0xF0)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::naive::{Naive, naive};
    use proptest::prelude::*;

    fn picked(text: &[u8], patterns: &[Vec<u8>], request: &Request, blocks: &[usize]) -> Vec<Naive> {
        let patterns = Patterns::new(patterns.iter().map(Vec::as_slice)).unwrap();
        let mut window = Window::new(&patterns, request, request.head_lines, 0, false);
        let mut found = Batch::default();
        let mut at = 0;
        let mut blocks = blocks.iter().cycle();
        loop {
            let block = *blocks.next().unwrap();
            let length = block.min(text.len() - at);
            window.room(block)[..length].copy_from_slice(&text[at..at + length]);
            at += length;
            window.pick(length, length < block, &mut found);
            if length < block {
                break;
            }
        }
        let starts = [0].into_iter().chain(found.lines.iter().map(|line| line.end));
        let lines = found.lines.iter().zip(starts);
        let lines =
            lines.map(|(line, start)| (line.offset, found.text[start..line.end].to_vec(), line.is_cut, line.is_found));
        lines.collect()
    }

    fn words(max: usize) -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            4 => "[abAB.]{1,4}",
            1 => "\r?\n",
            1 => "\n#",
            1 => "[a-b]{8,12}",
            1 => "\r|\0",
        ];
        proptest::collection::vec(piece, 0..max).prop_map(|pieces| pieces.concat().into_bytes())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]
        #[test]
        fn whatever_the_blocks_the_lines_are_those_of_the_whole_text(
            text in words(60),
            patterns in proptest::collection::vec("[abAB.]{3,6}|[ab]{7,10}", 1..5),
            blocks in proptest::collection::vec(1usize..40, 1..4),
            head_lines in 0u64..3,
            prefix in prop_oneof![Just(""), Just("#"), Just("#ab")],
            max_line_bytes in 24usize..60,
        ) {
            let patterns: Vec<Vec<u8>> = patterns.into_iter().map(String::into_bytes).collect();
            let heading_prefix = prefix.as_bytes().to_vec();
            let request = Request { head_lines, heading_prefix, max_line_bytes, max_lines: 1000, max_bytes: 1 << 20, threads: 1 };
            prop_assert_eq!(picked(&text, &patterns, &request, &blocks), naive(&text, &patterns, &request));
        }
    }
}
