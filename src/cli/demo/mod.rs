//! Subcommand `demo`: plays the whole loop in about a minute, with a temporary state folder and through the public REST API.

mod alarm;
mod ending;
mod figures;
mod folder;
mod gate;
mod retraining;
mod say;
mod stage;
mod story;
mod traffic;
mod visitor;

use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::exit::{Exit, ExitError};
use super::global::Global;
use super::out::print_json;
use super::serve;
use super::signals::Signals;
use crate::clock::System;
use crate::config::Settings;
use crate::serve::address::{AddressError, Listen};
use crate::serve::listener::Listener;
use crate::serve::options::check_exposure;
use crate::telemetry::logging;
use folder::Folder;
use say::Say;
use stage::Stage;
use story::Story;

/// Pause between two requests at speed 1; the whole demo then takes about a minute.
const BEAT: Duration = Duration::from_millis(400);

/// Default seed: with it the steady rows raise no false alarm.
const SEED: u64 = 7;

/// Default address of the demo's page; another port is used if it is taken.
const USUAL: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 5000);

#[derive(Debug, clap::Args)]
pub struct DemoArgs {
    /// Seed that decides which rows are training rows, which are traffic, and in which order
    #[arg(long, value_name = "N", default_value_t = SEED)]
    seed: u64,
    /// How many times as fast as usual, or max: without pauses
    #[arg(long, value_name = "X|max", default_value = "1", value_parser = pause)]
    speed: Duration,
    /// Keep the state folder at the end, and print its path
    #[arg(long)]
    keep: bool,
    /// Where to listen, as IP:PORT [default: 127.0.0.1:5000, another port if that is taken]
    #[arg(long, value_name = "ADDRESS", value_parser = ip)]
    listen: Option<SocketAddr>,
}

/// Converts a speed to the pause between two requests.
fn pause(speed: &str) -> Result<Duration, String> {
    if speed == "max" {
        return Ok(Duration::ZERO);
    }
    let speed: Option<f64> = speed.parse().ok();
    let pause = speed
        .filter(|speed| *speed > 0.0)
        .and_then(|speed| Duration::try_from_secs_f64(BEAT.as_secs_f64() / speed).ok());
    pause.ok_or_else(|| "write a number above 0, such as 2, or max".into())
}

/// Parses the address of the demo, which people open in a browser, so that it is no Unix socket.
fn ip(text: &str) -> Result<SocketAddr, String> {
    let listen: Listen = text
        .parse()
        .map_err(|error: AddressError| error.to_string())?;
    listen
        .ip()
        .ok_or_else(|| "a browser cannot open a Unix socket; write IP:PORT".into())
}

pub fn run(args: &DemoArgs, global: &Global) -> anyhow::Result<Exit> {
    let mut settings = Settings::built_in();
    // The demo prints its own text; the log shows only warnings.
    let verbosity = i8::try_from(global.verbose).unwrap_or(i8::MAX) - i8::from(global.quiet);
    logging::init(settings.log, verbosity.saturating_sub(1), Arc::new(System));
    settings.server.listen = args.listen.unwrap_or(USUAL).into();
    settings.threads = global.threads;
    let listener = listen(args.listen)?;
    let say = Say {
        json: global.json,
        quiet: global.quiet,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("tasks")
        .enable_all()
        .build()?;
    // From here on a signal must not kill the process, because the temporary folder has to be removed.
    let signals = {
        let _inside = runtime.enter();
        Signals::of_server()?
    };
    let folder = Folder::new(args.keep)?;
    settings.state = folder.path().into();
    let exit = runtime.block_on(play(args, settings, listener, say, signals));
    runtime.shutdown_background();
    if args.keep {
        say.line(format_args!(
            "the state is kept in {}",
            folder.path().display()
        ))?;
    }
    exit
}

/// Listens on the requested address, else on the default one, else on a free port.
fn listen(asked: Option<SocketAddr>) -> anyhow::Result<Listener> {
    match asked {
        // The demo has no authentication and no setting that could add it.
        Some(listen) if check_exposure(&listen.into(), None).is_err() => Err(ExitError {
            message: format!(
                "other machines can reach {listen}, and the demo lets everybody in: \
                 it listens on 127.0.0.1 or [::1] alone"
            ),
            exit: Exit::Usage,
        }
        .into()),
        Some(listen) => serve::bind(&listen.into()),
        None => serve::bind(&USUAL.into())
            .or_else(|_| serve::bind(&SocketAddr::new(USUAL.ip(), 0).into())),
    }
}

async fn play(
    args: &DemoArgs,
    settings: Settings,
    listener: Listener,
    say: Say,
    mut signals: Signals,
) -> anyhow::Result<Exit> {
    let stop = Arc::new(AtomicBool::new(false));
    let set = Stage::set(args.seed, settings, listener, say, stop.clone());
    let mut set = pin!(set);
    let stage = tokio::select! {
        stage = &mut set => stage?,
        () = signals.next() => {
            stop.store(true, Ordering::Relaxed);
            let half_set = async {
                match set.await {
                    Ok(stage) => stage.clear().await,
                    Err(_) => Ok(()), // it was stopped
                }
            };
            ended(half_set, &mut signals).await?;
            return Ok(Exit::Interrupted);
        }
    };
    let story = async { anyhow::Ok(Story::new(&stage, args.speed, say)?.tell().await) };
    let told = tokio::select! {
        told = story => Some(told),
        () = signals.next() => None,
    };
    ended(stage.clear(), &mut signals).await?;
    let Some(ending) = told.transpose()? else {
        return Ok(Exit::Interrupted);
    };
    if say.json {
        print_json(&ending.document())?;
    }
    match ending.fault {
        None => Ok(Exit::Done),
        Some(fault) => Err(fault),
    }
}

/// Waits until the server has stopped writing, so that the state folder can be removed; a signal ends the wait.
async fn ended(
    end: impl Future<Output = anyhow::Result<()>>,
    signals: &mut Signals,
) -> anyhow::Result<()> {
    tokio::select! {
        ended = end => ended,
        () = signals.next() => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_speed_is_a_pause() {
        assert_eq!(pause("1"), Ok(BEAT));
        assert_eq!(pause("4"), Ok(BEAT / 4));
        assert_eq!(pause("max"), Ok(Duration::ZERO));
        for wrong in ["0", "-1", "fast", "NaN", "1e-300"] {
            assert!(pause(wrong).is_err(), "{wrong}");
        }
    }
}
