//! Exported records as one Parquet file, in row groups, so that memory is bounded by a group and not by the export. Dates
//! and times are of Parquet's own types; everything else is as in the JSON. Built with feature `parquet` only.

use crate::ask::Whole;
use crate::failure::Failure;
use dateline_protocol::ExportWhat;
use dateline_protocol::core::{Date, Timestamp};
use dateline_protocol::wire::{ExportDocument, ExportEntity, ExportTimex};
use parquet::basic::{Compression, ZstdLevel};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::ColumnDescriptor;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;

/// Bytes of values in a row group: what is held before it is written.
const GROUP_BYTES: usize = 16 << 20;
/// Rows of a row group.
const GROUP_ROWS: usize = 122_880;

/// Columns of documents.
const DOCUMENTS: &str = "message document {
    required int64 document (INTEGER(64,false));
    required int32 revision (INTEGER(32,false));
    required binary path (STRING);
    optional binary part (STRING);
    optional binary title (STRING);
    optional int32 dct_earliest (DATE);
    optional int32 dct_latest (DATE);
    optional binary dct_precision (STRING);
    optional int32 dct_confidence (INTEGER(8,false));
    required int64 seen_from (TIMESTAMP(MICROS,true));
    optional binary content (STRING);
    required group metadata (MAP) {
        repeated group key_value {
            required binary key (STRING);
            required binary value (STRING);
        }
    }
    required binary text (STRING);
}";

/// Columns of temporal expressions.
const TIMEXES: &str = "message timex {
    required int64 document (INTEGER(64,false));
    required int32 revision (INTEGER(32,false));
    required binary path (STRING);
    required int32 start (INTEGER(32,false));
    required int32 end (INTEGER(32,false));
    required binary type (STRING);
    required binary value (STRING);
    required binary text (STRING);
    optional int32 earliest (DATE);
    optional int32 latest (DATE);
    required binary rule (STRING);
}";

/// Columns of mentions.
const ENTITIES: &str = "message mention {
    required int64 document (INTEGER(64,false));
    required int32 revision (INTEGER(32,false));
    required binary path (STRING);
    required int32 start (INTEGER(32,false));
    required int32 end (INTEGER(32,false));
    required binary type (STRING);
    required binary text (STRING);
    required binary name (STRING);
    required int32 entity (INTEGER(32,false));
    optional binary reference (STRING);
}";

impl From<ParquetError> for Failure {
    fn from(error: ParquetError) -> Failure {
        Failure::Output(io::Error::other(error))
    }
}

/// A value of a row.
enum Cell {
    Number(Option<i64>),
    Text(Option<String>),
    /// Takes two columns: keys and values.
    Pairs(BTreeMap<String, String>),
}

impl Cell {
    fn number(number: impl Into<i64>) -> Cell {
        Cell::Number(Some(number.into()))
    }

    fn text(text: String) -> Cell {
        Cell::Text(Some(text))
    }

    fn day(day: Option<Date>) -> Cell {
        Cell::Number(day.map(|day| i64::from((day - Date::constant(1970, 1, 1)).get_days())))
    }

    fn time(time: Timestamp) -> Cell {
        Cell::Number(Some(time.as_microsecond()))
    }

    /// Ids are counters: none comes near the end of the range.
    fn id(id: u64) -> Cell {
        Cell::Number(i64::try_from(id).ok())
    }
}

/// A record as a row.
trait Row: DeserializeOwned {
    /// Values in the order of the columns.
    fn cells(self) -> Vec<Cell>;
}

impl Row for ExportDocument {
    fn cells(self) -> Vec<Cell> {
        vec![
            Cell::id(self.document),
            Cell::number(self.revision),
            Cell::text(self.path),
            Cell::Text(self.part),
            Cell::Text(self.title),
            Cell::day(self.dct_earliest),
            Cell::day(self.dct_latest),
            Cell::Text(self.dct_precision),
            Cell::Number(self.dct_confidence.map(i64::from)),
            Cell::time(self.seen_from),
            Cell::Text(self.content),
            Cell::Pairs(self.metadata),
            Cell::text(self.text),
        ]
    }
}

impl Row for ExportTimex {
    fn cells(self) -> Vec<Cell> {
        vec![
            Cell::id(self.document),
            Cell::number(self.revision),
            Cell::text(self.path),
            Cell::number(self.start),
            Cell::number(self.end),
            Cell::text(self.kind),
            Cell::text(self.value),
            Cell::text(self.text),
            Cell::day(self.earliest),
            Cell::day(self.latest),
            Cell::text(self.rule),
        ]
    }
}

impl Row for ExportEntity {
    fn cells(self) -> Vec<Cell> {
        vec![
            Cell::id(self.document),
            Cell::number(self.revision),
            Cell::text(self.path),
            Cell::number(self.start),
            Cell::number(self.end),
            Cell::text(self.kind),
            Cell::text(self.text),
            Cell::text(self.name),
            Cell::number(self.entity),
            Cell::Text(self.reference),
        ]
    }
}

