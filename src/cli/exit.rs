//! Exit codes: what each means, and which an error gets.

use std::process::ExitCode;

use super::out::errln;
use crate::control::retrain::RetrainError;
use crate::ingest::ReadFault;
use crate::store::OpenError;
use crate::train::TrainFault;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Something failed.
    Failed = 1,
    /// The arguments make no sense.
    Usage = 2,
    /// State or address is held by another process.
    Held = 3,
    /// The check's answer is no.
    No = 4,
    /// Interrupted.
    Interrupted = 130,
}

/// Shown under every `--help`.
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

/// An error with an exit code of its own.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct WithExit {
    /// What to say.
    pub message: String,
    /// How to end.
    pub exit: Exit,
}

/// The exit code of an error.
pub fn of(error: &anyhow::Error) -> Exit {
    if let Some(with) = error.downcast_ref::<WithExit>() {
        return with.exit;
    }
    if let Some(OpenError::Held { .. }) = error.downcast_ref::<OpenError>() {
        return Exit::Held;
    }
    match error.downcast_ref::<ReadFault>() {
        Some(ReadFault::Usage(_)) => return Exit::Usage,
        Some(ReadFault::Stopped) => return Exit::Interrupted,
        _ => {}
    }
    let train = error
        .downcast_ref::<TrainFault>()
        .or(match error.downcast_ref::<RetrainError>() {
            Some(RetrainError::Train(fault)) => Some(fault),
            _ => None,
        });
    match train {
        Some(TrainFault::Stopped) => Exit::Interrupted,
        Some(TrainFault::UnknownLearner { .. } | TrainFault::Request(_)) => Exit::Usage,
        _ => Exit::Failed,
    }
}

/// Says on standard error what failed, with its causes.
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
