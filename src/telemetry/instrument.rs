//! Types of metric fields: a plain handle, one handle per value of a closed label, one per route. All are registered at
//! start; recording is an index operation and a few atomic additions.

use std::{
    collections::BTreeMap,
    fmt::Write,
    marker::PhantomData,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder};
use metrics_exporter_prometheus::PrometheusRecorder;

use super::stderr;

static METADATA: Metadata<'static> = Metadata::new("titanic_platform", Level::INFO, None);

/// Arguments for registering a field.
pub(super) struct Registrar<'a> {
    pub recorder: &'a Arc<PrometheusRecorder>,
    pub name: &'static str,
    pub help: &'static str,
    pub routes: &'a [Route],
}

impl Registrar<'_> {
    fn key(&self, labels: Vec<Label>) -> Key {
        Key::from_parts(self.name, labels)
    }
}

/// A field in the table of metrics.
pub(super) trait Instrument {
    /// Metric type in the Prometheus text format.
    const KIND: &'static str;

    fn register(at: &Registrar) -> Self;

    /// Its text lines, if the recorder does not hold them.
    fn lines(&self, _name: &str) -> Option<String> {
        None
    }
}

pub(super) trait Handle: Instrument {
    fn with(at: &Registrar, labels: Vec<Label>) -> Self;
}

macro_rules! handles {
    ($($handle:ident $kind:literal $register:ident $describe:ident,)+) => {$(
        impl Handle for $handle {
            fn with(at: &Registrar, labels: Vec<Label>) -> Self {
                at.recorder.$describe(at.name.into(), None, at.help.into());
                at.recorder.$register(&at.key(labels), &METADATA)
            }
        }

        impl Instrument for $handle {
            const KIND: &'static str = $kind;

            fn register(at: &Registrar) -> Self {
                Self::with(at, Vec::new())
            }
        }
    )+};
}

handles! {
    Counter "counter" register_counter describe_counter,
    Gauge "gauge" register_gauge describe_gauge,
    Histogram "histogram" register_histogram describe_histogram,
}

/// A counter whose value the program can also read.
#[derive(Debug)]
pub struct Tally {
    counter: Counter,
    count: AtomicU64,
}

impl Tally {
    /// Adds `more` to the count.
    pub fn increment(&self, more: u64) {
        self.counter.increment(more);
        self.count.fetch_add(more, Ordering::Relaxed);
    }

    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}

impl Instrument for Tally {
    const KIND: &'static str = Counter::KIND;

    fn register(at: &Registrar) -> Self {
        Tally::with(at, Vec::new())
    }
}

impl Handle for Tally {
    fn with(at: &Registrar, labels: Vec<Label>) -> Self {
        Tally {
            counter: Counter::with(at, labels),
            count: AtomicU64::new(0),
        }
    }
}

/// A label with a closed set of values.
pub trait ClosedLabel: Copy + 'static {
    const NAME: &'static str;
    /// Values in the order of the variants.
    const VALUES: &'static [&'static str];

    /// Index of this value in `VALUES`.
    fn index(self) -> usize;
}

/// One handle for each value of a label.
#[derive(Debug)]
pub struct ByLabel<H, L> {
    handles: Vec<H>,
    label: PhantomData<L>,
}

impl<H, L: ClosedLabel> ByLabel<H, L> {
    /// The handle of a label value.
    pub fn of(&self, value: L) -> &H {
        &self.handles[value.index()]
    }
}

impl<L: ClosedLabel> ByLabel<Tally, L> {
    /// Total over all label values.
    pub fn count(&self) -> u64 {
        self.handles.iter().map(Tally::count).sum()
    }
}

impl<H: Handle, L: ClosedLabel> Instrument for ByLabel<H, L> {
    const KIND: &'static str = H::KIND;

    fn register(at: &Registrar) -> Self {
        let handle = |value: &&'static str| H::with(at, vec![Label::new(L::NAME, *value)]);
        ByLabel {
            handles: L::VALUES.iter().map(handle).collect(),
            label: PhantomData,
        }
    }
}

