//! The fit of one learner, or of all members of a blend.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::error::TrainError;
use super::learner::{FitError, Learner, Sample};
use super::progress::Progress;
use crate::kernel::Kernel;

/// Fits one learner that is no blend.
/// [`TrainError::Learner`] names the learner that failed; [`TrainError::Stopped`] if the caller cancelled.
pub fn fit(
    learner: &'static dyn Learner,
    sample: &Sample<'_>,
    progress: &dyn Progress,
) -> Result<Kernel, TrainError> {
    learner.fit(sample, progress).map_err(|fault| match fault {
        FitError::Stopped => TrainError::Stopped,
        FitError::Failed(why) => TrainError::Learner {
            learner: learner.name(),
            why,
        },
    })
}

/// Fits learners whose mean is the model, as many at a time as there are threads. Errors are those of [`fit`].
pub fn mean(
    members: &[&'static dyn Learner],
    sample: &Sample<'_>,
    threads: usize,
    progress: &dyn Progress,
) -> Result<Kernel, TrainError> {
    let next = AtomicUsize::new(0);
    let fits: Vec<OnceLock<Result<Kernel, TrainError>>> =
        members.iter().map(|_| OnceLock::new()).collect();
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(member) = members.get(at) else {
                return;
            };
            let fit = fits[at].get_or_init(|| fit(*member, sample, progress));
            if fit.is_err() {
                next.store(members.len(), Ordering::Relaxed); // the others would be in vain
            }
        }
    };
    std::thread::scope(|scope| {
        // The calling thread is the first worker.
        for _ in 1..threads.min(members.len()) {
            scope.spawn(work);
        }
        work();
    });
    // None is left out unless another failed, whose error is returned.
    let kernels = fits.into_iter().filter_map(OnceLock::into_inner);
    Ok(Kernel::Mean(kernels.collect::<Result<_, _>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::learners::LEARNERS;
    use crate::train::learners::boosted::Boosted;
    use crate::train::learners::fixture::{StopsAfter, with_sample};

    /// Every learner checks for cancellation before it begins; the boosted learners also between columns and between trees.
    #[test]
    fn a_stopped_fit_has_no_kernel() {
        with_sample(|sample| {
            for learner in LEARNERS.iter().filter(|learner| !learner.is_blend()) {
                let fault = fit(*learner, sample, &StopsAfter::looks(0)).unwrap_err();
                let name = learner.name();
                assert!(matches!(fault, TrainError::Stopped), "{name}: {fault}");
            }
            for looks in [3, sample.width + 3] {
                let watch = StopsAfter::looks(looks);
                let fault = fit(&Boosted, sample, &watch).unwrap_err();
                assert!(matches!(fault, TrainError::Stopped), "{fault}");
                assert_eq!(watch.count(), looks + 1);
            }
        });
    }
}
