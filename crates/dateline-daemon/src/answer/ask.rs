//! `ask`: a question to an indexer, in its own terms.

use super::{Answered, Answerer, Reply, store_error, unknown};
use crate::indexing::StoreTable;
use dateline_processor::IndexError;
use dateline_protocol::{Ask, End, ErrorBody, ErrorKind};
use serde_json::Value;

impl Answerer {
    pub(super) fn ask(&self, request: &Ask, reply: &mut Reply<'_>) -> Answered {
        let answer = self.ask_indexer(&request.name, &request.question)?;
        reply.item(&answer);
        Ok(End::done())
    }

    /// Asks an indexer by name.
    pub(super) fn ask_indexer(&self, name: &str, question: &Value) -> Result<Value, ErrorBody> {
        let Some(slot) = self.slot(name) else {
            let names: Vec<String> = self.slots.iter().map(|slot| slot.name.clone()).collect();
            return Err(unknown(format!("no indexer `{name}`"), name, &names));
        };
        let mut table = self.store.indexer_table(name).map_err(store_error)?;
        let answer = slot.indexer.answer(question, &StoreTable(&mut table));
        answer.map_err(|error| match &error {
            IndexError::BadQuestion { .. } => ErrorBody::from_error(ErrorKind::BadRequest, &error),
            IndexError::Damaged { .. } => {
                ErrorBody::from_error(ErrorKind::Damaged, &error).hint("stop the daemon and run `datelined rebuild`")
            }
            _ => ErrorBody::from_error(ErrorKind::Internal, &error),
        })
    }
}
