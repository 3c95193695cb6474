//! Generator of the second table: customers who leave; members of a household leave together.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use std::fmt::Write;

/// Spec of the second table.
pub const SPEC: &str = include_str!("../fixtures/churn.yaml");
/// The second table.
pub const TABLE: &str = include_str!("../fixtures/churn.csv");

/// Writes the table: 400 customers, seeded.
fn generate() -> String {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(20_241);
    let mut out = String::from("account,plan,months,spend,calls,region,household,device,left\n");
    let mut households: Vec<(u32, f64)> = Vec::new();
    for account in 1..=400 {
        if account == 1 || rng.random_bool(0.6) {
            let mood = rng.random_range(-1.6..1.6);
            households.push((10_000 + account, mood));
        }
        let (household, mood) =
            households[rng.random_range(households.len().saturating_sub(3)..households.len())];
        let plan = ["basic", "plus", "pro"][rng.random_range(0..3)];
        let months = rng.random_range(0..120);
        let spend =
            15.0 + 20.0 * rng.random_range(0.0..1.0f64) + if plan == "pro" { 25.0 } else { 0.0 };
        let calls: u32 = (0..6).map(|_| u32::from(rng.random_bool(0.3))).sum();
        let region = ["north", "south", "east", "west", ""][rng.random_range(0..5)];
        let device = ["Argo 3", "Boreas X", "Castor", "\"Delphi, mini\""][rng.random_range(0..4)];
        let score = -0.4 + 0.45 * f64::from(calls) - 0.02 * f64::from(months)
            + mood
            + if plan == "basic" { 0.5 } else { 0.0 };
        let left = if rng.random_bool(1.0 / (1.0 + (-score).exp())) {
            "yes"
        } else {
            "no"
        };
        let spend = if rng.random_bool(0.1) {
            String::new()
        } else {
            format!("{spend:.2}")
        };
        writeln!(
            out,
            "c{account},{plan},{months},{spend},{calls},{region},h{household},{device},{left}"
        )
        .unwrap();
    }
    out
}

#[test]
fn the_table_is_the_generators() {
    let generated = generate();
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        std::fs::write(
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/churn.csv"),
            &generated,
        )
        .unwrap();
    }
    assert_eq!(
        generated, TABLE,
        "run once with UPDATE_FIXTURES=1 to write tests/fixtures/churn.csv"
    );
}
