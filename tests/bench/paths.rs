//! What one row costs on its way: decoding, features, kernel, the whole path; and loading a model.
//!
//! `cargo bench --bench paths`. Rows are varied: every call gets the next of the 418 rows of the test table.

use std::hint::black_box;
use std::path::PathBuf;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use titanic_platform::features::Scratch;
use titanic_platform::ingest::{self, Loaded};
use titanic_platform::kernel::{Kernel, Link, Node, Tree, Trees};
use titanic_platform::model::{Model, Spec, Workspace};
use titanic_platform::schema::row::Purpose;
use titanic_platform::schema::{Dialect, Row, Table, csv, json};
use titanic_platform::train::{self, Material, Request, Sample, Unwatched};

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .sample_size(30)
        .configure_from_args();
    let bench = Bench::new();
    bench.decode(&mut criterion);
    bench.predict(&mut criterion);
    kernels(&mut criterion);
    bench.fit(&mut criterion);
    criterion.final_summary();
}

struct Bench {
    spec: Spec,
    train: Loaded,
    model: Model,
    table: Table,
    json: Vec<String>,
    csv: Vec<u8>,
}

impl Bench {
    fn new() -> Bench {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let spec = Spec::bundled();
        let train = ingest::bundled(&spec.schema).unwrap();
        let request = Request {
            learner: Some("blend".into()),
            folds: 5,
            repeats: 1,
            seed: 0,
            threads: 2,
            limits: Default::default(),
        };
        let material = Material {
            table: &train.table,
            read: train.read,
            left_out: 0,
            name: "bench".into(),
            warnings: Default::default(),
        };
        let model = train::train(&spec, &material, &request, &Unwatched).unwrap();
        let path = root.join("data/raw/test.csv");
        let table = ingest::read_file(&path, &spec.schema, Purpose::Predict)
            .unwrap()
            .table;
        let columns = spec.schema.columns();
        let object = |i: usize| {
            let mut cells = Vec::new();
            let row = table.row(i, &mut cells);
            let pairs = columns
                .iter()
                .zip(row.cells)
                .filter(|(_, cell)| !cell.is_missing());
            let pairs = pairs.map(|(column, cell)| {
                (
                    column.name.clone(),
                    serde_json::json!(column.scalar(*cell, row.text)),
                )
            });
            serde_json::Value::Object(pairs.collect()).to_string()
        };
        let json = (0..table.len()).map(object).collect();
        Bench {
            csv: std::fs::read(path).unwrap(),
            spec,
            train,
            model: model.model,
            table,
            json,
        }
    }

    fn decode(&self, criterion: &mut Criterion) {
        let schema = &self.spec.schema;
        let mut row = Row::new(schema, Purpose::Predict);
        let mut next = cycle(self.json.len());
        criterion.bench_function("decode one row of JSON", |b| {
            b.iter(|| {
                json::rows(
                    schema,
                    self.json[next()].as_bytes(),
                    1,
                    &mut row,
                    &mut |_, _| (),
                )
                .unwrap()
            });
        });
        let mut group = criterion.benchmark_group("decode a table of CSV");
        group.throughput(Throughput::Elements(self.table.len() as u64));
        group.bench_function("418 rows", |b| {
            b.iter(|| {
                csv::rows(
                    schema,
                    &self.csv[..],
                    &Dialect::default(),
                    &mut row,
                    &mut |line| {
                        black_box(line.0);
                        std::ops::ControlFlow::Continue(())
                    },
                    &mut |_| (),
                )
                .unwrap();
            });
        });
        group.finish();
    }

