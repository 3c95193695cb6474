//! Test streams, bit-identical to those of the stored reference values.

/// Knuth's MMIX generator, which is the same in any language.
pub struct Lcg(u64);

impl Lcg {
    pub fn new(seed: u64) -> Lcg {
        Lcg(seed)
    }

    /// A uniform number in [0, 1) with 53 random bits.
    pub fn uniform(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    /// 1 with probability `p`, else 0.
    pub fn bit(&mut self, p: f64) -> f64 {
        f64::from(u8::from(self.uniform() < p))
    }
}

/// A stream of `tests/fixtures/river/traces.json`.
pub fn stream(name: &str, seed: u64, items: usize) -> Vec<f64> {
    let mut lcg = Lcg::new(seed);
    let item = |i: usize| match name {
        "steady" => lcg.bit(0.17),
        "abrupt" => lcg.bit(match i {
            0..4000 => 0.1,
            4000..7000 => 0.4,
            _ => 0.05,
        }),
        "gradual" => lcg.bit(0.1 + 0.4 * i as f64 / items as f64),
        "reals" => {
            let level = [0.0, 3.0, 2.5, -40.0, -39.0][i / 2000];
            let sum = (0..4).fold(0.0, |sum, _| sum + lcg.uniform());
            level + sum - 2.0
        }
        "ramp" => i as f64 / 500.0 + lcg.uniform(),
        "constant" => 0.25,
        other => panic!("no stream {other}"),
    };
    (0..items).map(item).collect()
}
