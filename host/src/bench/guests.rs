//! The three modules that are compared.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, format_err};
use serde::{Deserialize, Serialize};

use crate::{Policy, measure::Meter};

/// One value for each of the three.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Each<T> {
    /// The policy.
    pub mutatingflow: T,
    /// The floor: reads the payload once and echoes the object.
    pub scan: T,
    /// The style of the field: the object read into types and written from them.
    pub typed: T,
}

impl<T> Each<T> {
    /// The same for each.
    pub fn map<U>(self, to: impl Fn(T) -> U) -> Each<U> {
        Each { mutatingflow: to(self.mutatingflow), scan: to(self.scan), typed: to(self.typed) }
    }

    /// The same for each, until one fails.
    pub fn try_map<U>(self, to: impl Fn(T) -> Result<U>) -> Result<Each<U>> {
        Ok(Each { mutatingflow: to(self.mutatingflow)?, scan: to(self.scan)?, typed: to(self.typed)? })
    }

    /// Borrows each.
    pub const fn as_ref(&self) -> Each<&T> {
        Each { mutatingflow: &self.mutatingflow, scan: &self.scan, typed: &self.typed }
    }

    /// Policy, scan, typed: the order in which they are always shown.
    pub fn into_array(self) -> [T; 3] {
        [self.mutatingflow, self.scan, self.typed]
    }
}

/// What the three are called, beside [`Each`].
pub const NAMES: Each<&str> = Each { mutatingflow: "mutatingflow", scan: "scan", typed: "typed" };

/// Where a build of this project puts the three.
#[must_use]
pub fn built() -> Each<PathBuf> {
    let host = Path::new(env!("CARGO_MANIFEST_DIR"));
    let guests = host.join("guests/target/wasm32-wasip1/release/examples");
    Each {
        mutatingflow: host.with_file_name("target/wasm32-wasip1/release/mutatingflow.wasm"),
        scan: guests.join("scan.wasm"),
        typed: guests.join("typed.wasm"),
    }
}

/// A module, twice: compiled as the policy server does, and so that its instructions are counted.
pub struct Guest {
    /// For time.
    pub policy: Policy,
    /// For instructions and memory.
    pub meter: Meter,
    /// The module's size.
    pub bytes: usize,
    /// How long it took to compile, without counting.
    pub compiled_in: Duration,
}

impl Guest {
    /// Reads and compiles a module.
    pub fn from_file(path: &Path) -> Result<Self> {
        let module = fs::read(path)
            .with_context(|| format!("cannot read {}; `make bench` and `make host-tests` build it", path.display()))?;
        let start = Instant::now();
        let policy = Policy::from_bytes(&module).with_context(|| format!("cannot load {}", path.display()))?;
        let compiled_in = start.elapsed();
        let meter =
            Meter::from_bytes(&module).map_err(|error| format_err!("cannot load {}: {error}", path.display()))?;
        Ok(Self { policy, meter, bytes: module.len(), compiled_in })
    }
}