/// The values of one column that are not written yet. Levels say which rows have one, as Parquet wants it.
#[derive(Default)]
struct Column {
    numbers: Vec<i64>,
    texts: Vec<ByteArray>,
    definitions: Vec<i16>,
    repetitions: Vec<i16>,
}

impl Column {
    /// Takes one row's value; gives the bytes it holds.
    fn put(&mut self, number: Option<i64>, text: Option<String>) -> usize {
        self.definitions.push(i16::from(number.is_some() || text.is_some()));
        self.numbers.extend(number);
        let bytes = text.as_ref().map_or(0, String::len);
        self.texts.extend(text.map(|text| ByteArray::from(text.into_bytes())));
        bytes + size_of::<ByteArray>()
    }

    /// Takes one row's list; gives the bytes it holds.
    fn put_all(&mut self, texts: impl ExactSizeIterator<Item = String>) -> usize {
        if texts.len() == 0 {
            self.definitions.push(0);
            self.repetitions.push(0);
        }
        let mut bytes = size_of::<ByteArray>();
        for (at, text) in texts.enumerate() {
            self.repetitions.push(i16::from(at > 0));
            bytes += self.put(None, Some(text));
        }
        bytes
    }

    fn write(&self, writer: &mut SerializedColumnWriter<'_>, descriptor: &ColumnDescriptor) -> Result<(), Failure> {
        let definitions = (descriptor.max_def_level() > 0).then_some(self.definitions.as_slice());
        let repetitions = (descriptor.max_rep_level() > 0).then_some(self.repetitions.as_slice());
        match writer.untyped() {
            // What goes into 32 bits was no longer before: the schema says which.
            ColumnWriter::Int32ColumnWriter(writer) => {
                let narrow: Vec<i32> = self.numbers.iter().map(|number| *number as i32).collect();
                writer.write_batch(&narrow, definitions, repetitions)?;
            }
            ColumnWriter::Int64ColumnWriter(writer) => {
                writer.write_batch(&self.numbers, definitions, repetitions)?;
            }
            ColumnWriter::ByteArrayColumnWriter(writer) => {
                writer.write_batch(&self.texts, definitions, repetitions)?;
            }
            _ => return Err(ParquetError::NYI(format!("column `{}`", descriptor.name())).into()),
        }
        Ok(())
    }
}

/// A Parquet file that is being written.
struct File {
    cells: fn(&RawValue) -> Result<Vec<Cell>, serde_json::Error>,
    /// Gathers a row group, which is then taken out of it.
    writer: SerializedFileWriter<Vec<u8>>,
    columns: Vec<Column>,
    rows: usize,
    bytes: usize,
    most: usize,
}

/// A Parquet file of exported records.
pub(crate) fn file(what: ExportWhat) -> Result<Box<dyn Whole>, Failure> {
    Ok(Box::new(File::new(what, GROUP_BYTES)?))
}

fn cells<T: Row>(item: &RawValue) -> Result<Vec<Cell>, serde_json::Error> {
    serde_json::from_str::<T>(item.get()).map(Row::cells)
}

impl File {
    fn new(what: ExportWhat, most: usize) -> Result<File, Failure> {
        let (schema, cells): (&str, fn(&RawValue) -> _) = match what {
            ExportWhat::Documents => (DOCUMENTS, cells::<ExportDocument>),
            ExportWhat::Timexes => (TIMEXES, cells::<ExportTimex>),
            ExportWhat::Entities => (ENTITIES, cells::<ExportEntity>),
        };
        let schema = Arc::new(parse_message_type(schema)?);
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_created_by(concat!("dateline ", env!("CARGO_PKG_VERSION")).to_owned())
            .build();
        let writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties))?;
        let columns = (0..writer.schema_descr().num_columns()).map(|_| Column::default()).collect();
        Ok(File { cells, writer, columns, rows: 0, bytes: 0, most })
    }

    fn put(&mut self, row: Vec<Cell>) {
        let mut columns = self.columns.iter_mut();
        let mut next = |put: &mut dyn FnMut(&mut Column) -> usize| columns.next().map_or(0, put);
        for cell in row {
            self.bytes += match cell {
                Cell::Number(number) => next(&mut |column| column.put(number, None)),
                Cell::Text(mut text) => next(&mut |column| column.put(None, text.take())),
                Cell::Pairs(pairs) => {
                    let keys = next(&mut |column| column.put_all(pairs.keys().cloned()));
                    keys + next(&mut |column| column.put_all(pairs.values().cloned()))
                }
            };
        }
        self.rows += 1;
    }

    /// Writes the rows gathered as a row group.
    fn write_group(&mut self, out: &mut dyn Write) -> Result<(), Failure> {
        if self.rows > 0 {
            let descriptors = self.writer.schema_descr().columns().to_vec();
            let mut group = self.writer.next_row_group()?;
            for (column, descriptor) in self.columns.iter_mut().zip(&descriptors) {
                let Some(mut writer) = group.next_column()? else { break };
                std::mem::take(column).write(&mut writer, descriptor)?;
                writer.close()?;
            }
            group.close()?;
            (self.rows, self.bytes) = (0, 0);
        }
        self.writer.flush()?;
        Ok(out.write_all(&std::mem::take(self.writer.inner_mut()))?)
    }
}

