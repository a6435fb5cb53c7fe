//! Stories of the whole gateway by seed. `SIM_SEED=7` tells one again; `OMNIGATE_LONG=1` tells many more.

use simulation::{Mode, Summary, simulate};

/// Seeds in every run, of each mode.
const SEEDS: u64 = 100;
/// Seeds in a long run.
const MANY: u64 = 5_000;
/// How many stories that went wrong are printed.
const SHOWN: usize = 5;

fn tell(mode: Mode) {
    let given = |name: &str| std::env::var(name).ok();
    let seeds = match given("SIM_SEED").and_then(|s| s.parse().ok()) {
        Some(seed) => seed..=seed,
        None => 1..=if given("OMNIGATE_LONG").is_some() { MANY } else { SEEDS },
    };
    let (mut all, mut failed) = (Summary::default(), Vec::new());
    for seed in seeds {
        match simulate(seed, mode) {
            Ok(summary) => all.add(summary),
            Err(wrong) => {
                failed.push(format!("seed {seed} ({mode:?}; SIM_SEED={seed} tells it again): {wrong}"))
            }
        }
    }
    println!("{mode:?}: {all:?}");
    let shown = failed.iter().take(SHOWN).cloned().collect::<Vec<_>>().join("\n\n");
    assert!(failed.is_empty(), "{} stories went wrong\n{shown}", failed.len());
}

#[test]
fn safety() {
    tell(Mode::Safety);
}

#[test]
fn liveness() {
    tell(Mode::Liveness);
}
