//! A training by the server that holds the store: requested, followed, cancelled with Ctrl-C.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::{Context, Result, bail};
use serde_json::json;

use super::args::TrainArgs;
use super::made::Made;
use crate::cli::progress::Shown;
use crate::cli::remote::{Remote, must_share_spec, not_understood};
use crate::cli::site::Site;
use crate::control::jobs::{self, Product};
use crate::model::Spec;
use crate::promotion::policy::Promote;
use crate::registry::evidence::Origin;
use crate::train::{self, Progress};

/// Number of progress steps shown; the server reports a fraction.
const STEPS: usize = 100;

/// Has the server train with the same arguments as this process would use.
pub(super) fn train(
    args: &TrainArgs,
    site: &Site,
    spec: &Spec,
    remote: &Remote,
    stop: &Arc<AtomicBool>,
) -> Result<Made> {
    must_share_spec(site, remote)?;
    site.say(format!("the server at {} trains", remote.url()));
    // Assumes the size of the champion's table: the number of labelled rows that the store adds is not known here.
    let (_, champion) = site.model(None)?;
    let (folds, repeats) = train::usual(champion.card().rows);
    let limits = args.limits();
    let mut asked = json!({
        "learner": args.learner,
        "max_bad": args.tolerance.max_bad,
        "seed": args.seed.unwrap_or(site.settings.train.seed),
        "budget_units": limits.budget,
        "max_latency": args.max_latency.map(|latency| latency.to_string()),
        "promote": word(args.promote.unwrap_or(site.settings.train.promote)),
    });
    // Numbers that are sent are fixed: a budget does not reduce them.
    if limits.budget.is_none() || limits.fixed_folds {
        asked["folds"] = args.folds.or(spec.evaluation.folds).unwrap_or(folds).into();
        asked["repeats"] = args
            .repeats
            .or(spec.evaluation.repeats)
            .unwrap_or(repeats)
            .into();
    }
    let progress = Shown::new(site.json, site.quiet, stop.clone());
    progress.begin(STEPS);
    let mut shown = 0;
    let path = "/v1/train";
    let product = remote.job(path, Some(&asked), stop, &mut |share| {
        let reached = (share * STEPS as f64) as usize;
        (shown..reached).for_each(|_| progress.advance("the server trains"));
        shown = shown.max(reached);
    });
    progress.finish();
    let Product::Version(trained) = product? else {
        bail!(not_understood(path));
    };
    let jobs::Made {
        model,
        promoted,
        reason,
        gate,
        ..
    } = trained;
    let (_, trained) = site.model(Some(&model))?;
    Ok(Made {
        origin: origin(site, &model)?,
        unlabelled: 0, // a kept table has none
        card: trained.card().clone(),
        version: model,
        promoted,
        reason,
        gate,
    })
}

fn word(promote: Promote) -> &'static str {
    match promote {
        Promote::Auto => "auto",
        Promote::Always => "always",
        Promote::Never => "never",
    }
}

/// Numbers of training rows by origin, from the ledger. A server's training always reads its store, and therefore records them.
fn origin(site: &Site, model: &str) -> Result<Origin> {
    let rows = site.registry.trained(&model.parse()?)?.rows;
    let rows = rows.with_context(|| format!("the ledger does not say the rows of {model}"))?;
    Ok(rows.origin)
}
