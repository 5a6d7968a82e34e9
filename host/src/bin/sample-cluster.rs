//! `sample-cluster`: prints what kubectl would of a cluster that is made up.

use std::{
    io::{self, BufWriter, ErrorKind},
    path::PathBuf,
    process::ExitCode,
};

use clap::Parser;
use policy_host::{
    Policy,
    sample::{Format, Size, write},
};

/// Prints the notebooks and pods of a cluster that is made up, as kubectl would: the same ones in each run.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// How many notebooks
    #[arg(long, value_name = "COUNT", default_value_t = 400)]
    notebooks: u64,

    /// How many pods
    #[arg(long, value_name = "COUNT", default_value_t = 200)]
    pods: u64,

    /// Which of all clusters of this size
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,

    /// The policy that has added something to some of them
    #[arg(long, value_name = "PATH", default_value = "annotated-policy.wasm")]
    policy: PathBuf,

    /// What to print
    #[arg(short, long, value_name = "FORMAT", default_value = "yaml")]
    output: Format,
}

fn main() -> ExitCode {
    let Arguments { notebooks, pods, seed, policy, output } = Arguments::parse();
    let size = Size { notebooks, pods, seed };
    let written = Policy::from_file(policy)
        .and_then(|policy| write(&policy, size, output, &mut BufWriter::new(io::stdout().lock())));
    match written {
        Ok(()) => ExitCode::SUCCESS,
        // Who has read enough, such as `head`.
        Err(error) if error.downcast_ref().is_some_and(|error: &io::Error| error.kind() == ErrorKind::BrokenPipe) => {
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("Error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
