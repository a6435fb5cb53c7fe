//! The fuzz targets of `fuzz/fuzz_targets` in every run of `./test`, without cargo-fuzz: each is run over its seeds and then for some seconds over
//! inputs made of them by random changes, while an allocator counts. It has the name of the real thing, so that a target is one file for both.
//!
//! Not guided by coverage: the long search is cargo-fuzz's. It finds what random damage finds, and what a change broke.

pub mod count;
mod mutate;

pub use mutate::Mutator;
use std::path::Path;
use std::time::{Duration, Instant};

/// What a parser may allocate for an input, whatever it says: so many times its size …
pub const TIMES: usize = 16;
/// … and so much more.
pub const MORE: usize = 64 * 1024;
/// The longest input.
const LONGEST: usize = 8 * 1024;

/// Makes `run` of a target, as cargo-fuzz makes a program of it.
#[macro_export]
macro_rules! fuzz_target {
    (|$octets:ident: &[u8]| $body:block) => {
        pub fn run($octets: &[u8]) $body
    };
}

/// How long each target is run.
#[must_use]
pub fn time() -> Duration {
    Duration::from_secs(if long() { 300 } else { 3 })
}

/// Where the changes begin. The same in every run, so that a run fails for what was changed in the code and not by chance; a long run
/// (`OMNIGATE_LONG=1`) begins elsewhere each time, and `OMNIGATE_SEED` says where.
fn begin() -> u64 {
    let given = std::env::var("OMNIGATE_SEED").ok().and_then(|seed| seed.parse().ok());
    given.unwrap_or_else(|| if long() { u64::from(std::process::id()) } else { 1 })
}

fn long() -> bool {
    std::env::var_os("OMNIGATE_LONG").is_some_and(|value| value != "0")
}

/// Runs a target over its seeds and over changed ones. How many inputs it had.
///
/// # Panics
/// When the target does, or when it allocates too much (`factor` times what a single pass over the input may: a target looks at an input several
/// times); the input is printed.
#[allow(clippy::disallowed_methods, reason = "a bound on real time is what this is about")]
pub fn search(name: &str, factor: usize, run: fn(&[u8])) -> u64 {
    let seeds = seeds(name);
    let mut mutator = Mutator::new(begin());
    println!("{name}: {} seeds, OMNIGATE_SEED={}", seeds.len(), mutator.seed());
    let (end, mut inputs) = (Instant::now() + time(), 0);
    for seed in &seeds {
        one(name, factor, run, seed);
        inputs += 1;
    }
    while Instant::now() < end {
        for _ in 0..100 {
            let input = mutator.next(&seeds, LONGEST);
            one(name, factor, run, &input);
            inputs += 1;
        }
    }
    println!("{name}: {inputs} inputs");
    inputs
}

fn one(name: &str, factor: usize, run: fn(&[u8]), input: &[u8]) {
    let most = factor * (TIMES * input.len() + MORE);
    let ended = std::panic::catch_unwind(|| count::peak(|| run(input)));
    match ended {
        Ok(peak) if peak <= most => {}
        Ok(peak) => {
            panic!("{name} allocates {peak} octets, at most {most} are allowed, for {}", shown(input))
        }
        Err(_) => panic!("{name} panics for {}", shown(input)),
    }
}

fn shown(input: &[u8]) -> String {
    input.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn seeds(name: &str) -> Vec<Vec<u8>> {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(name);
    let mut files: Vec<_> =
        std::fs::read_dir(&place).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.sort();
    assert!(!files.is_empty(), "no seeds in {}", place.display());
    files.iter().filter_map(|file| std::fs::read(file).ok()).collect()
}
