//! Libraries that read files may panic on a damaged one: here that is a fault of the file.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

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
    CAUGHT.set(outer);
    outcome.unwrap_or_else(|cause| {
        let text = cause.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| cause.downcast_ref::<&str>().copied());
        let text = text.unwrap_or("no reason given");
        Err(format!("it is not readable, most likely damaged: {text}"))
    })
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
}
