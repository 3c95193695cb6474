//! Ctrl-C during long work: asks it to stop; a second one ends the process at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A flag that Ctrl-C or a termination signal raises.
///
/// # Errors
/// When signals cannot be listened to.
pub fn flag() -> anyhow::Result<Arc<AtomicBool>> {
    let raised = Arc::new(AtomicBool::new(false));
    let seen = raised.clone();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    std::thread::Builder::new()
        .name("signals".into())
        .spawn(move || {
            runtime.block_on(async {
                use tokio::signal::unix::{SignalKind, signal};
                let listen = || {
                    Ok::<_, std::io::Error>((
                        signal(SignalKind::interrupt())?,
                        signal(SignalKind::terminate())?,
                    ))
                };
                let Ok((mut interrupt, mut terminate)) = listen() else {
                    return; // then the signals keep their default: the process just ends
                };
                loop {
                    tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
                    if seen.swap(true, Ordering::Relaxed) {
                        std::process::exit(super::Exit::Interrupted as i32);
                    }
                    eprintln!("stopping; once more to end at once");
                }
            });
        })?;
    Ok(raised)
}
