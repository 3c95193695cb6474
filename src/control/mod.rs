//! The retraining loop, and trainings on request.
//!
//! * [`controller`]: the retrain controller, the task that closes the loop. It follows the store, requests trainings, ends
//!   shadows and rolls champions back.
//! * [`scorer`]: the shadow scorer, the task that has a candidate score live traffic.
//! * [`jobs`]: the queue of a server's trainings, and the thread that runs them.
//! * [`retrain`]: one training from table to registered version, with the decision on its promotion; the command line and
//!   the jobs of a server call the same function.
//!
//! Architecture invariant: this module does not use HTTP.

pub mod controller;
pub mod jobs;
pub mod options;
pub mod retrain;
pub mod scorer;