    fn predict(&self, criterion: &mut Criterion) {
        let (model, table, schema) = (&self.model, &self.table, &self.spec.schema);
        let mut next = cycle(table.len());
        let (mut scratch, mut x) = (Scratch::default(), vec![0.0; model.recipe().width()]);
        criterion.bench_function("transform one row", |b| {
            b.iter(|| {
                model
                    .recipe()
                    .transform_row(table, next(), &mut scratch, &mut x)
            });
        });
        let features: Vec<Vec<f32>> = (0..table.len())
            .map(|i| {
                model.recipe().transform_row(table, i, &mut scratch, &mut x);
                x.clone()
            })
            .collect();
        criterion.bench_function(
            "kernel, one row (blend: logistic, forest of 200, 250 boosted)",
            |b| {
                b.iter(|| model.kernel().score(&features[next()]));
            },
        );
        let mut work = Workspace::default();
        criterion.bench_function("features + kernel, one row", |b| {
            b.iter(|| model.probability_of(table, next(), &mut work));
        });
        let mut row = Row::new(schema, Purpose::Predict);
        criterion.bench_function("JSON to probability, one row", |b| {
            b.iter(|| {
                json::rows(
                    schema,
                    self.json[next()].as_bytes(),
                    1,
                    &mut row,
                    &mut |_, _| (),
                )
                .unwrap();
                model.probability(row.view(), &mut work)
            });
        });
        let mut cells = Vec::new();
        criterion.bench_function("explain one row", |b| {
            b.iter(|| model.explain(table.row(next(), &mut cells), &mut work))
        });
        let mut group = criterion.benchmark_group("batch from memory, one core");
        group.throughput(Throughput::Elements(table.len() as u64));
        let mut out = vec![0.0; table.len()];
        group.bench_function("418 rows", |b| {
            b.iter(|| model.probabilities(table, 0, &mut out, &mut work))
        });
        group.finish();
        let bytes = model.to_bytes().unwrap();
        criterion.bench_function(
            &format!("load a model of {} KiB", bytes.len() / 1024),
            |b| {
                b.iter(|| Model::from_bytes(&bytes).unwrap());
            },
        );
    }

    fn fit(&self, criterion: &mut Criterion) {
        let y = self.train.table.labels();
        let all: Vec<usize> = (0..y.len()).collect();
        let fitted = self.spec.recipe.fit(&self.train.table, &all, &y).unwrap();
        let sample = Sample::new(&fitted.matrix, fitted.recipe.width(), &y, 0);
        let mut group = criterion.benchmark_group("fit on 891 rows");
        group.sample_size(10);
        group.bench_function("recipe", |b| {
            b.iter(|| self.spec.recipe.fit(&self.train.table, &all, &y).unwrap())
        });
        for learner in train::LEARNERS.iter().filter(|l| !l.is_blend()) {
            group.bench_function(learner.name(), |b| {
                b.iter(|| learner.fit(&sample, &Unwatched).unwrap())
            });
        }
        group.finish();
    }
}

/// 200 trees of depth 8 on 25 features, as the design's bar has it.
fn kernels(criterion: &mut Criterion) {
    const WIDTH: usize = 25;
    const ROWS: usize = 1024;
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(5);
    let trees = (0..200).map(|_| tree(&mut rng, WIDTH, 8)).collect();
    let kernel = Kernel::Trees(Trees::new(WIDTH, Link::Identity, 0.0, 1.0 / 200.0, trees).unwrap());
    let rows: Vec<f32> = (0..ROWS * WIDTH)
        .map(|_| rng.random_range(0.0..1.0))
        .collect();
    let mut next = cycle(ROWS);
    criterion.bench_function("kernel, one row, 200 full trees of depth 8", |b| {
        b.iter_batched(
            || {
                let i = next();
                &rows[i * WIDTH..(i + 1) * WIDTH]
            },
            |row| kernel.score(row),
            BatchSize::SmallInput,
        );
    });
    let mut out = vec![0.0; ROWS];
    let mut group = criterion.benchmark_group("kernel, batch, 200 full trees of depth 8");
    group.throughput(Throughput::Elements(ROWS as u64));
    group.bench_function("1024 rows", |b| {
        b.iter(|| kernel.score_batch(&rows, &mut out))
    });
    group.finish();
}

fn tree(rng: &mut Xoshiro256PlusPlus, width: usize, depth: u32) -> Tree {
    let splits = (1u32 << depth) - 1;
    let nodes = (0..2 * splits + 1).map(|i| match i < splits {
        true => Node::split(
            rng.random_range(0..width as u32),
            rng.random_range(0.1..0.9),
            2 * i + 1,
            2 * i + 2,
        ),
        false => Node::leaf(rng.random_range(0.0..1.0), 1.0),
    });
    Tree::new(nodes.collect())
}

fn cycle(n: usize) -> impl FnMut() -> usize {
    let mut i = 0;
    move || {
        i = (i + 1) % n;
        i
    }
}
