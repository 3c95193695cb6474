//! The kinds of fields a metric can be: a plain handle, one handle for each value of a closed label, one for each route.
//! All are registered at start; recording is an index and a few atomic additions.

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

/// What a field is registered with.
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

/// A field of the table of metrics.
pub(super) trait Instrument {
    /// As Prometheus calls it.
    const KIND: &'static str;

    fn register(at: &Registrar) -> Self;

    /// Its lines, where the recorder does not hold them.
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

/// A counter whose count is shown elsewhere, too.
#[derive(Debug)]
pub struct Tally {
    counter: Counter,
    count: AtomicU64,
}

impl Tally {
    /// Counts so many more.
    pub fn increment(&self, more: u64) {
        self.counter.increment(more);
        self.count.fetch_add(more, Ordering::Relaxed);
    }

    /// How many there were.
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
    /// The values, in the order of the variants.
    const VALUES: &'static [&'static str];

    /// Where its value stands.
    fn index(self) -> usize;
}

/// One handle for each value of a label.
#[derive(Debug)]
pub struct ByLabel<H, L> {
    handles: Vec<H>,
    label: PhantomData<L>,
}

impl<H, L: ClosedLabel> ByLabel<H, L> {
    /// The handle of a value.
    pub fn of(&self, value: L) -> &H {
        &self.handles[value.index()]
    }
}

impl<L: ClosedLabel> ByLabel<Tally, L> {
    /// How many there were, whatever their label.
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

/// A method and the pattern of its path.
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

/// A route that was handed in at start; recording needs no more than this.
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

/// The statuses this server answers with; any other is counted as `other`, so that the label stays closed.
const STATUSES: [u16; 30] = [
    101, 200, 201, 202, 204, 206, 301, 302, 303, 304, 308, 400, 401, 403, 404, 405, 406, 408, 409,
    410, 413, 414, 415, 421, 422, 429, 431, 500, 501, 503,
];

/// Index in [`STATUSES`], or the one past it.
const SLOTS: [u8; 600] = {
    let mut slots = [STATUSES.len() as u8; 600];
    let mut at = 0;
    while at < STATUSES.len() {
        slots[STATUSES[at] as usize] = at as u8;
        at += 1;
    }
    slots
};

/// One counter for each route and status. A status is registered when it first occurs, except 200 (every route is on a
/// fresh page): the product of all would be a page of thousands of zeros.
pub struct ByRouteAndStatus {
    counters: Vec<[OnceLock<Counter>; STATUSES.len() + 1]>,
    register: Box<dyn Fn(usize, usize) -> Counter + Send + Sync>,
}

impl ByRouteAndStatus {
    /// The counter of a route and status.
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

/// A gauge that is 1 for what its labels say at the moment, and of which there is one line, however often they change.
#[derive(Debug)]
pub struct ModelInfo(Mutex<Option<[String; 2]>>);

impl ModelInfo {
    /// Says which model answers, and what it was learned with.
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

/// Lines of the log that were dropped. There is one log a process, whichever servers are in it.
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

/// A gauge with one line for each column of the live model's table: another model's columns take the place of these, so the
/// lines are never more than a hundred.
#[derive(Debug)]
pub struct ByColumn(Mutex<Vec<(String, f64)>>);

/// Columns that get a line; a table may have thousands, a scrape should not.
const MOST_COLUMNS: usize = 100;

impl ByColumn {
    /// Puts the values of these columns in the place of all there were; a column without a value has no line.
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

/// A counter with one line for each column that has a count, shown elsewhere, too. What is of no column stands in a line
/// without one, and so does what comes once there are a hundred: columns of all models there were are counted.
#[derive(Debug)]
pub struct TallyByColumn(Mutex<BTreeMap<String, u64>>);

impl TallyByColumn {
    /// Counts so many more for each of the columns; the empty name for no column.
    pub fn increment<'a>(&self, columns: impl IntoIterator<Item = (&'a str, u64)>) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (column, more) in columns {
            let has_line = counts.contains_key(column) || counts.len() < MOST_COLUMNS;
            let column = if has_line { column } else { "" };
            *counts.entry(column.into()).or_default() += more;
        }
    }

    /// All counts by column; empty for what is of no column.
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

/// The value of a label, as the text format has it.
fn escaped(text: &str) -> String {
    text.replace('\\', r"\\")
        .replace('"', r#"\""#)
        .replace('\n', r"\n")
}

/// The two lines above a metric's values.
pub(super) fn head(name: &str, kind: &str, help: &str) -> String {
    let mut text = String::new();
    write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n")
        .expect("writing to a String cannot fail");
    text
}
