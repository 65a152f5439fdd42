//! Results that are kept as JSON until something changes that they are made of.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Results kept; one more and all are made again when they are asked for.
pub(super) const MOST: usize = 64;

/// A result as the JSON that is answered.
pub type Json = Arc<[u8]>;

/// Results under what was asked for, each with what it was made of.
pub(super) struct JsonCache<M> {
    by_question: Mutex<HashMap<String, (M, Json)>>,
}

impl<M> Default for JsonCache<M> {
    fn default() -> Self {
        Self {
            by_question: Mutex::default(),
        }
    }
}

impl<M: PartialEq> JsonCache<M> {
    /// The answer that was made of the very same when this was asked for before.
    pub(super) fn get(&self, asked: &str, made_of: &M) -> Option<Json> {
        let kept = self.lock();
        let (of, json) = kept.get(asked)?;
        (of == made_of).then(|| Arc::clone(json))
    }

    /// Keeps what was made.
    pub(super) fn keep(&self, asked: String, made_of: M, json: Json) {
        let mut kept = self.lock();
        if kept.len() >= MOST && !kept.contains_key(&asked) {
            kept.clear();
        }
        kept.insert(asked, (made_of, json));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, (M, Json)>> {
        // An entry is whole whatever another thread did.
        self.by_question
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