impl Whole for File {
    fn item(&mut self, item: &RawValue, out: &mut dyn Write) -> Result<(), Failure> {
        let row = (self.cells)(item)?;
        self.put(row);
        if self.bytes >= self.most || self.rows >= GROUP_ROWS { self.write_group(out) } else { Ok(()) }
    }

    fn end(&mut self, out: &mut dyn Write) -> Result<(), Failure> {
        self.write_group(out)?;
        self.writer.finish()?;
        Ok(out.write_all(&std::mem::take(self.writer.inner_mut()))?)
    }
}

#[cfg(test)]
mod tests {
    use super::{File, file};
    use crate::ask::Whole;
    use dateline_protocol::ExportWhat;
    use dateline_protocol::core::{Date, Timestamp};
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::Field;
    use serde_json::value::RawValue;
    use serde_json::{Value, json};

    fn written(mut file: Box<dyn Whole>, records: &[Value]) -> SerializedFileReader<bytes::Bytes> {
        let mut out = Vec::new();
        for record in records {
            let item = RawValue::from_string(record.to_string()).unwrap();
            file.item(&item, &mut out).unwrap();
        }
        file.end(&mut out).unwrap();
        SerializedFileReader::new(bytes::Bytes::from(out)).unwrap()
    }

    /// A value as it stands in the JSON.
    fn value(field: &Field) -> Value {
        match field {
            Field::Null => Value::Null,
            Field::UByte(number) => json!(number),
            Field::UInt(number) => json!(number),
            Field::ULong(number) => json!(number),
            Field::Str(text) => json!(text),
            Field::Date(days) => json!(Date::constant(1970, 1, 1).saturating_add(jiff::Span::new().days(*days))),
            Field::TimestampMicros(micros) => json!(Timestamp::from_microsecond(*micros).unwrap()),
            Field::MapInternal(map) => {
                let pairs = map.entries().iter().map(|(key, value)| match (key, value) {
                    (Field::Str(key), Field::Str(value)) => (key.clone(), json!(value)),
                    other => panic!("{other:?}"),
                });
                Value::Object(pairs.collect())
            }
            other => panic!("{other:?}"),
        }
    }

    fn read(reader: &SerializedFileReader<bytes::Bytes>) -> Vec<Value> {
        let rows = reader.get_row_iter(None).unwrap().map(Result::unwrap);
        let objects = rows.map(|row| {
            Value::Object(row.get_column_iter().map(|(name, field)| (name.clone(), value(field))).collect())
        });
        objects.collect()
    }

    fn document(id: u64, metadata: Value, title: Option<&str>) -> Value {
        let dated = title.is_some();
        json!({
            "document": id, "revision": 2, "path": format!("a/{id}.txt"), "part": "1", "title": title,
            "dct_earliest": dated.then_some("1969-12-30"), "dct_latest": dated.then_some("2022-04-05"),
            "dct_precision": dated.then_some("day"), "dct_confidence": dated.then_some(95),
            "seen_from": "2022-04-06T10:00:00.000123Z", "content": null, "metadata": metadata,
            "text": "Zelenskyj said \u{201c}no\u{201d}.\nThen he left.".repeat(20),
        })
    }

    #[test]
    fn rows_are_the_records() {
        let records = [
            document(1, json!({"author": "A. B.", "url": "x"}), Some("Talks")),
            document(2, json!({}), None),
            document(u64::from(u32::MAX) + 7, json!({"empty": ""}), Some("")),
        ];
        // So little fits into a group that each row is one.
        let small = Box::new(File::new(ExportWhat::Documents, 100).unwrap());
        let reader = written(small, &records);
        assert_eq!(reader.metadata().num_row_groups(), 3);
        assert_eq!(read(&reader), records);
        let together = written(file(ExportWhat::Documents).unwrap(), &records);
        assert_eq!(together.metadata().num_row_groups(), 1);
        assert_eq!(read(&together), records);
    }

    #[test]
    fn expressions_and_mentions_have_their_columns() {
        let timex = json!({
            "document": 1, "revision": 1, "path": "a.txt", "start": 3, "end": 9, "type": "DATE", "value": "2022-04",
            "text": "April", "earliest": "2022-04-01", "latest": null, "rule": "month",
        });
        let mention = json!({
            "document": 1, "revision": 1, "path": "a.txt", "start": 3, "end": 9, "type": "PER", "text": "Ann",
            "name": "Ann Lee", "entity": 1, "reference": null,
        });
        for (what, record) in [(ExportWhat::Timexes, timex), (ExportWhat::Entities, mention)] {
            let records = [record.clone(), record];
            assert_eq!(read(&written(file(what).unwrap(), &records)), records);
        }
    }

    #[test]
    fn no_record_makes_a_file_without_rows() {
        for what in [ExportWhat::Documents, ExportWhat::Timexes, ExportWhat::Entities] {
            assert!(read(&written(file(what).unwrap(), &[])).is_empty());
        }
    }
}
