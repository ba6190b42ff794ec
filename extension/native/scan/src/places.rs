//! Directories that are known by path before the walk: skipped ones, and mounts that must not be touched.

use std::collections::HashMap;

/// Why a directory is special.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// In the plan's skip list.
    Skip,
    /// A mount point that hangs, or mounts something, when opened.
    Untouchable,
}

/// A position among the special places, or away from them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place(u32);

impl Place {
    /// Nothing below is special.
    pub(crate) const NONE: Place = Place(u32::MAX);
}

/// The special directories below (and at) one root.
#[derive(Default)]
pub(crate) struct Places {
    nodes: Vec<Node>,
}

#[derive(Default)]
struct Node {
    children: HashMap<Vec<u8>, u32>,
    mark: Option<Mark>,
}

impl Places {
    /// Takes from absolute paths those at or below a root.
    pub(crate) fn new<'a>(root: &[u8], marked: impl Iterator<Item = (&'a [u8], Mark)>) -> Self {
        let mut places = Places { nodes: vec![Node::default()] };
        for (path, mark) in marked {
            if let Some(below) = relative(root, path) {
                places.insert(below, mark);
            }
        }
        places
    }

    /// The root's place.
    pub(crate) fn top(&self) -> Place {
        if self.nodes.len() == 1 && self.nodes[0].mark.is_none() { Place::NONE } else { Place(0) }
    }

    /// The place of a subdirectory.
    pub(crate) fn below(&self, place: Place, name: &[u8]) -> Place {
        if place == Place::NONE {
            return Place::NONE;
        }
        self.nodes[place.0 as usize].children.get(name).map_or(Place::NONE, |child| Place(*child))
    }

    /// What is special about a place.
    pub(crate) fn mark(&self, place: Place) -> Option<Mark> {
        if place == Place::NONE { None } else { self.nodes[place.0 as usize].mark }
    }

    fn insert<'a>(&mut self, below: impl Iterator<Item = &'a [u8]>, mark: Mark) {
        let mut at = 0;
        for part in below {
            let fresh = self.nodes.len() as u32;
            let child = *self.nodes[at].children.entry(part.to_vec()).or_insert(fresh);
            if child == fresh {
                self.nodes.push(Node::default());
            }
            at = child as usize;
        }
        if self.nodes[at].mark != Some(Mark::Skip) {
            self.nodes[at].mark = Some(mark);
        }
    }
}

fn relative<'a>(root: &[u8], path: &'a [u8]) -> Option<impl Iterator<Item = &'a [u8]>> {
    let mut below = components(path);
    for part in components(root) {
        if below.next() != Some(part) {
            return None;
        }
    }
    Some(below)
}

fn components(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.split(|byte| *byte == b'/' || (cfg!(windows) && *byte == b'\\')).filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_places_below_the_root_count() {
        let marked: [(&[u8], Mark); 3] =
            [(b"/r/a/b", Mark::Skip), (b"/ra", Mark::Skip), (b"/r/net/", Mark::Untouchable)];
        let places = Places::new(b"/r", marked.into_iter());
        let a = places.below(places.top(), b"a");
        assert_eq!(places.mark(a), None);
        assert_eq!(places.mark(places.below(a, b"b")), Some(Mark::Skip));
        assert_eq!(places.mark(places.below(places.top(), b"net")), Some(Mark::Untouchable));
        assert_eq!(places.below(places.top(), b"x"), Place::NONE);
        assert_eq!(Places::new(b"/other", marked.into_iter()).top(), Place::NONE);
    }
}
