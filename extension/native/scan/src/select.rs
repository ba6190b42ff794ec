//! Which files a walk selects, and which directories can hold one.
//!
//! All patterns run together as one automaton over path components. Its states are built when a directory first needs
//! them and kept, so most directories share a handful of [`StateSet`]s. Each set indexes the names it waits for:
//! exact names by hash, wildcards by last or first byte. A name costs one or two look-ups, however many rules there are.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use aho_corasick::AhoCorasick;

use crate::glob::{Component, Pattern, Wild};

/// State sets kept for reuse. Real trees need tens; a hostile tree could ask for one per directory.
const MAX_KEPT_SETS: usize = 4096;

/// Selects regular files by relative path and size.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Pattern in text form.
    pub pattern: String,
    /// Smallest size, bytes.
    pub min_size: u64,
    /// Largest size, bytes.
    pub max_size: u64,
}

/// Where one rule stands: `at` components of its pattern are matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct State {
    rule: u32,
    at: u32,
}

/// All rules of a walk, compiled.
pub struct Selector {
    patterns: Vec<Pattern>,
    sizes: Vec<(u64, u64)>,
    ignore_case: bool,
    kept: Mutex<HashMap<Vec<State>, Arc<StateSet>>>,
}

/// Where all rules stand in one directory.
pub struct StateSet {
    /// Equal for equal sets: what a directory was visited with.
    pub(crate) id: u64,
    files: NameIndex,
    directories: NameIndex,
    targets: Vec<State>,
    remain: Vec<State>,
    /// Rules that match the directory's own path: of use for a root that is a file.
    accepted: Vec<u32>,
    /// Directory names that rules spell out here.
    expected: Vec<Box<[u8]>>,
    stay: OnceLock<Arc<StateSet>>,
}

impl Selector {
    /// Compiles rules.
    pub fn new(rules: &[Rule], ignore_case: bool) -> Self {
        Selector {
            patterns: rules.iter().map(|rule| Pattern::new(&rule.pattern, ignore_case)).collect(),
            sizes: rules.iter().map(|rule| (rule.min_size, rule.max_size)).collect(),
            ignore_case,
            kept: Mutex::new(HashMap::new()),
        }
    }

    /// Where all rules stand at a root.
    pub fn start(&self) -> Arc<StateSet> {
        self.set((0..self.patterns.len() as u32).map(|rule| State { rule, at: 0 }).collect())
    }

    /// Folds a name as the patterns are folded; `scratch` keeps the result.
    pub fn fold<'a>(&self, name: &'a [u8], scratch: &'a mut Vec<u8>) -> &'a [u8] {
        if !self.ignore_case {
            return name;
        }
        scratch.clear();
        scratch.extend(name.iter().map(u8::to_ascii_lowercase));
        scratch
    }

    /// Rules whose pattern selects a folded file name in this directory, ascending.
    pub fn select(&self, set: &StateSet, name: &[u8], rules: &mut Vec<u32>) {
        rules.clear();
        set.files.look_up(name, rules);
        if rules.len() > 1 {
            rules.sort_unstable();
            rules.dedup();
        }
    }

    /// Whether some rule selects every file in this directory, whatever its name and size.
    pub fn selects_every_file(&self, set: &StateSet) -> bool {
        set.files.always.iter().any(|rule| self.sizes[*rule as usize] == (0, u64::MAX))
    }

    /// Rules that select the root itself, when it is a file.
    pub fn select_root(&self, set: &StateSet, rules: &mut Vec<u32>) {
        rules.clone_from(&set.accepted);
    }

    /// Whether a rule spells out a directory of this folded name right here. A link in its place hides files, so it is
    /// worth a word; below a `**` any link would be one.
    pub fn expects(&self, set: &StateSet, name: &[u8]) -> bool {
        set.expected.iter().any(|expected| **expected == *name)
    }

    /// Drops the rules whose size range does not hold.
    pub fn keep_sized(&self, size: u64, rules: &mut Vec<u32>) {
        rules.retain(|rule| {
            let (min, max) = self.sizes[*rule as usize];
            min <= size && size <= max
        });
    }

