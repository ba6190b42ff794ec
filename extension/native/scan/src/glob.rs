//! The pattern language of `extension/domain/glob.ts`, on bytes.
//!
//! A pattern is components between slashes: `*` inside a component stands for any run of bytes, a component `**` for
//! any number of components. Nothing else is special. Case folding is ASCII only. Matching a component is linear: the
//! literal pieces between stars are sought from left to right, first fit, which is exact when only stars are special.

use crate::text::bytes_from_text;

/// One component of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Component {
    /// `**`.
    AnyDepth,
    /// No star.
    Exact(Box<[u8]>),
    /// At least one star: literal start, pieces in between, literal end.
    Wild(Wild),
}

/// A component with stars.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wild {
    /// What the name starts with.
    pub prefix: Box<[u8]>,
    /// What follows somewhere, in this order.
    pub middle: Box<[Box<[u8]>]>,
    /// What the name ends with.
    pub suffix: Box<[u8]>,
}

impl Wild {
    /// Whether a name, folded like the pattern, matches.
    pub fn matches(&self, name: &[u8]) -> bool {
        if name.len() < self.prefix.len() + self.suffix.len() || !name.starts_with(&self.prefix) {
            return false;
        }
        if !name.ends_with(&self.suffix) {
            return false;
        }
        let mut rest = &name[self.prefix.len()..name.len() - self.suffix.len()];
        for piece in &self.middle {
            match find(rest, piece) {
                Some(at) => rest = &rest[at + piece.len()..],
                None => return false,
            }
        }
        true
    }

    /// Whether every name matches: a component of stars alone.
    pub fn is_any(&self) -> bool {
        self.prefix.is_empty() && self.suffix.is_empty() && self.middle.is_empty()
    }
}

impl Component {
    /// Compiles one component from its text.
    fn new(text: &str, ignore_case: bool) -> Self {
        if text == "**" {
            return Component::AnyDepth;
        }
        let mut pieces: Vec<Box<[u8]>> = text.split('*').map(|piece| literal(piece, ignore_case)).collect();
        let last = pieces.pop().unwrap_or_default();
        if pieces.is_empty() {
            return Component::Exact(last);
        }
        let prefix = pieces.remove(0);
        pieces.retain(|piece| !piece.is_empty());
        Component::Wild(Wild { prefix, middle: pieces.into(), suffix: last })
    }

    fn matches(&self, name: &[u8]) -> bool {
        match self {
            Component::AnyDepth => true,
            Component::Exact(bytes) => **bytes == *name,
            Component::Wild(wild) => wild.matches(name),
        }
    }
}

/// A compiled pattern: components, with runs of `**` collapsed into one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// The components in order.
    pub(crate) components: Vec<Component>,
}

impl Pattern {
    /// Compiles a pattern in text form; leading and doubled slashes are dropped.
    pub fn new(pattern: &str, ignore_case: bool) -> Self {
        let parts = pattern.split('/').filter(|part| !part.is_empty());
        let mut components: Vec<Component> = parts.map(|part| Component::new(part, ignore_case)).collect();
        components.dedup_by(|b, a| *a == Component::AnyDepth && *b == Component::AnyDepth);
        Pattern { components }
    }

    /// Whether a path, folded like the pattern, matches as a whole.
    pub fn matches(&self, path: &[u8]) -> bool {
        let mut states = vec![false; self.components.len() + 1];
        states[0] = true;
        self.close(&mut states);
        for name in path.split(|byte| *byte == b'/').filter(|name| !name.is_empty()) {
            let mut next = vec![false; states.len()];
            for (at, component) in self.components.iter().enumerate().filter(|(at, _)| states[*at]) {
                match component {
                    Component::AnyDepth => next[at] = true,
                    other => next[at + 1] |= other.matches(name),
                }
            }
            states = next;
            self.close(&mut states);
        }
        states[self.components.len()]
    }

    /// A `**` may stand for nothing.
    fn close(&self, states: &mut [bool]) {
        for at in 0..self.components.len() {
            states[at + 1] |= states[at] && self.components[at] == Component::AnyDepth;
        }
    }
}

fn literal(text: &str, ignore_case: bool) -> Box<[u8]> {
    let mut bytes = bytes_from_text(text);
    if ignore_case {
        bytes.make_ascii_lowercase();
    }
    bytes.into()
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    if needle.len() > haystack.len() {
        return None;
    }
    haystack.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn matches(pattern: &str, name: &str) -> bool {
        Component::new(pattern, false).matches(name.as_bytes())
    }

    /// The definition: a star is nothing, or one byte and the star again.
    fn naive(pattern: &[u8], name: &[u8]) -> bool {
        match (pattern.split_first(), name.split_first()) {
            (None, None) => true,
            (Some((b'*', rest)), _) => naive(rest, name) || (!name.is_empty() && naive(pattern, &name[1..])),
            (Some((want, rest)), Some((found, left))) => want == found && naive(rest, left),
            _ => false,
        }
    }

    #[test]
    fn stars_stand_for_any_run() {
        assert!(matches("*.dll", ".dll"));
        assert!(matches("3CX*.msi", "3CXDesktopApp-18.12.416.msi"));
        assert!(matches("a*b*c", "a-b-b-c"));
        assert!(!matches("ab*ba", "aba"));
        assert!(!matches("*.dll", "x.DLL"));
        assert!(matches("***", "anything"));
        assert!(!matches("a?c", "abc"));
    }

    #[test]
    fn paths_match_as_a_whole() {
        let matches = |pattern: &str, path: &str| Pattern::new(pattern, true).matches(path.as_bytes());
        assert!(matches("**/FFmpeg.dll", "app.cab/ffmpeg.dll"));
        assert!(matches("**/ffmpeg.dll", "ffmpeg.dll"));
        assert!(matches("**", ""));
        assert!(matches("a/**/b/*.dll", "a/x/y/b/z.dll"));
        assert!(matches("a/**", "a"));
        assert!(!matches("*.dll", "a/z.dll"));
        assert!(!matches("a/**/b", "a/x/b/c"));
        assert!(!matches("a", ""));
    }

    #[test]
    fn runs_of_any_depth_collapse() {
        assert_eq!(Pattern::new("//a/**/**//b", false), Pattern::new("a/**/b", false));
    }

    proptest! {
        #[test]
        fn a_component_matches_as_the_definition_says(pattern in "[ab*]{0,8}", name in "[ab]{0,10}") {
            prop_assume!(pattern != "**");
            prop_assert_eq!(matches(&pattern, &name), naive(pattern.as_bytes(), name.as_bytes()));
        }
    }
}
