//! Scratch memory of a thread, reused between requests: a row and the buffers to predict it.

use std::cell::RefCell;
use std::sync::Arc;

use crate::model::Workspace;
use crate::schema::row::Purpose;
use crate::schema::{Row, Schema};

struct Scratch {
    schema: Arc<Schema>,
    row: Row,
    work: Workspace,
}

thread_local! {
    static SCRATCH: RefCell<Option<Scratch>> = const { RefCell::new(None) };
}

/// Calls `work` with this thread's scratch row and buffers. The row is replaced if the schema has changed.
pub fn on_scratch<T>(schema: &Arc<Schema>, work: impl FnOnce(&mut Row, &mut Workspace) -> T) -> T {
    let kept = SCRATCH.take();
    let mut scratch = match kept {
        Some(scratch) if Arc::ptr_eq(&scratch.schema, schema) => scratch,
        kept => Scratch {
            schema: schema.clone(),
            row: Row::new(schema, Purpose::Predict),
            work: kept.map(|scratch| scratch.work).unwrap_or_default(),
        },
    };
    let done = work(&mut scratch.row, &mut scratch.work);
    SCRATCH.set(Some(scratch));
    done
}
