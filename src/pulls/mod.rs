//! The intake of rows into the store, and the scheduled sources that rows are pulled from.
//!
//! Each source has its own thread, which pulls repeatedly from the position where the last pull ended. Rows and position are
//! stored in one commit, so after a crash no row is skipped or counted twice.
//!
//! * [`intake`]: converts rows of any source for the store; [`quarantine`]: checks quarantined rows again.
//! * [`view`]: the displayed state of the scheduled sources.

pub mod intake;
mod notes;
pub mod quarantine;
pub mod schedule;
pub mod view;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::clock::Clock;
use crate::ingest::source::{Order, Unattended, World};
use crate::ingest::{Batch, BatchCounts, ReadError, SinkError, Source, Tally};
use crate::live::LiveModel;
use crate::store::{Store, StoreError};
use notes::Notes;
use view::Sources;

/// Interval between checks for a first model; without a model there is no schema, and nothing is pulled.
const NO_MODEL: Duration = Duration::from_millis(200);

/// A source with its schedule.
pub struct Pull {
    /// Name of the source in the settings.
    pub name: String,
    pub source: Source,
    /// Interval between the end of one pull and the start of the next.
    pub every: Duration,
    /// Store for the pulled rows.
    pub store: Store,
    /// The live model, whose schema the rows must match.
    pub live: LiveModel,
    pub stop: Arc<AtomicBool>,
    /// Receives the outcome of each pull for display.
    pub sources: Sources,
    pub clock: Arc<dyn Clock>,
}

impl Pull {
    /// Starts the thread, which ends soon after `stop` is set.
    ///
    /// # Errors
    /// If the system cannot start another thread.
    pub fn start(self) -> std::io::Result<JoinHandle<()>> {
        std::thread::Builder::new()
            .name(format!("pull {}", self.name))
            .spawn(move || self.run())
    }

    fn run(self) {
        let mut world = Notes::new(&self.name, Unattended::until(self.stop.clone()));
        while !world.stopped() {
            world.turn();
            match self.once(&world) {
                Ok(None) => {
                    world.wait(NO_MODEL);
                    continue;
                }
                Ok(Some(tally)) => {
                    self.tell(&tally);
                    let now = self.clock.now();
                    self.sources.pulled(&self.name, now, &tally, None);
                }
                Err(fault) => {
                    tracing::warn!(source = self.name, %fault, "pull failed");
                    let (now, error) = (self.clock.now(), Some(fault.to_string()));
                    self.sources
                        .pulled(&self.name, now, &Tally::default(), error);
                }
            }
            world.wait(self.every);
        }
    }

    fn tell(&self, tally: &Tally) {
        let Tally {
            read,
            stored,
            quarantined,
            skipped,
            ..
        } = tally;
        if *read > 0 {
            tracing::info!(
                source = self.name,
                read,
                stored,
                quarantined,
                skipped,
                "pull finished"
            );
        }
    }

    /// Performs one pull; returns `None` while there is no model.
    fn once(&self, world: &dyn World) -> Result<Option<Tally>, ReadError> {
        let Some(live) = self.live.snapshot() else {
            return Ok(None);
        };
        let schema = live.model.model.schema().clone();
        let cursor = self.store.cursor(&self.name);
        let cursor = cursor.map_err(|e| ReadError::Sink(refused(e)))?;
        let order = Order {
            schema: &schema,
            strict: false,
            cursor: cursor.as_deref(),
            world,
        };
        let mut sink = |batch: Batch| -> Result<BatchCounts, SinkError> {
            let batch = intake::batch(&batch, Some(&self.name), &*self.clock);
            let outcome = self.store.take_blocking(batch).map_err(refused)?;
            Ok(intake::counts(&outcome.of_source()))
        };
        self.source.ingest(&order, &mut sink).map(Some)
    }
}

fn refused(error: StoreError) -> SinkError {
    Box::new(error)
}
