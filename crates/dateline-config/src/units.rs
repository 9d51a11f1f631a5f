//! Values with units, as people write them: `750ms`, `64MiB`, `forever`. One written form each, so that what is shown can
//! be written back.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A text that is no such value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no {what}: write {example}")]
pub struct UnitError {
    /// What was written.
    pub text: String,
    /// What was expected.
    pub what: &'static str,
    /// How it is written.
    pub example: &'static str,
}

/// Serde and schema through the written form.
macro_rules! written {
    ($name:ident, $description:literal, $example:literal) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                deserializer.deserialize_any(Written::<$name>(std::marker::PhantomData))
            }
        }

        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "description": $description, "examples": [$example] })
            }
        }
    };
}

/// Reads a value from a string, or from a bare number where its written form is one.
struct Written<T>(std::marker::PhantomData<T>);

impl<T: FromStr<Err = UnitError>> de::Visitor<'_> for Written<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match "".parse::<T>() {
            Err(error) => write!(f, "a {} such as {}", error.what, error.example),
            Ok(_) => f.write_str("a string"),
        }
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<T, E> {
        number.to_string().parse().map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<T, E> {
        number.to_string().parse().map_err(E::custom)
    }
}

/// A length of time: `750ms`, `2s`, `10m`, `1h30m`, `7d`. Milliseconds are the smallest unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period(pub Duration);

written!(Period, "a length of time", "750ms");

const PERIOD_UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

impl Period {
    /// So many milliseconds.
    #[must_use]
    pub const fn milliseconds(count: u64) -> Period {
        Period(Duration::from_millis(count))
    }

    /// So many seconds.
    #[must_use]
    pub const fn seconds(count: u64) -> Period {
        Period(Duration::from_secs(count))
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        if left == 0 {
            return f.write_str("0s");
        }
        for (unit, size) in PERIOD_UNITS {
            if left >= size {
                write!(f, "{}{unit}", left / size)?;
                left %= size;
            }
        }
        Ok(())
    }
}

impl FromStr for Period {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Period, UnitError> {
        let wrong = || UnitError {
            text: text.to_owned(),
            what: "length of time",
            example: "`750ms`, `2s`, `10m`, `1h30m` or `7d`",
        };
        let mut total: u64 = 0;
        let mut rest = text.trim();
        if rest.is_empty() {
            return Err(wrong());
        }
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
            let count: u64 = rest[..digits].parse().map_err(|_| wrong())?;
            let unit = rest[digits..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |at| digits + at);
            let name = &rest[digits..unit];
            let (_, size) = PERIOD_UNITS.into_iter().find(|(known, _)| *known == name).ok_or_else(wrong)?;
            let part = count.checked_mul(size).ok_or_else(wrong)?;
            total = total.checked_add(part).ok_or_else(wrong)?;
            rest = &rest[unit..];
        }
        Ok(Period::milliseconds(total))
    }
}

/// A number of bytes: `512KiB`, `64MiB`, `1GB`, `4096B`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSize(pub u64);

written!(ByteSize, "a number of bytes", "64MiB");

const BYTE_UNITS: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("KB", 1_000),
    ("B", 1),
];

impl ByteSize {
    /// So many mebibytes.
    #[must_use]
    pub const fn mebibytes(count: u64) -> ByteSize {
        ByteSize(count << 20)
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = |(_, size): &&(&str, u64)| self.0 >= *size && self.0.is_multiple_of(*size);
        match BYTE_UNITS.iter().find(whole) {
            Some((unit, size)) => write!(f, "{}{unit}", self.0 / size),
            None => write!(f, "{}B", self.0),
        }
    }
}

impl FromStr for ByteSize {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<ByteSize, UnitError> {
        let wrong =
            || UnitError { text: text.to_owned(), what: "number of bytes", example: "`512KiB`, `64MiB` or `1GB`" };
        let trimmed = text.trim();
        let digits = trimmed.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let count: u64 = trimmed[..digits].parse().map_err(|_| wrong())?;
        let unit = trimmed[digits..].trim_start();
        let known = |(name, _): &(&str, u64)| name.eq_ignore_ascii_case(unit);
        let (_, size) = BYTE_UNITS.into_iter().find(known).ok_or_else(wrong)?;
        count.checked_mul(size).map(ByteSize).ok_or_else(wrong)
    }
}

/// How often something is done: `never`, or a length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recurrence {
    /// Never by itself.
    Never,
    /// That often.
    Every(Period),
}

written!(Recurrence, "`never`, or a length of time", "30m");

impl Recurrence {
    /// The time between two, unless never.
    #[must_use]
    pub fn period(self) -> Option<Duration> {
        match self {
            Recurrence::Never => None,
            Recurrence::Every(period) => Some(period.0),
        }
    }
}

impl fmt::Display for Recurrence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Recurrence::Never => f.write_str("never"),
            Recurrence::Every(period) => period.fmt(f),
        }
    }
}

