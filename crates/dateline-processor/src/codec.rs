//! The two codecs of a layer: bincode for the store, JSON for people, children and `show --layer`.

use dateline_core::{Layer, LayerCheck, LayerRecord};
use serde_json::Value;
use std::any::Any;
use std::marker::PhantomData;
use std::sync::Arc;

/// Largest encoded layer, in bytes. Also the decoder's allocation limit.
pub const LAYER_BYTES_MAX: usize = 16 << 20;

/// A decoded layer of some type.
pub type LayerValue = Arc<dyn Any + Send + Sync>;

/// Why a layer could not be encoded or decoded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CodecError {
    /// bincode could not write it.
    #[error("value does not encode")]
    Encode(#[source] bincode::error::EncodeError),
    /// bincode could not read it.
    #[error("bytes do not decode")]
    Decode(#[source] bincode::error::DecodeError),
    /// Bytes were left over.
    #[error("{0} bytes were left over")]
    Trailing(usize),
    /// JSON does not fit the type.
    #[error("JSON does not fit the layer")]
    Json(#[source] serde_json::Error),
    /// The value is of another type.
    #[error("value is of another type")]
    WrongType,
    /// The bytes have another schema number.
    #[error("schema is {found}, expected {expected}")]
    Schema {
        /// Schema of the bytes.
        found: u32,
        /// Schema of the code.
        expected: u32,
    },
    /// The encoded form is larger than [`LAYER_BYTES_MAX`].
    #[error("layer has {0} bytes, more than {LAYER_BYTES_MAX}")]
    TooLarge(usize),
}

fn bincode_config() -> impl bincode::config::Config {
    bincode::config::standard().with_limit::<LAYER_BYTES_MAX>()
}

/// A layer's name, schema and codecs.
#[derive(Clone)]
pub struct LayerSpec {
    name: String,
    schema: u32,
    codec: Arc<dyn Codec>,
}

impl std::fmt::Debug for LayerSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}", self.name, self.schema)
    }
}

trait Codec: Send + Sync {
    fn encode(&self, value: &(dyn Any + Send + Sync)) -> Result<Vec<u8>, CodecError>;
    fn decode(&self, bytes: &[u8]) -> Result<LayerValue, CodecError>;
    fn to_json(&self, value: &(dyn Any + Send + Sync)) -> Result<Value, CodecError>;
    fn read_json(&self, value: Value) -> Result<LayerValue, CodecError>;
    fn check(&self, value: &(dyn Any + Send + Sync), text: &str) -> LayerCheck;
}

struct Typed<T>(PhantomData<fn() -> T>);

impl<T: Layer> Codec for Typed<T> {
    fn encode(&self, value: &(dyn Any + Send + Sync)) -> Result<Vec<u8>, CodecError> {
        let value: &T = value.downcast_ref().ok_or(CodecError::WrongType)?;
        bincode::serde::encode_to_vec(value, bincode_config()).map_err(CodecError::Encode)
    }

    fn decode(&self, bytes: &[u8]) -> Result<LayerValue, CodecError> {
        let (value, used) =
            bincode::serde::decode_from_slice::<T, _>(bytes, bincode_config()).map_err(CodecError::Decode)?;
        if used != bytes.len() {
            return Err(CodecError::Trailing(bytes.len() - used));
        }
        Ok(Arc::new(value))
    }

    fn to_json(&self, value: &(dyn Any + Send + Sync)) -> Result<Value, CodecError> {
        let value: &T = value.downcast_ref().ok_or(CodecError::WrongType)?;
        serde_json::to_value(value).map_err(CodecError::Json)
    }

    fn read_json(&self, value: Value) -> Result<LayerValue, CodecError> {
        Ok(Arc::new(serde_json::from_value::<T>(value).map_err(CodecError::Json)?))
    }

    fn check(&self, value: &(dyn Any + Send + Sync), text: &str) -> LayerCheck {
        value.downcast_ref::<T>().map_or(Ok(()), |value| value.check(text))
    }
}

/// Layers whose type only an exec child knows: JSON values, stored as their compact text.
struct Dynamic;

impl Codec for Dynamic {
    fn encode(&self, value: &(dyn Any + Send + Sync)) -> Result<Vec<u8>, CodecError> {
        let value: &Value = value.downcast_ref().ok_or(CodecError::WrongType)?;
        serde_json::to_vec(value).map_err(CodecError::Json)
    }

    fn decode(&self, bytes: &[u8]) -> Result<LayerValue, CodecError> {
        Ok(Arc::new(serde_json::from_slice::<Value>(bytes).map_err(CodecError::Json)?))
    }

    fn to_json(&self, value: &(dyn Any + Send + Sync)) -> Result<Value, CodecError> {
        value.downcast_ref::<Value>().cloned().ok_or(CodecError::WrongType)
    }

    fn read_json(&self, value: Value) -> Result<LayerValue, CodecError> {
        Ok(Arc::new(value))
    }

    /// A JSON layer's annotations are objects with `start` and `end`; a list of them is checked like any layer.
    fn check(&self, value: &(dyn Any + Send + Sync), text: &str) -> LayerCheck {
        let Some(items) = value.downcast_ref::<Value>().and_then(Value::as_array) else { return Ok(()) };
        let spans = items.iter().filter_map(|item| {
            let bound = |key: &str| item.get(key)?.as_u64().and_then(|at| u32::try_from(at).ok());
            Some(dateline_core::Span { start: bound("start")?, end: bound("end")? })
        });
        dateline_core::Span::check_all(spans, text)
    }
}

impl LayerSpec {
    /// The spec of a typed layer.
    #[must_use]
    pub fn of<T: Layer>() -> LayerSpec {
        LayerSpec { name: T::NAME.to_owned(), schema: T::SCHEMA, codec: Arc::new(Typed::<T>(PhantomData)) }
    }

