//! Converts panics of file-reading libraries on damaged files into errors.

use crate::telemetry::panics;

/// Calls a library and returns its panic as an error text; the panic message is not printed. A panic inside the receiver of
/// the rows is resumed, because it is not caused by the file.
///
/// # Errors
/// The error of the library, or the message of its panic.
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
