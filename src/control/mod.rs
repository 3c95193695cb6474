//! What happens on its own, and what is asked for but takes long: training jobs, promotion, following the ledger.
//!
//! * [`retrain`]: one training from table to registered version, with the decision on its promotion; the command line and
//!   the jobs of a server call the same function.
//! * [`table`]: what is trained on when nothing is named.
//! * [`jobs`]: the queue of a server's trainings, on a thread of their own.
//! * [`gate`]: whether a candidate may become champion, from rows the champion never saw, at one look.
//! * [`shadow`]: the same from live traffic, at every look.
//! * [`understudy`]: the task that has a candidate score live traffic.
//! * [`watch`]: whether a new champion keeps its word, or is rolled back.
//! * [`conditions`]: what goes wrong in the server itself, as alerts are told of it.
//! * [`labelled`]: rows of the store whose truth has come; [`lesson`]: a table with them at its end.
//! * [`remembered`]: what a task remembers over restarts.
//! * [`truths`]: what events say of truths.
//! * [`chain`]: which rows a comparison rests on.
//! * [`intake`]: rows of a source on their way into the store; [`pulls`]: sources that are pulled again and again.
//! * [`steward`]: the task that closes the loop: it follows the store, and has trainings begun, shadows ended, champions
//!   rolled back.
//! * [`observer`]: the task that says whether what is answered is still what the model learnt from, and how good it is.
//! * [`export`]: events on their way out; [`quarantine`]: rows checked again; [`upkeep`]: check, compaction and backup of the
//!   store of a running server.
//! * [`champion`]: the model that answers, and the seat it answers from; [`cost`]: what its answers cost.
//! * [`priority`]: which threads go first.
//! * [`follower`]: the task that follows the ledger and swaps the live model.
//! * [`promoter`]: promotion and rollback by hand, answered once the promoted model answers.
//!
//! Architecture invariant: this room knows no HTTP.

pub mod chain;
pub mod champion;
pub mod conditions;
pub mod cost;
pub mod export;
pub mod follower;
pub mod gate;
pub mod intake;
pub mod jobs;
pub mod labelled;
pub mod lesson;
pub mod model_events;
pub mod observer;
pub mod priority;
pub mod promoter;
pub mod promotion;
pub mod pulls;
pub mod quarantine;
pub mod remembered;
pub mod retrain;
pub mod shadow;
pub mod steward;
pub mod table;
pub mod truths;
pub mod understudy;
pub mod upkeep;
pub mod watch;

#[cfg(test)]
mod fixture;