    /// The spec of a layer known only as JSON.
    #[must_use]
    pub fn json(name: impl Into<String>, schema: u32) -> LayerSpec {
        LayerSpec { name: name.into(), schema, codec: Arc::new(Dynamic) }
    }

    /// Name of the layer.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Number of its encoded form.
    #[must_use]
    pub fn schema(&self) -> u32 {
        self.schema
    }

    /// Encodes a value for the store.
    ///
    /// # Errors
    /// When the value is of another type, does not encode, or is too large.
    pub fn encode(&self, value: &(dyn Any + Send + Sync)) -> Result<LayerRecord, CodecError> {
        let bytes = self.codec.encode(value)?;
        if bytes.len() > LAYER_BYTES_MAX {
            return Err(CodecError::TooLarge(bytes.len()));
        }
        Ok(LayerRecord::new(self.name.clone(), self.schema, bytes))
    }

    /// Decodes a stored layer.
    ///
    /// # Errors
    /// When its schema is another, or the bytes do not decode to their end.
    pub fn decode(&self, record: &LayerRecord) -> Result<LayerValue, CodecError> {
        if record.schema != self.schema {
            return Err(CodecError::Schema { found: record.schema, expected: self.schema });
        }
        self.codec.decode(&record.bytes)
    }

    /// The JSON form of a value.
    ///
    /// # Errors
    /// When the value is of another type.
    pub fn to_json(&self, value: &(dyn Any + Send + Sync)) -> Result<Value, CodecError> {
        self.codec.to_json(value)
    }

    /// A value from its JSON form.
    ///
    /// # Errors
    /// When the JSON does not fit the type.
    pub fn read_json(&self, value: Value) -> Result<LayerValue, CodecError> {
        self.codec.read_json(value)
    }

    /// Checks a value's spans against the text.
    ///
    /// # Errors
    /// The first span that breaks a rule.
    pub fn check(&self, value: &(dyn Any + Send + Sync), text: &str) -> LayerCheck {
        self.codec.check(value, text)
    }
}

/// Decodes a stored layer of a known type.
///
/// # Errors
/// As [`LayerSpec::decode`].
pub(crate) fn decode_typed<T: Layer>(record: &LayerRecord) -> Result<Arc<T>, CodecError> {
    LayerSpec::of::<T>().decode(record)?.downcast::<T>().map_err(|_| CodecError::WrongType)
}

#[cfg(test)]
mod tests {
    use super::{CodecError, LayerSpec};
    use dateline_core::layers::{SentenceLayer, Timex, TimexLayer, TimexType};
    use dateline_core::{Layer, LayerRecord, Span};

    fn layer() -> TimexLayer {
        TimexLayer(vec![Timex {
            span: Span::new(3, 9),
            kind: TimexType::Date,
            value: "2022-04-05".to_owned(),
            earliest: Some(jiff::civil::date(2022, 4, 5)),
            latest: Some(jiff::civil::date(2022, 4, 5)),
            modifier: None,
            quant: None,
            freq: None,
            rule: "weekday".to_owned(),
            anchor: None,
        }])
    }

    #[test]
    fn a_binary_layer_holds_distances_and_takes_what_is_out_of_order() {
        let spans = |bounds: &[(u32, u32)]| {
            SentenceLayer(bounds.iter().map(|&(start, end)| Span { start, end }).collect::<Vec<Span>>())
        };
        let spec = LayerSpec::of::<SentenceLayer>();
        let far = spans(&[(60_000, 60_090), (60_091, 60_200), (60_201, 60_300)]);
        assert_eq!(spec.encode(&far).expect("encodes").bytes, [3, 251, 96, 234, 90, 1, 109, 1, 99]);
        for odd in [spans(&[]), spans(&[(9, 12), (3, 5)]), spans(&[(7, 2), (u32::MAX, 0), (0, u32::MAX)]), far] {
            let back = spec.decode(&spec.encode(&odd).expect("encodes")).expect("decodes");
            assert_eq!(back.downcast_ref::<SentenceLayer>(), Some(&odd));
            let back = spec.read_json(spec.to_json(&odd).expect("shows")).expect("reads");
            assert_eq!(back.downcast_ref::<SentenceLayer>(), Some(&odd));
        }
    }

    #[test]
    fn both_codecs_give_the_layer_back() {
        let spec = LayerSpec::of::<TimexLayer>();
        let record = spec.encode(&layer()).expect("encodes");
        let back = spec.decode(&record).expect("decodes");
        assert_eq!(back.downcast_ref::<TimexLayer>(), Some(&layer()));
        let json = spec.to_json(&layer()).expect("shows");
        let back = spec.read_json(json).expect("reads");
        assert_eq!(back.downcast_ref::<TimexLayer>(), Some(&layer()));
    }

    #[test]
    fn hostile_bytes_are_refused() {
        let spec = LayerSpec::of::<TimexLayer>();
        let huge = LayerRecord::new("timex", TimexLayer::SCHEMA, vec![253, 255, 255, 255, 255, 255, 255, 255, 255]);
        assert!(matches!(spec.decode(&huge), Err(CodecError::Decode(_))));
        let mut long = spec.encode(&layer()).expect("encodes");
        long.bytes.push(0);
        assert!(matches!(spec.decode(&long), Err(CodecError::Trailing(1))));
        let newer = LayerRecord::new("timex", TimexLayer::SCHEMA + 1, Vec::new());
        assert!(
            matches!(spec.decode(&newer), Err(CodecError::Schema { found, .. }) if found == TimexLayer::SCHEMA + 1)
        );
    }
}
