//! Flat JSON records as comma-separated values (RFC 4180), columns in the order of the first record's keys.

use crate::ask::Each;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;
use std::fmt;

/// Writes a header line with the first record, then a line for each.
pub(crate) fn lines() -> Each<'static> {
    let mut columns: Option<Vec<String>> = None;
    Box::new(move |item, out| {
        let record = Record::read(item.get())?;
        let is_first = columns.is_none();
        let columns = columns.get_or_insert_with(|| record.0.iter().map(|(key, _)| key.clone()).collect());
        if is_first {
            let names: Vec<String> = columns.iter().map(|name| quote(name)).collect();
            write!(out, "{}\r\n", names.join(","))?;
        }
        let fields: Vec<String> = columns.iter().map(|name| record.field(name)).collect();
        Ok(write!(out, "{}\r\n", fields.join(","))?)
    })
}

/// An object with its keys in the order they came in.
struct Record(Vec<(String, Value)>);

impl Record {
    fn read(text: &str) -> Result<Record, serde_json::Error> {
        struct Ordered;
        impl<'de> Visitor<'de> for Ordered {
            type Value = Record;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Record, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Record(fields))
            }
        }
        serde_json::Deserializer::from_str(text).deserialize_map(Ordered)
    }

    fn field(&self, name: &str) -> String {
        match self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => quote(text),
            Some(other) => quote(&other.to_string()),
        }
    }
}

fn quote(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    #[test]
    fn records_become_lines() {
        let mut lines = super::lines();
        let mut out = Vec::new();
        for record in [
            r#"{"path":"a,b.txt","title":null,"n":3,"text":"He said \"no\".\nThen"}"#,
            r#"{"n":4,"path":"c","text":"","metadata":{"a":"b"}}"#,
        ] {
            lines(&RawValue::from_string(record.to_owned()).unwrap(), &mut out).unwrap();
        }
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "path,title,n,text\r\n\"a,b.txt\",,3,\"He said \"\"no\"\".\nThen\"\r\nc,,4,\r\n");
    }
}
