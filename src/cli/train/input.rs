//! Training set of `train`: the given source, else the default table plus the labelled rows of the store.

use crate::cli::site::Site;
use crate::control::retrain::Opponent;
use crate::ingest::Source;
use crate::ingest::source::Options;
use crate::model::{Model, Spec};
use crate::registry::Intact;
use crate::schema::row::Purpose;
use crate::store::File;
use crate::trainset::labelled::{self, Labelled};
use crate::trainset::table;
use crate::trainset::training_set::{Stored, TrainingSet};

/// A training set, and the champion that the new version is compared with.
pub struct Input {
    pub training_set: TrainingSet,
    /// The champion, if the table is the one it was trained on; `None` for the spec's table or that of an older version.
    champion: Option<(String, Model)>,
}

impl Input {
    /// The training set of a given source; does not use the store.
    pub fn named(
        site: &Site,
        spec: &Spec,
        source: &str,
        options: &Options,
        strict: bool,
    ) -> anyhow::Result<Input> {
        let source = Source::open(source, options)?;
        let loaded = source.load(&spec.schema, Purpose::Learn, strict)?;
        site.say(format!("{}: {} rows", source.name(), loaded.table.len()));
        Ok(Input {
            training_set: loaded.into(),
            champion: None,
        })
    }

    /// The champion's table, else the spec's own, plus new labelled rows of the store. The store is open only while it is read.
    pub fn at_hand(site: &Site, spec: &Spec, store: Option<File>) -> anyhow::Result<Input> {
        let standing = site.own_model()?;
        let seq = match &standing {
            Some(standing) => labelled::through(&site.registry, &standing.version)?,
            None => 0,
        };
        let loaded = match &standing {
            Some(Intact { version, model, .. }) => {
                site.say(format!("training on the table of {version}"));
                table::of_model(&site.registry, model)?
            }
            None => {
                site.say("training on the spec's own table");
                table::of_spec(spec, &site.spec_folder())?
            }
        };
        let training_set = match store {
            None => {
                let state = site.settings.state.display();
                site.say(format!("there is no store in {state}: no labelled rows"));
                loaded.into()
            }
            Some(file) => {
                let fresh = file.snapshot(|store| Labelled::since(store, &spec.schema, seq))?;
                let training_set = TrainingSet::new(loaded, fresh)?;
                training_set
                    .stored
                    .iter()
                    .for_each(|stored| site.say(said(stored)));
                training_set
            }
        };
        let champion = standing.filter(|standing| standing.faults.is_empty());
        Ok(Input {
            training_set,
            champion: champion.map(|standing| (standing.version.to_string(), standing.model)),
        })
    }

    /// The model that the new version is compared with on the store's rows.
    pub fn opponent(&self) -> Option<Opponent<'_>> {
        self.champion
            .as_ref()
            .map(|(name, model)| Opponent { name, model })
    }
}

fn said(stored: &Stored) -> String {
    let fresh = match stored.rows {
        0 => "the store holds no labelled rows beside it".to_owned(),
        rows => format!("and on {rows} labelled rows of the store that came since"),
    };
    match stored.corrected {
        0 => fresh,
        rows => format!("{fresh}; {rows} rows of the table have a corrected label"),
    }
}
