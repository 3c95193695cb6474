//! A server inside this process, over a disk of ours.

use std::sync::Arc;

use titanic_platform::app::{App, First};
use titanic_platform::clock::System;
use titanic_platform::config::Settings;
use titanic_platform::serve::listener;
use titanic_platform::store::File;
use tokio::runtime::{Builder, Runtime};

use crate::disk::Disk;
use crate::state::State;

/// The server.
pub struct Inside {
    runtime: Runtime,
    app: App,
}

impl Inside {
    /// Starts it, as `serve` does.
    pub fn start(state: &State, disk: &Arc<Disk>) -> Inside {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let mut settings = Settings::built_in();
        settings.state = state.path().into();
        settings.retrain.enabled = false;
        let file = File::with_backend(disk.backend()).unwrap();
        let listener = listener::bind(&"127.0.0.1:0".parse().unwrap()).unwrap();
        let app = App::over(file, settings, First::bundled(), listener, Arc::new(System));
        let app = runtime.block_on(app).unwrap();
        Inside { runtime, app }
    }

    /// Where it listens, on this machine.
    pub fn port(&self) -> u16 {
        self.app.bound().listen().ip().expect("a port").port()
    }

    /// Comes back when everything that was answered is on the disk.
    pub fn flush(&self) {
        self.runtime.block_on(self.app.store().flush()).unwrap();
    }

    /// Stops it.
    pub fn stop(self) {
        self.app.stop();
        self.runtime.block_on(self.app.wait()).unwrap();
    }
}
