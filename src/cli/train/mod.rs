//! Subcommand `train`: trains on a table, registers a version, and promotes it if it is not worse.

mod args;
mod input;
mod made;
mod server;

use super::exit::Exit;
use super::progress::Shown;
use super::remote::Opened;
use super::site::Site;
use super::{interrupt, rows};
use crate::clock;
use crate::control::retrain::{self, Order};
use crate::store::NAME;
use crate::train::{self, Request};
pub use args::TrainArgs;
use input::Input;
use made::{Made, report};

pub fn run(args: &TrainArgs, site: &Site) -> anyhow::Result<Exit> {
    let (stop, leave) = interrupt::leaving()?;
    let spec = site.spec()?;
    let input = match &args.source {
        Some(source) => {
            let options = args.read.options(&spec.format)?;
            Input::named(site, &spec, source, &options, args.tolerance.strict)?
        }
        None if args.read.any() => {
            anyhow::bail!("--format and --items say how a SOURCE is written; name one")
        }
        None => {
            // Checks first, because opening would create a store.
            let made = site.settings.state.join(NAME).exists();
            let store = match made.then(|| Opened::of(site)).transpose()? {
                Some(Opened::Server(remote)) => {
                    let made = server::train(args, site, &spec, &remote, &stop)?;
                    return report(site, &made);
                }
                Some(Opened::File(file)) => Some(file),
                None => None,
            };
            Input::at_hand(site, &spec, store)?
        }
    };
    let loaded = &input.training_set.loaded;
    rows::report_bad(site, args.source.as_deref().unwrap_or("the table"), loaded);
    let (folds, repeats) = train::usual(loaded.table.len());
    let request = Request {
        learner: Some(args.learner.clone()),
        folds: args.folds.or(spec.evaluation.folds).unwrap_or(folds),
        repeats: args.repeats.or(spec.evaluation.repeats).unwrap_or(repeats),
        seed: args.seed.unwrap_or(site.settings.train.seed),
        threads: site.threads,
        limits: args.limits(),
    };
    let order = Order {
        request,
        promote: args.promote.unwrap_or(site.settings.train.promote),
        by: "train".into(),
        gate: site.settings.gate,
        max_bad: args.tolerance.max_bad,
    };
    let progress = Shown::new(site.json, site.quiet, stop).leaving(leave);
    let outcome = retrain::run(
        &site.registry,
        &spec,
        &input.training_set,
        input.opponent(),
        &order,
        &clock::System,
        &progress,
    );
    progress.finish();
    let outcome = outcome?;
    let made = Made {
        version: outcome.version.to_string(),
        promoted: outcome.verdict.promote,
        reason: outcome.verdict.reason,
        gate: outcome.evidence.gate,
        origin: input.training_set.origin(),
        unlabelled: input.training_set.loaded.unlabelled,
        card: outcome.model.card().clone(),
    };
    report(site, &made)
}
