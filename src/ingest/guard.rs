//! Libraries that read files may panic on a damaged one: here that is a fault of the file.

use crate::telemetry::panics;

/// Calls a library; its panic is an error in words, and is not printed. A panic of a receiver of rows goes on: it says
/// nothing of the file.
///
/// # Errors
/// What the library says, or that it panicked.
pub(super) fn call<T>(library: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    panics::caught("ingest/", library)
        .unwrap_or_else(|said| Err(format!("it is not readable, most likely damaged: {said}")))
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
