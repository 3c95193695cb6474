//! `process_*`, the metrics that every Prometheus client reports about its process.
//!
//! Written here instead of through the recorder, whose counters are integers, while CPU seconds are not.

use std::fmt::Write;

use metrics_process::collector;

/// One text block for each metric that the system provides.
pub(super) fn blocks() -> Vec<String> {
    let found = collector::collect();
    let whole = |value: Option<u64>| value.map(|value| value as f64);
    let table = [
        (
            "process_cpu_seconds_total",
            "counter",
            "CPU time spent, of user and system.",
            found.cpu_seconds_total,
        ),
        (
            "process_open_fds",
            "gauge",
            "Open file descriptors.",
            whole(found.open_fds),
        ),
        (
            "process_max_fds",
            "gauge",
            "File descriptors that may be open; 0 is unlimited.",
            whole(found.max_fds),
        ),
        (
            "process_virtual_memory_bytes",
            "gauge",
            "Virtual memory.",
            whole(found.virtual_memory_bytes),
        ),
        (
            "process_virtual_memory_max_bytes",
            "gauge",
            "Virtual memory there may be; 0 is unlimited.",
            whole(found.virtual_memory_max_bytes),
        ),
        (
            "process_resident_memory_bytes",
            "gauge",
            "Resident memory.",
            whole(found.resident_memory_bytes),
        ),
        (
            "process_start_time_seconds",
            "gauge",
            "Start of the process, since 1970.",
            whole(found.start_time_seconds),
        ),
        ("process_threads", "gauge", "Threads.", whole(found.threads)),
    ];
    table
        .into_iter()
        .filter_map(|(name, kind, help, value)| Some(block(name, kind, help, value?)))
        .collect()
}

fn block(name: &str, kind: &str, help: &str, value: f64) -> String {
    let mut text = super::instrument::head(name, kind, help);
    writeln!(text, "{name} {value}").expect("writing to a String cannot fail");
    text
}
