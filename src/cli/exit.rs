//! Exit codes, and the code for each error.

use std::process::ExitCode;

use super::out::errln;
use crate::control::retrain::RetrainError;
use crate::ingest::ReadError;
use crate::store::OpenError;
use crate::train::TrainError;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Done = 0,
    Failed = 1,
    Usage = 2,
    /// The state folder or the address is in use by another process.
    Held = 3,
    /// The command worked, and what it checked does not hold.
    No = 4,
    Interrupted = 130,
}

/// Text below every `--help`.
pub const HELP: &str = "Exit codes:
  0    done
  1    error
  2    wrong usage
  3    state or address held by another process
  4    the check's answer is no (damage found, floor missed, drift)
  130  interrupted";

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// An error with its own exit code.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct ExitError {
    pub message: String,
    pub exit: Exit,
}

/// The exit code of an error.
pub fn of(error: &anyhow::Error) -> Exit {
    if let Some(with) = error.downcast_ref::<ExitError>() {
        return with.exit;
    }
    if let Some(OpenError::Held { .. }) = error.downcast_ref::<OpenError>() {
        return Exit::Held;
    }
    match error.downcast_ref::<ReadError>() {
        Some(ReadError::Usage(_)) => return Exit::Usage,
        Some(ReadError::Stopped) => return Exit::Interrupted,
        _ => {}
    }
    let train = error
        .downcast_ref::<TrainError>()
        .or(match error.downcast_ref::<RetrainError>() {
            Some(RetrainError::Train(fault)) => Some(fault),
            _ => None,
        });
    match train {
        Some(TrainError::Stopped) => Exit::Interrupted,
        Some(TrainError::UnknownLearner { .. } | TrainError::Request(_)) => Exit::Usage,
        _ => Exit::Failed,
    }
}

/// Prints an error with its causes to standard error.
pub fn report(error: &anyhow::Error) {
    let mut message = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        if !message.contains(&cause) {
            message = format!("{message}: {cause}");
        }
    }
    errln!("error: {message}");
}
