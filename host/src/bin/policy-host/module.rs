//! The module that commands work with.

use std::path::PathBuf;

use anyhow::{Result, anyhow};
use policy_host::Policy;

/// The module that `make` makes.
const MADE: &str = "annotated-policy.wasm";

#[derive(clap::Args)]
pub(crate) struct ModuleArguments {
    /// The policy, a WebAssembly module [default: annotated-policy.wasm]
    #[arg(long, value_name = "MODULE")]
    policy: Option<PathBuf>,
}

impl ModuleArguments {
    pub(crate) fn load(&self) -> Result<Policy> {
        let Some(policy) = &self.policy else {
            let hint = |error| match PathBuf::from(MADE).exists() {
                true => error,
                false => anyhow!("{error:#}; name it by --policy, or make it by `make {MADE}` in the project's folder"),
            };
            return Policy::from_file(MADE).map_err(hint);
        };
        Policy::from_file(policy)
    }
}
