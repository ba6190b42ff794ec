//! Which files a walk selects, and which directories can hold one.
//!
//! All patterns run together as one automaton over path components. Its states are built when a directory first needs
//! them and kept, so most directories share a handful of [`StateSet`]s. Each set indexes the names it waits for: a name
//! that no rule wants costs a few nanoseconds, however many rules there are. Rules of one pattern, which only differ in
//! sizes, are one in the automaton.

mod index;
mod sieve;

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::glob::{Component, Pattern};
use index::NameIndex;

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

/// Where one pattern stands: `at` of its components are matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct State {
    pattern: u32,
    at: u32,
}

/// What judging a name needs room for. One for each thread.
#[derive(Default)]
pub struct Scratch {
    folded: Vec<u8>,
    hits: Vec<u32>,
}

/// All rules of a walk, compiled.
pub struct Selector {
    patterns: Vec<Pattern>,
    /// The rules of each pattern, ascending.
    rules_of: Vec<Vec<u32>>,
    /// Smallest and largest size, by rule.
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
    /// Patterns that match the directory's own path: of use for a root that is a file.
    accepted: Vec<u32>,
    /// Directory names that rules spell out here.
    expected: Vec<Box<[u8]>>,
    stay: OnceLock<Arc<StateSet>>,
}

impl Selector {
    /// Compiles rules.
    pub fn new(rules: &[Rule], ignore_case: bool) -> Self {
        let mut numbers: HashMap<&str, usize> = HashMap::new();
        let (mut patterns, mut rules_of) = (Vec::new(), Vec::<Vec<u32>>::new());
        for (number, rule) in (0u32..).zip(rules) {
            let at = *numbers.entry(&rule.pattern).or_insert_with(|| {
                patterns.push(Pattern::new(&rule.pattern, ignore_case));
                rules_of.push(Vec::new());
                patterns.len() - 1
            });
            rules_of[at].push(number);
        }
        let sizes = rules.iter().map(|rule| (rule.min_size, rule.max_size)).collect();
        Selector { patterns, rules_of, sizes, ignore_case, kept: Mutex::new(HashMap::new()) }
    }

    /// Where all rules stand at a root.
    pub fn start(&self) -> Arc<StateSet> {
        self.set((0..self.patterns.len() as u32).map(|pattern| State { pattern, at: 0 }).collect())
    }

    /// Rules whose pattern selects a file of this name in this directory, ascending.
    pub fn select(&self, set: &StateSet, name: &[u8], scratch: &mut Scratch, rules: &mut Vec<u32>) {
        rules.clear();
        if !set.files.may_match(name) {
            return;
        }
        let Scratch { folded, hits } = scratch;
        hits.clear();
        set.files.look_up(self.fold(name, folded), hits);
        self.rules(hits, rules);
    }

    /// Whether some rule selects every file in this directory, whatever its name and size.
    pub fn selects_every_file(&self, set: &StateSet) -> bool {
        let rules = set.files.always.iter().flat_map(|pattern| &self.rules_of[*pattern as usize]);
        rules.into_iter().any(|rule| self.sizes[*rule as usize] == (0, u64::MAX))
    }

    /// Rules that select the root itself, when it is a file.
    pub fn select_root(&self, set: &StateSet, rules: &mut Vec<u32>) {
        rules.clear();
        self.rules(&set.accepted, rules);
    }

    /// Whether a rule spells out a directory of this name right here. A link in its place hides files, so it is worth a
    /// word; below a `**` any link would be one.
    pub fn expects(&self, set: &StateSet, name: &[u8], scratch: &mut Scratch) -> bool {
        let folded = self.fold(name, &mut scratch.folded);
        set.expected.iter().any(|expected| **expected == *folded)
    }

    /// Drops the rules whose size range does not hold.
    pub fn keep_sized(&self, size: u64, rules: &mut Vec<u32>) {
        rules.retain(|rule| {
            let (min, max) = self.sizes[*rule as usize];
            min <= size && size <= max
        });
    }

    /// Where all rules stand in a subdirectory of that name; `None`: nothing below it can match.
    pub fn descend(&self, set: &StateSet, name: &[u8], scratch: &mut Scratch) -> Option<Arc<StateSet>> {
        let Scratch { folded, hits } = scratch;
        hits.clear();
        if set.directories.may_match(name) {
            set.directories.look_up(self.fold(name, folded), hits);
        }
        let next = if hits.is_empty() {
            set.stay.get_or_init(|| self.set(set.remain.clone())).clone()
        } else {
            let mut states = set.remain.clone();
            states.extend(hits.iter().map(|hit| set.targets[*hit as usize]));
            self.set(states)
        };
        (!next.is_dead()).then_some(next)
    }