/// A method and a path pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Route {
    pub method: String,
    pub pattern: String,
}

impl Route {
    fn labels(&self) -> Vec<Label> {
        vec![
            Label::new("method", self.method.clone()),
            Label::new("route", self.pattern.clone()),
        ]
    }
}

/// Id of a route that was registered at start; recording needs nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteId(pub(super) u32);

/// One histogram for each route.
#[derive(Debug)]
pub struct ByRoute(Vec<Histogram>);

impl ByRoute {
    /// The histogram of a route.
    pub fn of(&self, route: RouteId) -> &Histogram {
        &self.0[route.0 as usize]
    }
}

impl Instrument for ByRoute {
    const KIND: &'static str = Histogram::KIND;

    fn register(at: &Registrar) -> Self {
        ByRoute(
            at.routes
                .iter()
                .map(|route| Histogram::with(at, route.labels()))
                .collect(),
        )
    }
}

/// Status codes that this server sends; any other is counted as `other`, so that the label stays closed.
const STATUSES: [u16; 30] = [
    101, 200, 201, 202, 204, 206, 301, 302, 303, 304, 308, 400, 401, 403, 404, 405, 406, 408, 409,
    410, 413, 414, 415, 421, 422, 429, 431, 500, 501, 503,
];

/// Index in [`STATUSES`] by status code; the index past the end for all others.
const SLOTS: [u8; 600] = {
    let mut slots = [STATUSES.len() as u8; 600];
    let mut at = 0;
    while at < STATUSES.len() {
        slots[STATUSES[at] as usize] = at as u8;
        at += 1;
    }
    slots
};

/// One counter per route and status. A status is registered when it first occurs, except 200, which every route has from the
/// start: registering all combinations would give a page of thousands of zeros.
pub struct ByRouteAndStatus {
    counters: Vec<[OnceLock<Counter>; STATUSES.len() + 1]>,
    register: Box<dyn Fn(usize, usize) -> Counter + Send + Sync>,
}

impl ByRouteAndStatus {
    /// The counter of a route and a status.
    pub fn of(&self, route: RouteId, status: u16) -> &Counter {
        let slot = SLOTS
            .get(status as usize)
            .map_or(STATUSES.len(), |slot| *slot as usize);
        let route = route.0 as usize;
        self.counters[route][slot].get_or_init(|| (self.register)(route, slot))
    }
}

impl std::fmt::Debug for ByRouteAndStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ByRouteAndStatus({} routes)", self.counters.len())
    }
}

impl Instrument for ByRouteAndStatus {
    const KIND: &'static str = Counter::KIND;

    fn register(at: &Registrar) -> Self {
        let (recorder, routes) = (at.recorder.clone(), at.routes.to_vec());
        let (name, help) = (at.name, at.help);
        let register = move |route: usize, slot: usize| {
            let at = Registrar {
                recorder: &recorder,
                name,
                help,
                routes: &routes,
            };
            let status = STATUSES.get(slot).map_or("other".into(), u16::to_string);
            Counter::with(
                &at,
                [routes[route].labels(), vec![Label::new("status", status)]].concat(),
            )
        };
        let counters = at
            .routes
            .iter()
            .map(|_| [const { OnceLock::new() }; STATUSES.len() + 1])
            .collect();
        let counters = ByRouteAndStatus {
            counters,
            register: Box::new(register),
        };
        for route in 0..at.routes.len() {
            counters.of(RouteId(route as u32), 200);
        }
        counters
    }
}

/// A gauge that is 1 and whose labels name the live model. There is only one line at a time, however often the labels change.
#[derive(Debug)]
pub struct ModelInfo(Mutex<Option<[String; 2]>>);

impl ModelInfo {
    /// Sets the live model and its learner.
    pub fn set(&self, model: &str, learner: &str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) =
            Some([model.into(), learner.into()]);
    }
}