impl FromStr for Recurrence {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Recurrence, UnitError> {
        match text.trim() {
            "never" => Ok(Recurrence::Never),
            _ => match text.parse() {
                Ok(Period(Duration::ZERO)) | Err(_) => {
                    Err(UnitError { text: text.to_owned(), what: "recurrence", example: "`never`, `30m` or `1h`" })
                }
                Ok(period) => Ok(Recurrence::Every(period)),
            },
        }
    }
}

/// How long the past is kept: `forever`, or a length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retention {
    /// Nothing is forgotten.
    Forever,
    /// That long.
    For(Period),
}

written!(Retention, "`forever`, or a length of time", "forever");

impl Retention {
    /// The time kept, unless for ever.
    #[must_use]
    pub fn period(self) -> Option<Duration> {
        match self {
            Retention::Forever => None,
            Retention::For(period) => Some(period.0),
        }
    }
}

impl fmt::Display for Retention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Retention::Forever => f.write_str("forever"),
            Retention::For(period) => period.fmt(f),
        }
    }
}

impl FromStr for Retention {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Retention, UnitError> {
        let wrong = |_| UnitError { text: text.to_owned(), what: "retention", example: "`forever`, `365d` or `12h`" };
        match text.trim() {
            "forever" => Ok(Retention::Forever),
            _ => text.parse().map(Retention::For).map_err(wrong),
        }
    }
}

/// How many worker processes: `per-core`, or a number from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkerCount {
    /// One for each core the process may use.
    PerCore,
    /// So many.
    Exactly(u16),
}

written!(WorkerCount, "`per-core`, or a number from 1", "per-core");

/// Most worker processes that can be asked for.
const WORKERS_MAX: u16 = 256;

impl WorkerCount {
    /// The number of processes on this machine.
    #[must_use]
    pub fn resolve(self) -> usize {
        match self {
            WorkerCount::PerCore => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            WorkerCount::Exactly(count) => count.into(),
        }
    }
}

impl fmt::Display for WorkerCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WorkerCount::PerCore => f.write_str("per-core"),
            WorkerCount::Exactly(count) => count.fmt(f),
        }
    }
}

impl FromStr for WorkerCount {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<WorkerCount, UnitError> {
        let count = match text.trim() {
            "per-core" => return Ok(WorkerCount::PerCore),
            number => number.parse().ok().filter(|count| (1..=WORKERS_MAX).contains(count)),
        };
        let what = "number of workers";
        count.map(WorkerCount::Exactly).ok_or_else(|| UnitError {
            text: text.to_owned(),
            what,
            example: "`per-core`, or a number from 1 to 256",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{ByteSize, Period, Recurrence, Retention, WorkerCount};

    #[test]
    fn lengths_of_time_read_and_show() {
        for (text, milliseconds, shown) in [
            ("750ms", 750, "750ms"),
            ("90s", 90_000, "1m30s"),
            ("1h30m", 5_400_000, "1h30m"),
            ("7d", 604_800_000, "7d"),
            ("0s", 0, "0s"),
        ] {
            let period: Period = text.parse().expect(text);
            assert_eq!((period, period.to_string().as_str()), (Period::milliseconds(milliseconds), shown));
        }
        for text in ["", "5", "ms", "5 s", "1.5s", "-1s", "5y", "99999999999999999999s", "18446744073709551615d"] {
            assert!(text.parse::<Period>().is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_read_and_show() {
        for (text, bytes, shown) in [
            ("64MiB", 64 << 20, "64MiB"),
            ("64 mib", 64 << 20, "64MiB"),
            ("1GB", 1_000_000_000, "1GB"),
            ("0B", 0, "0B"),
            ("4097B", 4097, "4097B"),
        ] {
            let size: ByteSize = text.parse().expect(text);
            assert_eq!((size, size.to_string().as_str()), (ByteSize(bytes), shown));
        }
        for text in ["", "64", "MiB", "1.5GiB", "-1B", "99999999999TiB", "1 parsec"] {
            assert!(text.parse::<ByteSize>().is_err(), "{text}");
        }
    }

    #[test]
    fn words_stand_beside_numbers() {
        assert_eq!("never".parse(), Ok(Recurrence::Never));
        assert!("0s".parse::<Recurrence>().is_err());
        assert_eq!("forever".parse(), Ok(Retention::Forever));
        assert_eq!("365d".parse::<Retention>().map(|kept| kept.to_string()), Ok("365d".to_owned()));
        assert_eq!("4".parse(), Ok(WorkerCount::Exactly(4)));
        assert!("0".parse::<WorkerCount>().is_err());
        assert!("257".parse::<WorkerCount>().is_err());
        assert_eq!(serde_json::from_str::<WorkerCount>("2").unwrap(), WorkerCount::Exactly(2));
    }
}
