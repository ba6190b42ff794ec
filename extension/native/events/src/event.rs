//! One event, brought from the shape of its XML to flat names and values.

use evtx::SerializedEvtxRecord;
use serde_json::{Map, Value, json};

/// Of a value that is kept, in bytes.
const MAX_VALUE: usize = 32 << 10;
/// Values of one event.
const MAX_VALUES: usize = 256;
/// Elements inside each other.
const MAX_DEPTH: usize = 16;

/// One event.
pub(crate) struct Event {
    record: u64,
    offset: u64,
    /// Unix seconds.
    time: f64,
    pub(crate) provider: String,
    pub(crate) id: u64,
    channel: String,
    computer: String,
    user: String,
    process: u64,
    data: Vec<(String, String)>,
}

impl Event {
    /// None for what has not the shape of an event.
    pub(crate) fn of(offset: u64, record: &SerializedEvtxRecord<Value>) -> Option<Self> {
        let event = record.data.get("Event")?;
        let system = event.get("System")?;
        let attribute = |element: &str, name: &str| system.get(element)?.get("#attributes")?.get(name);
        let text = |value: Option<&Value>| value.map(shown).unwrap_or_default();
        let created = attribute("TimeCreated", "SystemTime").and_then(Value::as_str);
        let time = created.and_then(|text| text.parse().ok()).unwrap_or(record.timestamp);
        let mut data = Vec::new();
        if let Some(Value::Object(values)) = event.get("EventData") {
            event_data(values, &mut data);
        }
        if let Some(Value::Object(values)) = event.get("UserData") {
            let inside = values.iter().find(|(name, _)| !name.starts_with('#'));
            if let Some((_, child)) = inside {
                flatten("", child, &mut data, 0);
            }
        }
        Some(Event {
            record: record.event_record_id,
            offset,
            time: time.as_microsecond() as f64 / 1e6,
            provider: text(attribute("Provider", "Name")),
            id: content(system.get("EventID")?).and_then(number)?,
            channel: text(system.get("Channel").and_then(content)),
            computer: text(system.get("Computer").and_then(content)),
            user: text(attribute("Security", "UserID")),
            process: attribute("Execution", "ProcessID").and_then(number).unwrap_or(0),
            data,
        })
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &str> {
        self.data.iter().map(|(_, value)| value.as_str())
    }

    /// As a member of a JSON array.
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        let data: Map<String, Value> = self.data.into_iter().map(|(name, value)| (name, value.into())).collect();
        let said = json!({
            "recordId": self.record, "offset": self.offset, "time": self.time, "provider": self.provider,
            "eventId": self.id, "channel": self.channel, "computer": self.computer, "userSid": self.user,
            "processId": self.process, "data": data,
        });
        out.extend_from_slice(said.to_string().as_bytes());
    }
}

/// Values by the names of the elements; those without a name stand in one element `Data` and are numbered.
fn event_data(values: &Map<String, Value>, data: &mut Vec<(String, String)>) {
    for (name, value) in values {
        if name == "Data" {
            let all = content(value).unwrap_or(&Value::Null);
            let list = all.as_array().map_or(std::slice::from_ref(all), Vec::as_slice);
            for (at, one) in list.iter().enumerate().take(MAX_VALUES) {
                add(data, at.to_string(), one);
            }
        } else if !name.starts_with('#') {
            flatten(name, value, data, 0);
        }
    }
}

/// Elements in each other, by names joined with dots; lists by their numbers.
fn flatten(name: &str, value: &Value, data: &mut Vec<(String, String)>, depth: usize) {
    let below = |child: &str| if name.is_empty() { child.to_owned() } else { format!("{name}.{child}") };
    match value {
        _ if depth > MAX_DEPTH => {}
        Value::Object(children) => {
            for (child, value) in children.iter().filter(|(child, _)| *child != "#attributes") {
                let path = if child == "#text" { name.to_owned() } else { below(child) };
                flatten(&path, value, data, depth + 1);
            }
        }
        Value::Array(list) => {
            for (at, one) in list.iter().enumerate().take(MAX_VALUES) {
                flatten(&below(&at.to_string()), one, data, depth + 1);
            }
        }
        one => add(data, name.to_owned(), one),
    }
}

fn add(data: &mut Vec<(String, String)>, name: String, value: &Value) {
    if data.len() < MAX_VALUES && !value.is_object() && !value.is_array() {
        data.push((name, shown(value)));
    }
}

/// The text of an element that may have attributes beside it.
fn content(element: &Value) -> Option<&Value> {
    if element.is_object() { element.get("#text") } else { Some(element) }
}

/// A number, or a text that is one.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn shown(value: &Value) -> String {
    let mut text = match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    if text.len() > MAX_VALUE {
        let end = (0..=MAX_VALUE).rev().find(|at| text.is_char_boundary(*at));
        text.truncate(end.unwrap_or(0));
    }
    text
}
