//! Converts panics of file-reading libraries on damaged files into errors.

use super::error::FormatError;
use crate::telemetry::panics;

/// Calls a library; its panic becomes an error and is not printed. A panic inside the receiver of the rows is resumed, because
/// it is not caused by the file.
///
/// # Errors
/// The error of the library, or the message of its panic.
pub(super) fn call<T>(library: impl FnOnce() -> Result<T, FormatError>) -> Result<T, FormatError> {
    panics::caught("ingest/", library)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_a_library_is_a_fault_in_words() {
        assert_eq!(call(|| Ok(1)).unwrap(), 1);
        assert_eq!(
            call::<()>(|| Err("no".into())).unwrap_err().to_string(),
            "no"
        );
        let bytes: Vec<u8> = Vec::new();
        let said = call(|| Ok(bytes[0])).unwrap_err().to_string();
        assert!(said.starts_with("it is not readable"), "{said}");
    }
}
