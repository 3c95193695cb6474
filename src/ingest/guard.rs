//! Libraries that read files may panic on a damaged one: here that is a fault of the file.

use std::cell::Cell;
use std::ops::ControlFlow;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use super::fault::ReadFault;
use super::source::{Rows, SourceRow};
use crate::schema::Notice;

thread_local! {
    /// Whether a panic of this thread is caught, so that nothing is said of it.
    static CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// Calls a library; its panic is an error in words, and is not printed.
///
/// # Errors
/// What the library says, or that it panicked.
pub(super) fn call<T>(library: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |about| {
            if !CAUGHT.get() {
                before(about);
            }
        }));
    });
    let outer = CAUGHT.replace(true);
    let outcome = panic::catch_unwind(AssertUnwindSafe(library));
    let caught = CAUGHT.replace(outer);
    outcome.unwrap_or_else(|cause| {
        if !caught {
            panic::resume_unwind(cause);
        }
        let text = cause.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| cause.downcast_ref::<&str>().copied());
        let text = text.unwrap_or("no reason given");
        Err(format!("it is not readable, most likely damaged: {text}"))
    })
}

/// A receiver of rows beyond the library: a panic there says nothing of the file, and goes on.
pub(super) struct Beyond<'t>(pub &'t mut dyn Rows);

/// Calls what is not the library. When it panics, the mark stays off, which [`call`] sees.
fn beyond<T>(receiver: impl FnOnce() -> T) -> T {
    let outer = CAUGHT.replace(false);
    let outcome = receiver();
    CAUGHT.set(outer);
    outcome
}

impl Rows for Beyond<'_> {
    fn begin(&mut self, name: &str) -> ControlFlow<()> {
        beyond(|| self.0.begin(name))
    }

    fn row(&mut self, row: SourceRow<'_>) -> ControlFlow<()> {
        beyond(|| self.0.row(row))
    }

    fn notice(&mut self, notice: Notice) {
        beyond(|| self.0.notice(notice));
    }

    fn reached(&mut self, cursor: String) {
        beyond(|| self.0.reached(cursor));
    }

    fn skipped(&mut self, name: &str, why: &str) {
        beyond(|| self.0.skipped(name, why));
    }

    fn unreadable(&mut self, name: &str, fault: &ReadFault) -> ControlFlow<()> {
        beyond(|| self.0.unreadable(name, fault))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_a_library_is_a_fault_in_words() {
        assert_eq!(call(|| Ok(1)), Ok(1));
        assert_eq!(call::<()>(|| Err("no".into())), Err("no".into()));
        let bytes: Vec<u8> = Vec::new();
        let said = call(|| Ok(bytes[0])).unwrap_err();
        assert!(said.starts_with("it is not readable"), "{said}");
    }

    #[test]
    fn a_panic_of_the_receiver_goes_on() {
        struct Careless;
        impl Rows for Careless {
            fn begin(&mut self, _: &str) -> ControlFlow<()> {
                ControlFlow::Continue(())
            }
            fn row(&mut self, _: SourceRow<'_>) -> ControlFlow<()> {
                panic!("no room")
            }
        }
        let mut row = crate::schema::Row::new(
            &crate::schema::Schema::unknown(),
            crate::schema::row::Purpose::Infer,
        );
        let handed_over = || {
            call(|| {
                let row = Ok(&mut row);
                let _ = Beyond(&mut Careless).row(SourceRow { line: 1, row });
                Ok(())
            })
        };
        let cause = panic::catch_unwind(AssertUnwindSafe(handed_over)).unwrap_err();
        assert_eq!(cause.downcast_ref::<&str>(), Some(&"no room"));
        assert!(!CAUGHT.get());
    }
}
