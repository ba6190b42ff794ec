//! Answers as JSON: they are few and small, and every reader has a parser for it.

use crate::query::Key;
use crate::value::Value;

/// `[{"path":[...],"lastWritten":n,"values":[[name,value],...]}]`; 64-bit numbers as text, which JSON's own lose.
pub fn to_json(keys: &[Key]) -> String {
    let mut out = String::from("[");
    for (at, key) in keys.iter().enumerate() {
        out.push_str(if at > 0 { ",{\"path\":[" } else { "{\"path\":[" });
        for (at, name) in key.path.iter().enumerate() {
            separate(&mut out, at);
            text(&mut out, name);
        }
        out.push_str(&format!("],\"lastWritten\":{},\"values\":[", key.last_written));
        for (at, (name, value)) in key.values.iter().enumerate() {
            separate(&mut out, at);
            out.push('[');
            text(&mut out, name);
            out.push(',');
            match value {
                Value::Text(value) => text(&mut out, value),
                Value::Number(value) => out.push_str(&value.to_string()),
                Value::Long(value) => text(&mut out, &value.to_string()),
            }
            out.push(']');
        }
        out.push_str("]}");
    }
    out.push(']');
    out
}

fn separate(out: &mut String, at: usize) {
    if at > 0 {
        out.push(',');
    }
}

fn text(out: &mut String, text: &str) {
    out.push('"');
    for one in text.chars() {
        match one {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            one if (one as u32) < 0x20 => out.push_str(&format!("\\u{:04x}", one as u32)),
            one => out.push(one),
        }
    }
    out.push('"');
}
