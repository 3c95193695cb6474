//! What is known of each version, read from its file once: a version never changes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use crate::live::Champion;
use crate::model::Model;
use crate::registry::{Listed, Registry, RegistryError, Version};
use crate::schema::Kind;
use crate::stats::profile::Observed;

/// What the file of a version tells, as JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts(pub Value);

/// The versions read so far. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Cards(Arc<Mutex<HashMap<Version, Arc<Facts>>>>);

impl Cards {
    /// What is known of a version. Reads its file the first time: not on a thread that serves.
    ///
    /// # Errors
    /// When its file is damaged or gone.
    pub fn of(&self, registry: &Registry, version: &Version) -> Result<Arc<Facts>, RegistryError> {
        if let Some(facts) = self.lock(|known| known.get(version).cloned()) {
            return Ok(facts);
        }
        let champion = Champion::read(registry, version)?;
        let facts = Arc::new(Facts(facts(&champion)));
        self.lock(|known| known.insert(version.clone(), facts.clone()));
        Ok(facts)
    }

    /// Forgets versions that are no more.
    pub fn forget_all_but(&self, listed: &[Listed]) {
        self.lock(|known| {
            known.retain(|version, _| listed.iter().any(|listed| listed.version == *version))
        });
    }

    fn lock<T>(&self, work: impl FnOnce(&mut HashMap<Version, Arc<Facts>>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn facts(Champion { name, model, .. }: &Champion) -> Value {
    let card = model.card();
    let candidates: Vec<Value> = card
        .candidates
        .iter()
        .map(|tried| json!({"learner": tried.learner, "calibration": tried.calibration, "cv": tried.cv.to_json()}))
        .collect();
    json!({
        "model": &**name,
        "trained": null,
        "role": null,
        "sha256": null,
        "learner": card.learner,
        "choice": card.choice,
        "calibration": card.calibration,
        "seed": card.seed,
        "rows": card.rows,
        "positives": card.positives,
        "left_out": card.left_out,
        "table": card.table,
        "cv": card.cv.to_json(),
        "without_companions": card.without_companions.as_ref().map(|figures| figures.to_json()),
        "candidates": candidates,
        "base": model.base(),
        "fit_warnings": card.warnings,
        "warnings": card.table_warnings,
        "threshold": model.spec().decision.threshold,
        "target": target(model),
        "columns": columns(model),
        "features": model.recipe().features().iter().map(|feature| feature.name.as_str()).collect::<Vec<_>>(),
        "spec": model.spec().text(),
    })
}

fn target(model: &Model) -> Value {
    let target = model.schema().target();
    json!({"column": target.column, "positive": target.positive, "negative": target.negative})
}

/// The contract of each column, with what the training rows had in it.
fn columns(model: &Model) -> Vec<Value> {
    let profiles = &model.profile().columns;
    let column = |column: &crate::schema::Column| {
        let profile = profiles.iter().find(|profile| profile.name == column.name);
        let (min, max) = match column.kind {
            Kind::Number { min, max } => (
                Some(min).filter(|v| v.is_finite()),
                Some(max).filter(|v| v.is_finite()),
            ),
            _ => (None, None),
        };
        json!({
            "name": column.name,
            "kind": column.kind.word(),
            "unit": column.unit,
            "about": column.about,
            "required": column.required,
            "min": min,
            "max": max,
            "levels": Some(column.levels()).filter(|levels| !levels.is_empty()),
            "observed": profile.map(|profile| observed(&profile.observed)),
        })
    };
    model.schema().columns().iter().map(column).collect()
}

fn observed(observed: &Observed) -> Value {
    match observed {
        Observed::Number(profile) => json!({
            "rows": profile.rows, "missing": profile.missing, "mean": profile.mean, "sd": profile.sd,
            "min": profile.min, "max": profile.max,
        }),
        Observed::Category(profile) => {
            let levels: serde_json::Map<String, Value> = profile
                .levels
                .iter()
                .map(|level| (level.name.clone(), level.count.into()))
                .collect();
            json!({"rows": profile.rows, "missing": profile.missing, "unseen": profile.unseen, "levels": levels})
        }
        Observed::Text(profile) => json!({"rows": profile.rows, "missing": profile.missing}),
    }
}
