//! The learners, one file each; [`super::learner`] has their table.

pub mod blend;
pub mod boosted;
pub mod forest;
pub mod logistic;

#[cfg(test)]
mod fixture {
    use crate::ingest;
    use crate::model::Spec;
    use crate::train::Sample;

    /// Features of the whole bundled table.
    pub fn with_sample(check: impl FnOnce(&Sample<'_>)) {
        let spec = Spec::bundled();
        let table = ingest::bundled(&spec.schema).unwrap().table;
        let y = table.labels();
        let all: Vec<usize> = (0..y.len()).collect();
        let fitted = spec.recipe.fit(&table, &all, &y).unwrap();
        check(&Sample {
            x: &fitted.matrix,
            width: fitted.recipe.width(),
            y: &y,
            seed: 3,
        });
    }
}
