//! Catches panics of libraries at the boundary of the module that calls them.
//!
//! Libraries that read files may panic on a damaged file. Such a panic becomes an error about the file.

use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe, Location};
use std::sync::Once;

thread_local! {
    /// The module on this thread whose own panics, and those of libraries it calls, are caught.
    static EDGE: Cell<Option<&'static str>> = const { Cell::new(None) };
    /// Message of the last caught panic.
    static SAID: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// The message of a panic that was caught.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PanicError(pub String);

/// Calls `work`. A panic in a library or in the module `edge` becomes an error and is not printed. A panic in another
/// module, which `work` called back, does not concern the file and is passed on.
///
/// # Errors
/// The message of the panic.
pub fn caught<T>(edge: &'static str, work: impl FnOnce() -> T) -> Result<T, PanicError> {
    static HOOK: Once = Once::new();
    HOOK.call_once(hook);
    let outer = EDGE.replace(Some(edge));
    let outcome = panic::catch_unwind(AssertUnwindSafe(work));
    EDGE.set(outer);
    outcome.map_err(|cause| match SAID.take() {
        Some(said) => PanicError(said),
        None => panic::resume_unwind(cause),
    })
}

fn hook() {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |about| {
        let edge = EDGE.get();
        let is_caught = about.location().is_some_and(|at| is_at(edge, at));
        if edge.is_none() || !is_caught {
            return before(about);
        }
        let said = about.payload_as_str().unwrap_or("no reason given");
        SAID.replace(Some(said.to_owned()));
    }));
}

/// Whether a source location is outside this program, or in the module whose panics are caught.
fn is_at(edge: Option<&str>, place: &Location<'_>) -> bool {
    let own = file!().strip_suffix("telemetry/panics.rs");
    let module = own.and_then(|own| place.file().strip_prefix(own));
    module.is_none_or(|module| edge.is_some_and(|edge| module.starts_with(edge)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Panics with a location inside this module.
    fn own() {
        panic!("no page {}", 7);
    }

    #[test]
    fn a_panic_of_the_module_or_a_library_is_an_error_in_words() {
        assert_eq!(caught("telemetry/", || 1), Ok(1));
        assert_eq!(
            caught("telemetry/", own),
            Err(PanicError("no page 7".into()))
        );
        // A panic of the standard library: its location is outside this program.
        let library = || "ab".repeat(usize::MAX);
        assert!(caught("store/", library).is_err());
    }

    #[test]
    fn a_panic_of_another_module_goes_on() {
        let outer = panic::catch_unwind(|| caught("store/", own));
        let cause = outer.unwrap_err();
        let text = cause.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| cause.downcast_ref::<&str>().copied());
        assert_eq!(text, Some("no page 7"));
        assert_eq!(EDGE.get(), None);
    }

    #[test]
    fn edges_stand_within_each_other() {
        let inner = || caught("telemetry/", own);
        assert_eq!(
            caught("store/", inner),
            Ok(Err(PanicError("no page 7".into())))
        );
        assert_eq!(EDGE.get(), None);
    }
}
