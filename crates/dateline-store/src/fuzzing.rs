//! Entrances for the fuzzer: bytes as they may lie on a damaged disk, straight into the decoders.
#![allow(missing_docs, reason = "exists only under the fuzzer")]

use crate::blob::Unpacker;
use crate::codec::{decode, seal};
use crate::history;
use crate::keys;
use crate::read::open_record;
use crate::record::{
    AnnotationsV1, BlobV1, BodyV1, CatalogV1, ChangeV1, FailureV1, HeadV1, MetaV1, NamedV1, PageV1, Record, RevisionV1,
};

/// Opens bytes as a sealed record, and as the payload of one whose checksum is right.
fn record<R: Record>(bytes: &[u8]) {
    let key = [R::KIND, 1, 2, 3];
    let _ = open_record::<R>(&key, bytes);
    let (version, payload) = bytes.split_first().map_or((1, bytes), |(first, rest)| (1 + first % 3, rest));
    if let Ok(record) = open_record::<R>(&key, &seal(R::KIND, version, &key, payload)) {
        // What decodes encodes again, and comes back.
        let again = record.to_payload().expect("a record that was read can be written");
        R::of_payload(R::VERSION, &again).expect("a record that was written can be read");
    }
}

/// Every kind of record, texts, annotations and compressed values.
pub fn records(bytes: &[u8]) {
    record::<MetaV1>(bytes);
    record::<CatalogV1>(bytes);
    record::<HeadV1>(bytes);
    record::<RevisionV1>(bytes);
    record::<ChangeV1>(bytes);
    record::<FailureV1>(bytes);
    record::<NamedV1>(bytes);
    record::<PageV1>(bytes);
    let _ = decode::<BodyV1>(bytes).and_then(BodyV1::document);
    let _ = decode::<AnnotationsV1>(bytes).and_then(AnnotationsV1::annotations);
    let (head, stored) = bytes.split_at(bytes.len().min(10));
    if let Ok(blob) = decode::<BlobV1>(head) {
        let _ = Unpacker::default().unpack(&[keys::BODY], &blob, stored.to_vec(), |_| Ok(stored.to_vec()));
    }
    let (mut rest, unpacker) = (bytes, Unpacker::default());
    while let Some((method, left)) = rest.split_first().filter(|(_, left)| left.len() > 8) {
        let raw = u32::from(left[0]) << (left[1] % 20);
        let blob = BlobV1 { method: *method % 4, raw, stored: left.len() as u32, digest: 0 };
        let _ = unpacker.unpack(&[keys::BODY], &blob, left.to_vec(), |_| Ok(bytes.to_vec()));
        rest = &left[left.len() / 2..];
    }
}

/// A segment of the history, as it is and as the payload of a whole frame.
pub fn history(bytes: &[u8]) {
    history::walk(bytes);
    history::walk_framed(bytes);
}
