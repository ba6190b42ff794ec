//! From names of keys to keys with their values.
//!
//! A name is matched without regard to case, and `*` in it stands for any run of characters, so that one query means
//! all sub-keys. The pattern bounds the depth: whatever the hive links to what, no query goes deeper than its names.

use std::collections::HashSet;

use crate::Problem;
use crate::cell::{CellOffset, KeyNode};
use crate::hive::Hive;
use crate::pages::Source;
use crate::value::Value;

/// Which keys, and what of them.
#[derive(Clone, Debug)]
pub struct Query {
    /// Names from the root down; the root's own name is not among them.
    pub path: Vec<String>,
    /// Names of the values wanted; none: all.
    pub values: Option<Vec<String>>,
    /// Keys without this are left out.
    pub having: Option<Where>,
}

/// One of some values contains a text, without regard to ASCII case.
#[derive(Clone, Debug)]
pub struct Where {
    /// Names of the values.
    pub values: Vec<String>,
    /// The text.
    pub contains: String,
}

/// A key that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Names from the root down, as the hive writes them.
    pub path: Vec<String>,
    /// Unix seconds.
    pub last_written: i64,
    /// Values in the hive's order; of two with one name the first.
    pub values: Vec<(String, Value)>,
}

/// More names than the deepest key of Windows has.
const MAX_DEPTH: usize = 64;

/// Seconds from 1601 to 1970.
const EPOCH: i64 = 11_644_473_600;

/// Answers all queries, in order. What is damaged is left out, unless it leaves nothing to answer from.
pub fn run<S: Source>(hive: &mut Hive<'_, S>, queries: &[Query]) -> Result<Vec<Key>, Problem> {
    let root = hive.root()?;
    let mut answer = Answer { keys: Vec::new(), weight: 0, damage: None };
    for query in queries {
        if query.path.len() > MAX_DEPTH {
            return Err(Problem::Ended(format!("{} names in a query; expected at most {MAX_DEPTH}", query.path.len())));
        }
        let mut path = Vec::new();
        answer.descend(hive, query, &root, &mut path)?;
    }
    match answer.damage {
        Some(damage) if answer.keys.is_empty() => Err(Problem::Damaged(damage)),
        _ => Ok(answer.keys),
    }
}

struct Answer {
    keys: Vec<Key>,
    weight: usize,
    damage: Option<String>,
}

impl Answer {
    fn descend<S: Source>(
        &mut self,
        hive: &mut Hive<'_, S>,
        query: &Query,
        key: &KeyNode,
        path: &mut Vec<String>,
    ) -> Result<(), Problem> {
        let Some(wanted) = query.path.get(path.len()) else {
            return self.take(hive, query, key, path);
        };
        let offsets = hive.sub_keys(key);
        for offset in self.unless_damaged(offsets)?.unwrap_or_default() {
            let Some(found) = self.sub_key(hive, offset)? else { continue };
            if !matches_name(wanted, &found.name) {
                continue;
            }
            path.push(found.name.clone());
            self.descend(hive, query, &found, path)?;
            path.pop();
            if !wanted.contains('*') {
                break; // names are unique among siblings; a hive in which they are not has no meaning to Windows either
            }
        }
        Ok(())
    }

    fn sub_key<S: Source>(&mut self, hive: &mut Hive<'_, S>, at: CellOffset) -> Result<Option<KeyNode>, Problem> {
        let key = hive.key(at);
        self.unless_damaged(key)
    }

    fn take<S: Source>(
        &mut self,
        hive: &mut Hive<'_, S>,
        query: &Query,
        key: &KeyNode,
        path: &[String],
    ) -> Result<(), Problem> {
        let offsets = hive.values(key);
        let mut seen = HashSet::new();
        let mut values: Vec<(String, Value)> = Vec::new();
        let mut is_wanted = query.having.is_none();
        for offset in self.unless_damaged(offsets)?.unwrap_or_default() {
            let node = hive.value(offset);
            let Some(node) = self.unless_damaged(node)? else { continue };
            let is_asked = query.values.as_ref().is_none_or(|names| is_among(names, &node.name));
            let decides = query.having.as_ref().filter(|having| is_among(&having.values, &node.name));
            if !(is_asked || decides.is_some()) || !seen.insert(fold(&node.name)) {
                continue;
            }
            let data = hive.data(&node);
            let Some(value) = self.unless_damaged(data)? else { continue };
            is_wanted |= decides.is_some_and(|having| contains(&value, &having.contains));
            if is_asked {
                values.push((node.name, value));
            }
        }
        if !is_wanted {
            return Ok(());
        }
        self.weight += values.iter().map(|(name, value)| name.len() + value.weight()).sum::<usize>();
        let limits = hive.limits();
        if self.keys.len() >= limits.keys || self.weight > limits.answer_bytes {
            let said = format!("more than {} keys or {} bytes of values to answer", limits.keys, limits.answer_bytes);
            return Err(Problem::Ended(said));
        }
        self.keys.push(Key { path: path.to_vec(), last_written: unix_seconds(key.last_written), values });
        Ok(())
    }

    /// Notes damage and goes on; everything else ends the request.
    fn unless_damaged<T>(&mut self, outcome: Result<T, Problem>) -> Result<Option<T>, Problem> {
        match outcome {
            Ok(found) => Ok(Some(found)),
            Err(Problem::Damaged(message)) => {
                self.damage.get_or_insert(message);
                Ok(None)
            }
            Err(ended) => Err(ended),
        }
    }
}

fn is_among(names: &[String], name: &str) -> bool {
    names.iter().any(|one| fold(one) == fold(name))
}

fn contains(value: &Value, text: &str) -> bool {
    matches!(value, Value::Text(found) if found.to_ascii_lowercase().contains(&text.to_ascii_lowercase()))
}

fn fold(name: &str) -> String {
    name.to_lowercase()
}

/// Wildcard match in time bounded by both lengths multiplied: each piece between stars is sought once, left to right.
fn matches_name(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (fold(pattern), fold(name));
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let mut pieces: Vec<&str> = pieces.collect();
    let Some(last) = pieces.pop() else { return rest.is_empty() };
    for piece in pieces {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}

fn unix_seconds(ticks: u64) -> i64 {
    (ticks / 10_000_000) as i64 - EPOCH
}

#[cfg(test)]
mod tests {
    use super::{matches_name, unix_seconds};

    #[test]
    fn names_ignore_case_and_take_wildcards() {
        for (pattern, name, expected) in [
            ("Software", "SOFTWARE", true),
            ("Software", "Softwar", false),
            ("*", "", true),
            ("*", "anything", true),
            ("3cxdesktopapp*", "3CXDesktopApp.ex|1a2b", true),
            ("3cxdesktopapp*", "x3cxdesktopapp", false),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXc", false),
            ("a*a", "a", false),
            ("", "", true),
        ] {
            assert_eq!(matches_name(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn times_are_unix_seconds() {
        assert_eq!(unix_seconds(116_444_736_000_000_000), 0);
        assert_eq!(unix_seconds(133_239_168_000_000_000), 1_679_443_200);
        assert!(unix_seconds(u64::MAX) > 0);
    }
}
