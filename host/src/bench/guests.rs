//! The modules that are compared.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::{Policy, measure::Meter};

/// One value for each of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Each<T> {
    /// The policy.
    pub mutatingflow: T,
    /// The floor: reads the payload once and echoes the object.
    pub scan: T,
    /// The style of the field: the object read into types and written from them, with one pull secret added.
    pub typed: T,
    /// The same, with everything added that four dependencies add.
    pub typed_all: T,
}

impl<T> Each<T> {
    /// The same for each.
    pub fn map<U>(self, to: impl Fn(T) -> U) -> Each<U> {
        let Self { mutatingflow, scan, typed, typed_all } = self;
        Each { mutatingflow: to(mutatingflow), scan: to(scan), typed: to(typed), typed_all: to(typed_all) }
    }

    /// The same for each, until one fails.
    pub fn try_map<U>(self, to: impl Fn(T) -> Result<U>) -> Result<Each<U>> {
        let Self { mutatingflow, scan, typed, typed_all } = self;
        Ok(Each { mutatingflow: to(mutatingflow)?, scan: to(scan)?, typed: to(typed)?, typed_all: to(typed_all)? })
    }

    /// Borrows each.
    pub const fn as_ref(&self) -> Each<&T> {
        let Self { mutatingflow, scan, typed, typed_all } = self;
        Each { mutatingflow, scan, typed, typed_all }
    }

    /// In the order in which they are always shown.
    pub fn into_array(self) -> [T; 4] {
        [self.mutatingflow, self.scan, self.typed, self.typed_all]
    }
}

/// What they are called, beside [`Each`].
pub const NAMES: Each<&str> =
    Each { mutatingflow: "mutatingflow", scan: "scan", typed: "typed", typed_all: "typed with all four" };

/// Where a build of this project puts them.
#[must_use]
pub fn built() -> Each<PathBuf> {
    let host = Path::new(env!("CARGO_MANIFEST_DIR"));
    let guests = host.join("guests/target/wasm32-wasip1/release/examples");
    Each {
        mutatingflow: host.with_file_name("target/wasm32-wasip1/release/mutatingflow.wasm"),
        scan: guests.join("scan.wasm"),
        typed: guests.join("typed.wasm"),
        typed_all: guests.join("typed_all.wasm"),
    }
}

/// A module, twice: compiled as the policy server does, and so that its instructions are counted.
pub struct Guest {
    /// For instructions and memory.
    pub meter: Meter,
    /// The module.
    pub module: Vec<u8>,
    timed: OnceLock<Timed>,
}

/// A module as the policy server compiles it.
pub struct Timed {
    /// For time.
    pub policy: Policy,
    /// How long it took to compile.
    pub compiled_in: Duration,
}

impl Guest {
    /// Reads a module, and compiles it so that its instructions are counted.
    pub fn from_file(path: &Path) -> Result<Self> {
        let module = fs::read(path)
            .with_context(|| format!("cannot read {}; `make bench` and `make host-tests` build it", path.display()))?;
        let meter = Meter::from_bytes(&module).with_context(|| format!("cannot load {}", path.display()))?;
        Ok(Self { meter, module, timed: OnceLock::new() })
    }

    /// Compiles it without counting, where that is first asked for. What could be counted can be compiled.
    pub fn timed(&self) -> &Timed {
        self.timed.get_or_init(|| {
            let start = Instant::now();
            let policy = Policy::compiled_anew(&self.module).unwrap_or_else(|error| panic!("{error:#}"));
            Timed { policy, compiled_in: start.elapsed() }
        })
    }
}
