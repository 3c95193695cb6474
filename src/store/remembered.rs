//! State that a task stores over restarts: a note of the store, as JSON.

use serde::de::DeserializeOwned;

use super::Store;

/// The state stored under a name; the default where there is none or it cannot be read.
pub async fn remembered<T: DeserializeOwned + Default>(store: &Store, name: &'static str) -> T {
    let store = store.clone();
    let kept = tokio::task::spawn_blocking(move || store.remembered(name)).await;
    match kept {
        Ok(Ok(Some(text))) => serde_json::from_str(&text).unwrap_or_else(|error| {
            tracing::warn!(%error, task = name, "store: the state of a task cannot be decoded; the task starts from an empty one");
            T::default()
        }),
        Ok(Ok(None)) => T::default(),
        Ok(Err(error)) => {
            tracing::error!(%error, task = name, "store: the state of a task cannot be read; the task starts from an empty one");
            T::default()
        }
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    }
}

/// The sequence number of the store's last event. Predictions made later have higher numbers. A task that reads this number
/// first and the live model second therefore never reads a later prediction of a model it does not know.
pub async fn last(store: &Store) -> Result<u64, anyhow::Error> {
    let store = store.clone();
    Ok(tokio::task::spawn_blocking(move || store.last()).await??)
}