    /// Where all rules stand in a subdirectory of that folded name; `None`: nothing below it can match.
    pub fn descend(&self, set: &StateSet, name: &[u8], hits: &mut Vec<u32>) -> Option<Arc<StateSet>> {
        hits.clear();
        set.directories.look_up(name, hits);
        let next = if hits.is_empty() {
            set.stay.get_or_init(|| self.set(set.remain.clone())).clone()
        } else {
            let mut states = set.remain.clone();
            states.extend(hits.iter().map(|hit| set.targets[*hit as usize]));
            self.set(states)
        };
        (!next.is_dead()).then_some(next)
    }

    /// The set of these states and what they imply.
    fn set(&self, states: Vec<State>) -> Arc<StateSet> {
        let states = self.close(states);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = kept.get(&states) {
            return found.clone();
        }
        let made = Arc::new(self.build(&states));
        if kept.len() < MAX_KEPT_SETS {
            kept.insert(states, made.clone());
        }
        made
    }

    /// Adds, for every state before `**`, the state after it, because `**` may stand for nothing.
    fn close(&self, mut states: Vec<State>) -> Vec<State> {
        for i in 0..states.len() {
            let State { rule, at } = states[i];
            if matches!(self.component(states[i]), Some(Component::AnyDepth)) {
                states.push(State { rule, at: at + 1 });
            }
        }
        states.sort_unstable();
        states.dedup();
        states
    }

    fn component(&self, state: State) -> Option<&Component> {
        self.patterns[state.rule as usize].components.get(state.at as usize)
    }

    /// Whether nothing, or only `**`, is left of the pattern at this state.
    fn is_complete(&self, state: State) -> bool {
        matches!(
            self.patterns[state.rule as usize].components.get(state.at as usize..),
            None | Some([] | [Component::AnyDepth])
        )
    }

    /// Whether a state lies behind a `**`, so that it can be anywhere in the tree.
    fn is_floating(&self, state: State) -> bool {
        self.patterns[state.rule as usize].components[..state.at as usize].contains(&Component::AnyDepth)
    }

    fn build(&self, states: &[State]) -> StateSet {
        let mut hasher = DefaultHasher::new();
        states.hash(&mut hasher);
        let mut set = StateSet {
            id: hasher.finish(),
            files: NameIndex::default(),
            directories: NameIndex::default(),
            targets: Vec::new(),
            remain: Vec::new(),
            accepted: Vec::new(),
            expected: Vec::new(),
            stay: OnceLock::new(),
        };
        for &state in states {
            if self.is_complete(state) {
                set.accepted.push(state.rule);
            }
            match self.component(state) {
                None => {}
                Some(Component::AnyDepth) => {
                    set.remain.push(state);
                    if self.is_complete(state) {
                        set.files.always.push(state.rule);
                    }
                }
                Some(component) => {
                    let next = State { rule: state.rule, at: state.at + 1 };
                    if self.is_complete(next) {
                        set.files.insert(component, state.rule);
                    }
                    if self.component(next).is_some() {
                        set.directories.insert(component, set.targets.len() as u32);
                        set.targets.push(next);
                        if let (Component::Exact(name), false) = (component, self.is_floating(state)) {
                            set.expected.push(name.clone());
                        }
                    }
                }
            }
        }
        set.accepted.dedup();
        set.files.finish();
        set.directories.finish();
        set
    }
}

impl StateSet {
    fn is_dead(&self) -> bool {
        self.remain.is_empty() && self.files.is_empty() && self.directories.is_empty()
    }
}

/// Values by name pattern.
#[derive(Default)]
struct NameIndex {
    exact: HashMap<Box<[u8]>, Vec<u32>, BuildHasherDefault<NameHasher>>,
    exact_lengths: ByteSet,
    exact_firsts: ByteSet,
    /// Wildcards with a literal end, by its last byte.
    by_last: Vec<(u8, Wild, u32)>,
    lasts: ByteSet,
    /// The other wildcards with a literal start, by its first byte.
    by_first: Vec<(u8, Wild, u32)>,
    firsts: ByteSet,
    /// Wildcards with neither.
    loose: Vec<(Wild, u32)>,
    /// Seeks the longest piece of every loose wildcard at once.
    pieces: Option<PieceSearch>,
    always: Vec<u32>,
}

/// Finds which pieces a name holds in one pass, so that a loose wildcard is only tried where it can match.
struct PieceSearch {
    automaton: AhoCorasick,
    /// For each piece, indexes into `loose`.
    wilds: Vec<Vec<u32>>,
}