    /// Folds a name as the patterns are folded; `folded` keeps the result.
    fn fold<'a>(&self, name: &'a [u8], folded: &'a mut Vec<u8>) -> &'a [u8] {
        if !self.ignore_case {
            return name;
        }
        folded.clear();
        folded.extend_from_slice(name);
        folded.make_ascii_lowercase();
        folded
    }

    /// Adds the rules of patterns, each once and ascending, to none.
    fn rules(&self, patterns: &[u32], rules: &mut Vec<u32>) {
        for pattern in patterns {
            rules.extend_from_slice(&self.rules_of[*pattern as usize]);
        }
        if patterns.len() > 1 {
            rules.sort_unstable();
            rules.dedup();
        }
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
            let State { pattern, at } = states[i];
            if matches!(self.component(states[i]), Some(Component::AnyDepth)) {
                states.push(State { pattern, at: at + 1 });
            }
        }
        states.sort_unstable();
        states.dedup();
        states
    }

    fn component(&self, state: State) -> Option<&Component> {
        self.patterns[state.pattern as usize].components.get(state.at as usize)
    }

    /// Whether nothing, or only `**`, is left of the pattern at this state.
    fn is_complete(&self, state: State) -> bool {
        matches!(
            self.patterns[state.pattern as usize].components.get(state.at as usize..),
            None | Some([] | [Component::AnyDepth])
        )
    }

    /// Whether a state lies behind a `**`, so that it can be anywhere in the tree.
    fn is_floating(&self, state: State) -> bool {
        self.patterns[state.pattern as usize].components[..state.at as usize].contains(&Component::AnyDepth)
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
                set.accepted.push(state.pattern);
            }
            match self.component(state) {
                None => {}
                Some(Component::AnyDepth) => {
                    set.remain.push(state);
                    if self.is_complete(state) {
                        set.files.always.push(state.pattern);
                    }
                }
                Some(component) => {
                    let next = State { pattern: state.pattern, at: state.at + 1 };
                    if self.is_complete(next) {
                        set.files.insert(component, state.pattern);
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
        let (mut scratch, mut out) = (Scratch::default(), Vec::new());
        let mut set = selector.start();
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let Some((file, directories)) = parts.split_last() else {
            selector.select_root(&set, &mut out);
            return out;
        };
        for name in directories {
            match selector.descend(&set, name.as_bytes(), &mut scratch) {
                Some(next) => set = next,
                None => return Vec::new(),
            }
        }
        selector.select(&set, file.as_bytes(), &mut scratch, &mut out);
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
    fn rules_that_differ_in_size_alone_are_told_apart_by_it() {
        let sized = |pattern: &str, min_size, max_size| Rule { pattern: pattern.to_owned(), min_size, max_size };
        let rules = [sized("**/*.dll", 0, 9), rule("**/a*"), sized("**/*.dll", 5, 20), rule("**/a*")];
        let selector = Selector::new(&rules, false);
        let mut selected = Vec::new();
        selector.select(&selector.start(), b"a.dll", &mut Scratch::default(), &mut selected);
        assert_eq!(selected, [0, 1, 2, 3]);
        selector.keep_sized(3, &mut selected);
        assert_eq!(selected, [0, 1, 3]);
        assert!(!selector.selects_every_file(&selector.start()));
        let every = Selector::new(&[sized("**", 1, u64::MAX), rule("**")], false);
        assert!(every.selects_every_file(&every.start()));
        every.select_root(&every.start(), &mut selected);
        assert_eq!(selected, [0, 1]);
    }

    #[test]
    fn directories_that_no_pattern_reaches_are_pruned() {
        let selector = Selector::new(&[rule("Users/*/x"), rule("Library/Caches/y")], false);
        let start = selector.start();
        let mut scratch = Scratch::default();
        assert!(selector.descend(&start, b"System", &mut scratch).is_none());
        let users = selector.descend(&start, b"Users", &mut scratch).unwrap();
        let anyone = selector.descend(&users, b"anyone", &mut scratch).unwrap();
        assert!(selector.descend(&anyone, b"x", &mut scratch).is_none());
    }

    #[test]
    fn escaped_bytes_in_a_pattern_are_the_bytes() {
        let selector = Selector::new(&[rule(r"bad\xff*.dll")], false);
        let mut out = Vec::new();
        selector.select(&selector.start(), b"bad\xff\xfe.dll", &mut Scratch::default(), &mut out);
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