impl Instrument for ModelInfo {
    const KIND: &'static str = Gauge::KIND;

    fn register(_: &Registrar) -> Self {
        ModelInfo(Mutex::new(None))
    }

    fn lines(&self, name: &str) -> Option<String> {
        let labels = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let line = labels.as_ref().map(|labels| {
            let [model, learner] = labels.each_ref().map(|text| escaped(text));
            format!("{name}{{model=\"{model}\",learner=\"{learner}\"}} 1\n")
        });
        Some(line.unwrap_or_default())
    }
}

/// Dropped log lines. The process has one log, even if it runs several servers.
#[derive(Debug)]
pub struct DroppedLines;

impl Instrument for DroppedLines {
    const KIND: &'static str = Counter::KIND;

    fn register(_: &Registrar) -> Self {
        DroppedLines
    }

    fn lines(&self, name: &str) -> Option<String> {
        Some(format!("{name} {}\n", stderr::dropped()))
    }
}

/// A gauge with one line per column of the live model's table. The columns of a new model replace those of the old one, and
/// there are never more than a hundred lines.
#[derive(Debug)]
pub struct ByColumn(Mutex<Vec<(String, f64)>>);

/// Maximum number of columns with a line: a table may have thousands of columns, but a scrape should stay small.
const MOST_COLUMNS: usize = 100;

impl ByColumn {
    /// Replaces all values by those of these columns; a column without a value has no line.
    pub fn set<'a>(&self, values: impl IntoIterator<Item = (&'a str, Option<f64>)>) {
        let values = values.into_iter();
        let values = values.filter_map(|(column, value)| Some((column.to_owned(), value?)));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) =
            values.take(MOST_COLUMNS).collect();
    }
}

impl Instrument for ByColumn {
    const KIND: &'static str = Gauge::KIND;

    fn register(_: &Registrar) -> Self {
        ByColumn(Mutex::default())
    }

    fn lines(&self, name: &str) -> Option<String> {
        let values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let line = |(column, value): &(String, f64)| {
            format!("{name}{{column=\"{}\"}} {value}\n", escaped(column))
        };
        Some(values.iter().map(line).collect())
    }
}

/// A counter with one line per column that has a count, which the program can also read. Columns of all models are counted.
/// Counts without a column share one line without the label, as do new columns once there are a hundred.
#[derive(Debug)]
pub struct TallyByColumn(Mutex<BTreeMap<String, u64>>);

impl TallyByColumn {
    /// Adds the counts to the columns; the empty name stands for no column.
    pub fn increment<'a>(&self, columns: impl IntoIterator<Item = (&'a str, u64)>) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (column, more) in columns {
            let has_line = counts.contains_key(column) || counts.len() < MOST_COLUMNS;
            let column = if has_line { column } else { "" };
            *counts.entry(column.into()).or_default() += more;
        }
    }

    /// All counts by column; the empty name stands for no column.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.clone()
    }
}

impl Instrument for TallyByColumn {
    const KIND: &'static str = Counter::KIND;

    fn register(_: &Registrar) -> Self {
        TallyByColumn(Mutex::default())
    }

    fn lines(&self, name: &str) -> Option<String> {
        let line = |(column, count): (String, u64)| match &*column {
            "" => format!("{name} {count}\n"),
            column => format!("{name}{{column=\"{}\"}} {count}\n", escaped(column)),
        };
        Some(self.counts().into_iter().map(line).collect())
    }
}

/// Escapes a label value for the text format.
fn escaped(text: &str) -> String {
    text.replace('\\', r"\\")
        .replace('"', r#"\""#)
        .replace('\n', r"\n")
}

/// The `HELP` and `TYPE` lines of a metric.
pub(super) fn head(name: &str, kind: &str, help: &str) -> String {
    let mut text = String::new();
    write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n")
        .expect("writing to a String cannot fail");
    text
}
