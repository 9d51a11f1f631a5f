//! How `dateline` and `datelined` talk: length-delimited JSON frames, a version handshake, typed requests, and the JSON
//! that every command prints.
//!
//! A conversation over a Unix socket, or over the pipes of `datelined answer`, is:
//!
//! 1. the client sends [`Hello`], the server answers with [`Greeting`];
//! 2. the client sends a [`Call`]; the server answers with any number of [`Response::Item`] and [`Response::Note`], then
//!    with one [`Response::End`] or [`Response::Error`];
//! 3. step 2 again, or the client closes. A client that closes early cancels its request.
//!
//! Nothing here is asynchronous and nothing knows a store: the server's loop is in `dateline-daemon`, arguments and
//! rendering are in `dateline-cli`. The JSON of the items is the stable contract, published in `schema.json`.

mod client;
mod frame;
mod handshake;
mod request;
mod response;
mod schema;
mod socket;
mod trust;
pub mod wire;

pub use dateline_core as core;

pub use client::{Answer, Client, ClientError};
pub use frame::{FrameDecoder, FrameError, REQUEST_FRAME_BYTES_MAX, RESPONSE_FRAME_BYTES_MAX};
pub use frame::{encode_frame, read_frame, write_frame};
pub use handshake::{Answering, Greeting, Hello, PROTOCOL_VERSION, Welcome};
pub use request::{
    Ask, Backup, Call, Complete, Completion, Conflicts, DateSet, DateShow, DateUnset, Detail, Entities, EntityAction,
    Explain, Export, ExportWhat, Failures, Match, On, Plan, Quotes, Request, Rescan, Retry, Search, Selection, Show,
    Similar, Tail, Timeline, TimelineStep, Undated, Who, Why, decode_call,
};
pub use response::{Counts, End, ErrorBody, ErrorKind, Exit, Note, Place, Response};
pub use schema::{render_schema, schema};
pub use socket::{SOCKET_NAME, SOCKET_PATH_BYTES_MAX, socket_path, socket_path_in};
pub use trust::{SocketPlaceError, check_socket_place};
