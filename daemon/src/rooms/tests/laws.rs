//! Laws that hold on every random walk. `PARLOR_LAW_STEPS` sets how many steps each law is tried
//! on, `PARLOR_LAW_SEED` repeats a run.

mod agreement;
mod coverage;
mod leaving;
mod rooms;
mod secrecy;
mod storage;
mod time;

use std::hash::{BuildHasher, RandomState};

use proptest::test_runner::{Config, RngAlgorithm, TestCaseResult, TestError, TestRng, TestRunner};

use super::scene::START;
use super::walk::{Step, Taken, Walk, steps};

const STEPS_DEFAULT: usize = 20_000;
const STEPS_PER_WALK: usize = 200;

/// Tries a law on random walks.
fn on_walks(law: impl Fn(&[Step]) -> TestCaseResult) {
    let number = |name| std::env::var(name).ok().map(|text: String| text.parse::<u64>().unwrap());
    let steps_max = number("PARLOR_LAW_STEPS").map_or(STEPS_DEFAULT, |steps| steps as usize);
    let seed = number("PARLOR_LAW_SEED").unwrap_or_else(|| RandomState::new().hash_one("seed"));
    println!("PARLOR_LAW_SEED={seed}");
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config {
        cases: steps_max.div_ceil(STEPS_PER_WALK) as u32,
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let run = TestRunner::new_with_rng(config, rng).run(&steps(STEPS_PER_WALK), |walk| law(&walk));
    match run {
        Ok(()) => {}
        Err(TestError::Fail(why, steps)) => {
            retell(&steps);
            panic!("PARLOR_LAW_SEED={seed}: {why}");
        }
        Err(TestError::Abort(why)) => panic!("PARLOR_LAW_SEED={seed}: {why}"),
    }
}

/// Prints what happened on a walk; refusals are left out.
fn retell(steps: &[Step]) {
    let mut walk = Walk::new();
    for step in steps {
        let Taken { actor, command, told, caused, .. } = walk.take(step);
        if caused > 0 {
            println!("{} {actor:?}: {command:?}: {told:?}", walk.now.0 - START.0);
        }
    }
}

fn walked(steps: &[Step]) -> Walk {
    let mut walk = Walk::new();
    for step in steps {
        walk.take(step);
    }
    walk
}