impl PieceSearch {
    /// `None` when there is nothing to seek, or no automaton can be built: every wildcard is tried then.
    fn new(loose: &[(Wild, u32)]) -> Option<Self> {
        let mut pieces: Vec<&[u8]> = Vec::new();
        let mut wilds: Vec<Vec<u32>> = Vec::new();
        for (index, (wild, _)) in loose.iter().enumerate() {
            let longest = wild.middle.iter().max_by_key(|piece| piece.len())?;
            let at = pieces.iter().position(|piece| **piece == **longest).unwrap_or_else(|| {
                pieces.push(longest);
                wilds.push(Vec::new());
                pieces.len() - 1
            });
            wilds[at].push(index as u32);
        }
        let automaton = (!pieces.is_empty()).then(|| AhoCorasick::new(&pieces).ok())??;
        Some(PieceSearch { automaton, wilds })
    }
}

impl NameIndex {
    fn insert(&mut self, component: &Component, value: u32) {
        match component {
            Component::AnyDepth => self.always.push(value),
            Component::Exact(name) => {
                self.exact_lengths.insert(length_byte(name));
                self.exact_firsts.insert(name.first().copied().unwrap_or(0));
                self.exact.entry(name.clone()).or_default().push(value);
            }
            Component::Wild(wild) if wild.is_any() => self.always.push(value),
            Component::Wild(wild) => match (wild.suffix.last(), wild.prefix.first()) {
                (Some(&last), _) => {
                    self.lasts.insert(last);
                    self.by_last.push((last, wild.clone(), value));
                }
                (None, Some(&first)) => {
                    self.firsts.insert(first);
                    self.by_first.push((first, wild.clone(), value));
                }
                (None, None) => self.loose.push((wild.clone(), value)),
            },
        }
    }

    fn finish(&mut self) {
        self.by_last.sort_by_key(|(last, _, _)| *last);
        self.by_first.sort_by_key(|(first, _, _)| *first);
        self.pieces = PieceSearch::new(&self.loose);
    }

    fn is_empty(&self) -> bool {
        self.exact.is_empty()
            && self.by_last.is_empty()
            && self.by_first.is_empty()
            && self.loose.is_empty()
            && self.always.is_empty()
    }

    fn look_up(&self, name: &[u8], out: &mut Vec<u32>) {
        let (Some(&first), Some(&last)) = (name.first(), name.last()) else { return };
        out.extend_from_slice(&self.always);
        if self.exact_lengths.contains(length_byte(name)) && self.exact_firsts.contains(first) {
            out.extend(self.exact.get(name).into_iter().flatten());
        }
        if self.lasts.contains(last) {
            push_matching(&self.by_last, last, name, out);
        }
        if self.firsts.contains(first) {
            push_matching(&self.by_first, first, name, out);
        }
        match &self.pieces {
            Some(search) => {
                for found in search.automaton.find_overlapping_iter(name) {
                    let candidates = search.wilds[found.pattern().as_usize()].iter();
                    out.extend(
                        candidates
                            .map(|at| &self.loose[*at as usize])
                            .filter(|(wild, _)| wild.matches(name))
                            .map(|(_, value)| value),
                    );
                }
            }
            None => out.extend(self.loose.iter().filter(|(wild, _)| wild.matches(name)).map(|(_, value)| value)),
        }
    }
}

fn push_matching(sorted: &[(u8, Wild, u32)], key: u8, name: &[u8], out: &mut Vec<u32>) {
    let from = sorted.partition_point(|(byte, _, _)| *byte < key);
    let same = sorted[from..].iter().take_while(|(byte, _, _)| *byte == key);
    out.extend(same.filter(|(_, wild, _)| wild.matches(name)).map(|(_, _, value)| value));
}

fn length_byte(name: &[u8]) -> u8 {
    name.len().min(255) as u8
}

/// A set of byte values.
#[derive(Default)]
struct ByteSet([u64; 4]);

