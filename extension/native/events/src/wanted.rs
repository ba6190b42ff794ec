//! Which events are wanted, and the two quick looks that spare most chunks the taking apart.

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind, BuildError};

/// Bytes of strings for which a full table is made.
const MAX_TABLE: usize = 32 << 10;

/// Events of one provider.
#[derive(Clone, Debug)]
pub struct Choice {
    /// As events name it; case is ignored.
    pub provider: String,
    /// Event ids.
    pub ids: Vec<u64>,
}

/// What is looked for.
pub struct Wanted {
    choices: Vec<Choice>,
    /// Names of the providers as chunks have them.
    providers: AhoCorasick,
    /// The strings as chunks have them; none: every chosen event is wanted.
    wide: Option<AhoCorasick>,
    /// The strings in values.
    plain: Option<AhoCorasick>,
}

impl Wanted {
    /// Strings are ASCII, their case is ignored. Fails when there are too many of them.
    pub fn new(choices: Vec<Choice>, strings: &[Vec<u8>]) -> Result<Self, String> {
        let providers: Vec<_> = choices.iter().map(|one| widened(one.provider.as_bytes())).collect();
        let searcher = |list: &[Vec<u8>]| caseless(list).map_err(|error| error.to_string());
        let wide: Vec<_> = strings.iter().flat_map(|one| [widened(one), one.clone()]).collect();
        let is_limited = !strings.is_empty();
        Ok(Wanted {
            providers: searcher(&providers)?,
            wide: is_limited.then(|| searcher(&wide)).transpose()?,
            plain: is_limited.then(|| searcher(strings)).transpose()?,
            choices,
        })
    }

    /// Whether a chunk can hold a wanted event: each of them has its names and strings in the chunk it lies in.
    pub(crate) fn may_be_in(&self, chunk: &[u8]) -> bool {
        self.providers.is_match(chunk) && self.wide.as_ref().is_none_or(|wide| wide.is_match(chunk))
    }

    pub(crate) fn is_chosen(&self, provider: &str, id: u64) -> bool {
        self.choices.iter().any(|one| one.provider.eq_ignore_ascii_case(provider) && one.ids.contains(&id))
    }

    pub(crate) fn is_sought<'a>(&self, mut values: impl Iterator<Item = &'a str>) -> bool {
        self.plain.as_ref().is_none_or(|plain| values.any(|value| plain.is_match(value)))
    }
}

fn caseless(list: &[Vec<u8>]) -> Result<AhoCorasick, BuildError> {
    // Half of UTF-16 is zeros, which a search for rare bytes first takes for rare ones: it is four times as slow.
    // A full table is several times as fast, and takes some hundred bytes for each byte of the strings
    let is_small = list.iter().map(Vec::len).sum::<usize>() <= MAX_TABLE;
    let kind = is_small.then_some(AhoCorasickKind::DFA);
    AhoCorasickBuilder::new().ascii_case_insensitive(true).prefilter(false).kind(kind).build(list)
}

/// UTF-16, little end first.
fn widened(text: &[u8]) -> Vec<u8> {
    text.iter().flat_map(|byte| [*byte, 0]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sysmon(strings: &[&str]) -> Wanted {
        let choice = Choice { provider: "Microsoft-Windows-Sysmon".into(), ids: vec![3, 22] };
        Wanted::new(vec![choice], &strings.iter().map(|one| one.as_bytes().to_vec()).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn chunks_without_provider_or_string_are_spared() {
        let provider = widened(b"microsoft-windows-SYSMON");
        let both = [provider.clone(), widened(b"www.PBXSOURCES.com")].concat();
        assert!(sysmon(&[]).may_be_in(&provider));
        assert!(!sysmon(&["pbxsources"]).may_be_in(&provider));
        assert!(sysmon(&["pbxsources"]).may_be_in(&both));
        assert!(!sysmon(&[]).may_be_in(&widened(b"Microsoft-Windows-Security-Auditing")));
    }

    #[test]
    fn events_are_chosen_by_provider_and_id_and_by_their_values() {
        let wanted = sysmon(&["pbxsources"]);
        assert!(wanted.is_chosen("microsoft-windows-sysmon", 22));
        assert!(!wanted.is_chosen("Microsoft-Windows-Sysmon", 1));
        assert!(wanted.is_sought(["x", "a.PbxSources.com"].into_iter()));
        assert!(!wanted.is_sought(["x"].into_iter()));
        assert!(sysmon(&[]).is_sought([].into_iter()));
    }
}
