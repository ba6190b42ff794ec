//! One chunk of a log: the wanted ones among its events.

use std::sync::Arc;

use evtx::{EvtxChunkData, ParserSettings};

use crate::event::Event;
use crate::wanted::Wanted;
use crate::{Patience, Stop};

/// What a chunk came to.
pub(crate) enum Outcome {
    /// Nothing wanted is in it.
    Empty,
    /// It is none.
    NoChunk,
    /// Some events, and what of it cannot be understood.
    Events { json: Vec<u8>, problem: Option<String> },
    /// More events than may come.
    TooMany { json: Vec<u8> },
}

/// Before the record's content: its magic, size, number and time.
const RECORD_HEADER: u64 = 24;

/// Reads a chunk that lies at `at` in its file; `left` counts down the events that may come.
pub(crate) fn read(
    data: Vec<u8>,
    at: u64,
    wanted: &Wanted,
    settings: &Arc<ParserSettings>,
    left: &mut u64,
    patience: Patience<'_>,
) -> Result<Outcome, Stop> {
    // logs are made larger ahead of their events, and the last chunk of a live one may not have its header yet
    if data.iter().all(|byte| *byte == 0) {
        return Ok(Outcome::Empty);
    }
    if !data.starts_with(b"ElfChnk\0") {
        return Ok(Outcome::NoChunk);
    }
    if !wanted.may_be_in(&data) {
        return Ok(Outcome::Empty);
    }
    let mut json = Vec::new();
    let broken = |error: &dyn std::error::Error| Ok(Outcome::Events { json: Vec::new(), problem: Some(said(error)) });
    let mut owned = match EvtxChunkData::new(data, false) {
        Ok(owned) => owned,
        Err(error) => return broken(&error),
    };
    let mut chunk = match owned.parse(settings.clone()) {
        Ok(chunk) => chunk,
        Err(error) => return broken(&error),
    };
    let mut problem = None;
    for record in chunk.iter() {
        patience()?;
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                problem.get_or_insert_with(|| said(&error));
                continue;
            }
        };
        let offset = at + record.binxml_offset.saturating_sub(RECORD_HEADER);
        let event = match record.into_json_value() {
            Ok(record) => Event::of(offset, &record),
            Err(error) => {
                problem.get_or_insert_with(|| said(&error));
                continue;
            }
        };
        let Some(event) = event.filter(|event| wanted.is_chosen(&event.provider, event.id)) else { continue };
        if !wanted.is_sought(event.values()) {
            continue;
        }
        if *left == 0 {
            return Ok(Outcome::TooMany { json });
        }
        *left -= 1;
        if !json.is_empty() {
            json.push(b',');
        }
        event.write(&mut json);
    }
    Ok(Outcome::Events { json, problem })
}

/// What went wrong at the bottom of it, in one line of at most 200 characters.
fn said(error: &dyn std::error::Error) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    let whole = if std::ptr::eq(error, deepest) { error.to_string() } else { format!("{error}: {deepest}") };
    whole.chars().map(|one| if one.is_control() { ' ' } else { one }).take(200).collect()
}