impl ByteSet {
    fn insert(&mut self, byte: u8) {
        self.0[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }

    fn contains(&self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1
    }
}

/// FNV-1a. The keys are our own rules, so nobody can choose them to collide.
struct NameHasher(u64);

impl Default for NameHasher {
    fn default() -> Self {
        NameHasher(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for NameHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rule(pattern: &str) -> Rule {
        Rule { pattern: pattern.to_owned(), min_size: 0, max_size: u64::MAX }
    }

    /// Rules that select `path`, found component by component as a walk does; `None` where a directory was pruned.
    fn selected(patterns: &[&str], ignore_case: bool, path: &str) -> Vec<u32> {
        let rules: Vec<Rule> = patterns.iter().map(|pattern| rule(pattern)).collect();
        let selector = Selector::new(&rules, ignore_case);
        let (mut hits, mut scratch, mut out) = (Vec::new(), Vec::new(), Vec::new());
        let mut set = selector.start();
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let Some((file, directories)) = parts.split_last() else {
            selector.select_root(&set, &mut out);
            return out;
        };
        for name in directories {
            let folded = selector.fold(name.as_bytes(), &mut scratch);
            match selector.descend(&set, folded, &mut hits) {
                Some(next) => set = next,
                None => return Vec::new(),
            }
        }
        selector.select(&set, selector.fold(file.as_bytes(), &mut scratch), &mut out);
        out
    }

    /// The definition of `domain/glob.ts`, without states.
    fn naive(pattern: &[&str], path: &[&str]) -> bool {
        match (pattern.split_first(), path.split_first()) {
            (None, None) => true,
            (Some((&"**", rest)), _) => naive(rest, path) || (!path.is_empty() && naive(pattern, &path[1..])),
            (Some((want, rest)), Some((name, left))) => {
                naive_name(want.as_bytes(), name.as_bytes()) && naive(rest, left)
            }
            _ => false,
        }
    }

    fn naive_name(pattern: &[u8], name: &[u8]) -> bool {
        match (pattern.split_first(), name.split_first()) {
            (None, None) => true,
            (Some((b'*', rest)), _) => naive_name(rest, name) || (!name.is_empty() && naive_name(pattern, &name[1..])),
            (Some((want, rest)), Some((found, left))) => want == found && naive_name(rest, left),
            _ => false,
        }
    }

    #[test]
    fn rules_select_by_name_extension_and_place() {
        let rules = ["**/ffmpeg.dll", "**/*.dll", "Users/*/AppData/**/x.exe", "**", "etc/**", "*"];
        assert_eq!(selected(&rules, false, "a/b/ffmpeg.dll"), [0, 1, 3]);
        assert_eq!(selected(&rules, false, "ffmpeg.dll"), [0, 1, 3, 5]);
        assert_eq!(selected(&rules, false, "Users/u/AppData/x.exe"), [2, 3]);
        assert_eq!(selected(&rules, false, "Users/u/AppData/1/2/x.exe"), [2, 3]);
        assert_eq!(selected(&rules, false, "etc/passwd"), [3, 4]);
        assert_eq!(selected(&rules, false, "etc"), [3, 4, 5]);
        assert_eq!(selected(&rules, false, ""), [3]);
    }

    #[test]
    fn case_is_ignored_for_ascii_only() {
        assert_eq!(selected(&["**/FFmpeg.DLL"], true, "A/ffMPEG.dll"), [0]);
        assert_eq!(selected(&["É"], true, "é"), [] as [u32; 0]);
    }

    #[test]
    fn directories_that_no_pattern_reaches_are_pruned() {
        let selector = Selector::new(&[rule("Users/*/x"), rule("Library/Caches/y")], false);
        let start = selector.start();
        let mut hits = Vec::new();
        assert!(selector.descend(&start, b"System", &mut hits).is_none());
        let users = selector.descend(&start, b"Users", &mut hits).unwrap();
        let anyone = selector.descend(&users, b"anyone", &mut hits).unwrap();
        assert!(selector.descend(&anyone, b"x", &mut hits).is_none());
    }

    #[test]
    fn escaped_bytes_in_a_pattern_are_the_bytes() {
        let selector = Selector::new(&[rule(r"bad\xff*.dll")], false);
        let mut out = Vec::new();
        selector.select(&selector.start(), b"bad\xff\xfe.dll", &mut out);
        assert_eq!(out, [0]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn the_automaton_agrees_with_the_definition(
            patterns in proptest::collection::vec("((\\*\\*|[ab*]{1,3})/){0,4}(\\*\\*|[ab*]{1,3})", 1..6),
            path in "([ab]{1,2}/){0,4}[ab]{1,2}",
        ) {
            let borrowed: Vec<&str> = patterns.iter().map(String::as_str).collect();
            let parts: Vec<&str> = path.split('/').collect();
            let want: Vec<u32> = (0..patterns.len() as u32)
                .filter(|i| naive(&patterns[*i as usize].split('/').collect::<Vec<_>>(), &parts))
                .collect();
            prop_assert_eq!(selected(&borrowed, false, &path), want);
        }
    }
}
