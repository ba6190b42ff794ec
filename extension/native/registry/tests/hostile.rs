//! Hives made to hurt: loops, absurd counts, cells that lie, and every kind of damage by chance.

use std::sync::atomic::AtomicBool;

use proptest::prelude::{ProptestConfig, any, prop, proptest};
use registry::{Hive, Key, Limits, Problem, Query, Source, Value, run};

struct Memory<'a>(&'a [u8]);

impl Source for Memory<'_> {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, String> {
        let rest = self.0.get(offset as usize..).unwrap_or_default();
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        Ok(length)
    }
}

fn ask(bytes: &[u8], path: &[&str], limits: Limits) -> Result<Vec<Key>, Problem> {
    let cancelled = AtomicBool::new(false);
    let mut hive = Hive::open(Memory(bytes), bytes.len() as u64, limits, &cancelled)?;
    let path = path.iter().map(|name| (*name).to_owned()).collect();
    run(&mut hive, &[Query { path, values: None, having: None }])
}

/// Cells in a row, and where the next one will be.
struct Builder {
    bins: Vec<u8>,
}

impl Builder {
    fn new() -> Self {
        Builder { bins: vec![0; 32] }
    }

    fn next(&self) -> u32 {
        self.bins.len() as u32
    }

    fn cell(&mut self, content: &[u8]) -> u32 {
        let at = self.next();
        let size = (content.len() + 4).next_multiple_of(8);
        self.bins.extend_from_slice(&(-(size as i32)).to_le_bytes());
        self.bins.extend_from_slice(content);
        self.bins.resize(at as usize + size, 0);
        at
    }

    fn key(&mut self, name: &str, sub_keys: (u32, u32), values: (u32, u32)) -> u32 {
        let mut node = b"nk\x20\x00".to_vec();
        node.resize(76, 0);
        for (at, field) in [(20, sub_keys.0), (28, sub_keys.1), (36, values.0), (40, values.1)] {
            node[at..at + 4].copy_from_slice(&field.to_le_bytes());
        }
        node[72] = name.len() as u8;
        node.extend_from_slice(name.as_bytes());
        self.cell(&node)
    }

    fn value(&mut self, name: &str, length: u32, at: u32) -> u32 {
        let mut node = b"vk".to_vec();
        node.extend_from_slice(&(name.len() as u16).to_le_bytes());
        for field in [length, at, 3, 1] {
            node.extend_from_slice(&field.to_le_bytes());
        }
        node.extend_from_slice(name.as_bytes());
        self.cell(&node)
    }

    fn list(&mut self, magic: &[u8; 2], count: u16, offsets: &[u32]) -> u32 {
        let mut list = magic.to_vec();
        list.extend_from_slice(&count.to_le_bytes());
        offsets.iter().for_each(|at| list.extend_from_slice(&at.to_le_bytes()));
        self.cell(&list)
    }

    fn hive(self, root: u32) -> Vec<u8> {
        let mut out = vec![0; 4096];
        out[..4].copy_from_slice(b"regf");
        out[20..24].copy_from_slice(&1u32.to_le_bytes());
        out[24..28].copy_from_slice(&5u32.to_le_bytes());
        out[36..40].copy_from_slice(&root.to_le_bytes());
        out.extend_from_slice(&self.bins);
        out
    }
}

/// A root with one sub-key of two values.
fn ordinary() -> Vec<u8> {
    let mut build = Builder::new();
    let data = build.cell(b"abcdefgh");
    let values = [build.value("long", 8, data), build.value("short", 1 << 31 | 2, 0x6261)];
    let values: Vec<u8> = values.iter().flat_map(|at| at.to_le_bytes()).collect();
    let values = build.cell(&values);
    let child = build.key("Child", (0, u32::MAX), (2, values));
    let list = build.list(b"li", 1, &[child]);
    let root = build.key("ROOT", (1, list), (0, u32::MAX));
    build.hive(root)
}

#[test]
fn an_ordinary_hive_is_read() {
    let keys = ask(&ordinary(), &["child"], Limits::default()).unwrap();
    let text = |text: &str| Value::Text(text.to_owned());
    let expected = vec![("long".to_owned(), text("6162636465666768")), ("short".to_owned(), text("6162"))];
    assert_eq!(keys.len(), 1);
    assert_eq!(keys[0].values, expected);
}

#[test]
fn every_shorter_hive_gives_keys_or_a_problem() {
    let whole = ordinary();
    for length in 0..whole.len() {
        match ask(&whole[..length], &["*"], Limits::default()) {
            Ok(keys) => assert!(keys.len() <= 1),
            Err(problem) => assert!(!problem.message().is_empty()),
        }
    }
}

