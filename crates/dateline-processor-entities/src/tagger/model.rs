//! The weights: one row of small integers for each hashed feature, for both passes side by side. Reads and writes the
//! model file; knows nothing of what a feature means.

use super::label::LABELS;
use super::lexicon::Lexicon;

/// First bytes of a model file.
const MAGIC: &[u8; 8] = b"dlner\x00\x00\x02";
/// Weights of one row: both passes.
pub const ROW: usize = 2 * LABELS;
/// Largest model, unpacked, in bytes.
const MODEL_BYTES_MAX: usize = 64 << 20;

/// Which pass over the document a score is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// The first, which sees the sentence.
    First,
    /// The second, which also sees what the first said of the rest of the document.
    Second,
}

/// Scores of all labels at one token.
pub type Scores = [i32; LABELS];

/// A trained model.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// Rows; their number is a power of two.
    pub rows: Vec<[i8; ROW]>,
    /// Score of going from one label to another, by pass.
    pub steps: [[[i32; LABELS]; LABELS]; 2],
    /// What unlabelled news says about words.
    pub lexicon: Lexicon,
}

impl Model {
    /// The row a feature's hash falls on.
    #[inline]
    #[must_use]
    pub fn row(&self, feature: u64) -> usize {
        row_of(feature, self.rows.len())
    }

    /// The form of the model file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let lexicon = self.lexicon.to_bytes();
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&(self.rows.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&(lexicon.len() as u64).to_le_bytes());
        for step in self.steps.as_flattened().as_flattened() {
            bytes.extend_from_slice(&step.to_le_bytes());
        }
        bytes.extend_from_slice(&lexicon);
        // Column by column: the packer finds more to share in it.
        for column in 0..ROW {
            bytes.extend(self.rows.iter().map(|row| row[column].to_le_bytes()[0]));
        }
        bytes
    }

    /// Reads a packed model file; `None` when it is damaged.
    #[must_use]
    pub fn unpack(packed: &[u8]) -> Option<Model> {
        let bytes = zstd::bulk::decompress(packed, MODEL_BYTES_MAX).ok()?;
        let rest = bytes.strip_prefix(MAGIC)?;
        let number = |at: usize| rest.get(at..at + 8)?.try_into().ok().map(u64::from_le_bytes);
        let count = usize::try_from(number(0)?).ok()?;
        let lexicon_bytes = usize::try_from(number(8)?).ok()?;
        let mut rest = rest.get(16..)?;
        let mut steps = [[[0_i32; LABELS]; LABELS]; 2];
        for step in steps.as_flattened_mut().as_flattened_mut() {
            let (front, behind) = rest.split_first_chunk::<4>()?;
            *step = i32::from_le_bytes(*front);
            rest = behind;
        }
        let (lexicon, weights) = rest.split_at_checked(lexicon_bytes)?;
        if !count.is_power_of_two() || weights.len() != count.checked_mul(ROW)? {
            return None;
        }
        let mut rows = vec![[0_i8; ROW]; count];
        for (column, weights) in weights.chunks_exact(count).enumerate() {
            for (row, weight) in rows.iter_mut().zip(weights) {
                row[column] = i8::from_le_bytes([*weight]);
            }
        }
        Some(Model { rows, steps, lexicon: Lexicon::from_bytes(lexicon)? })
    }
}

/// The row of `count` (a power of two) rows a feature's hash falls on.
#[inline]
#[must_use]
pub fn row_of(feature: u64, count: usize) -> usize {
    let mixed = (feature ^ (feature >> 32)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 32) as usize & (count - 1)
}