#[test]
fn a_key_that_is_its_own_sub_key_ends_at_the_depth_of_the_question() {
    let mut build = Builder::new();
    let list = build.next();
    build.list(b"li", 1, &[list + 16]);
    assert_eq!(build.next(), list + 16);
    let root = build.key("again", (1, list), (0, u32::MAX));
    let bytes = build.hive(root);
    assert_eq!(ask(&bytes, &["again"; 40], Limits::default()).unwrap()[0].path.len(), 40);
    assert!(matches!(ask(&bytes, &["again"; 65], Limits::default()), Err(Problem::Ended(_))));
}

#[test]
fn a_list_of_lists_that_holds_itself_ends() {
    let mut build = Builder::new();
    let list = build.next();
    build.list(b"ri", 60_000, &vec![list; 60_000]);
    let root = build.key("ROOT", (1, list), (0, u32::MAX));
    let problem = ask(&build.hive(root), &["*", "*"], Limits::default()).unwrap_err();
    assert!(problem.message().contains("list of lists"), "{}", problem.message());
}

#[test]
fn a_tree_that_doubles_at_every_level_ends_at_the_bound_on_cells() {
    let mut build = Builder::new();
    let list = build.next();
    build.list(b"li", 1000, &vec![list + 4008; 1000]);
    assert_eq!(build.next(), list + 4008);
    let root = build.key("again", (1000, list), (0, u32::MAX));
    let bytes = build.hive(root);
    let deep: Vec<&str> = std::iter::repeat_n("*", 30).chain(["nothing"]).collect();
    let problem = ask(&bytes, &deep, Limits::default()).unwrap_err();
    assert!(problem.message().contains("cells"), "{}", problem.message());
    let few = Limits { keys: 10, ..Limits::default() };
    let problem = ask(&bytes, &["*"; 2], few).unwrap_err();
    assert!(problem.message().contains("keys"), "{}", problem.message());
}

#[test]
fn absurd_counts_are_those_of_the_cell() {
    let mut build = Builder::new();
    let list = build.list(b"li", u16::MAX, &[0xffff_fff0]);
    let values = build.cell(&0xffff_fff0u32.to_le_bytes());
    let root = build.key("ROOT", (u32::MAX, list), (u32::MAX, values));
    let bytes = build.hive(root);
    assert!(matches!(ask(&bytes, &["*"], Limits::default()), Err(Problem::Damaged(_))));
    assert_eq!(ask(&bytes, &[], Limits::default()).unwrap().len(), 1);
}

#[test]
fn one_value_named_a_hundred_thousand_times_is_read_once() {
    let mut build = Builder::new();
    let data = build.cell(&vec![7; 16_000]);
    let value = build.value("again", 16_000, data);
    let values: Vec<u8> = vec![value; 100_000].iter().flat_map(|at| at.to_le_bytes()).collect();
    let values = build.cell(&values);
    let root = build.key("ROOT", (0, u32::MAX), (100_000, values));
    let keys = ask(&build.hive(root), &[], Limits::default()).unwrap();
    assert_eq!(keys[0].values.len(), 1);
}

#[test]
fn long_values_are_cut_and_segments_may_repeat() {
    let mut build = Builder::new();
    let segment = build.cell(&vec![b'x'; 16_344]);
    let list: Vec<u8> = vec![segment; 130].iter().flat_map(|at| at.to_le_bytes()).collect();
    let list = build.cell(&list);
    let mut big = b"db\x82\x00".to_vec();
    big.extend_from_slice(&list.to_le_bytes());
    let big = build.cell(&big);
    let value = build.value("long", 2_000_000, big);
    let values = build.cell(&value.to_le_bytes());
    let root = build.key("ROOT", (0, u32::MAX), (1, values));
    let keys = ask(&build.hive(root), &[], Limits::default()).unwrap();
    assert_eq!(keys[0].values[0].1, Value::Text("78".repeat(1 << 20)));
}

#[test]
fn a_cancelled_question_ends() {
    let cancelled = AtomicBool::new(true);
    let bytes = ordinary();
    let mut hive = Hive::open(Memory(&bytes), bytes.len() as u64, Limits::default(), &cancelled).unwrap();
    let queries = [Query { path: vec![], values: None, having: None }];
    assert_eq!(run(&mut hive, &queries), Err(Problem::Ended("cancelled".to_owned())));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn damaged_hives_give_keys_or_a_problem(changes in prop::collection::vec((4096usize..4400, any::<u8>()), 1..12)) {
        let mut bytes = ordinary();
        for (at, byte) in changes {
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
        }
        let _ = ask(&bytes, &["*"], Limits::default());
        let _ = ask(&bytes, &["*", "*"], Limits::default());
    }

    #[test]
    fn noise_gives_keys_or_a_problem(noise in prop::collection::vec(any::<u8>(), 0..600)) {
        let mut bytes = ordinary()[..4096].to_vec();
        bytes.extend_from_slice(&noise);
        let _ = ask(&bytes, &["*"], Limits::default());
        let _ = ask(&noise, &["*"], Limits::default());
    }
}
