//! `policy-host`: evaluates a Kubewarden policy, and annotates one, without a cluster.

mod annotate;
mod run;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Runs a Kubewarden waPC policy on this machine, as the policy server would.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Evaluate a policy against one request.
    Run(run::Arguments),
    /// Write a policy's metadata into its module.
    Annotate(annotate::Arguments),
}

/// 0: there is an answer, accepted or rejected. 1: there is none, since something given was invalid. 2: clap's own, for
/// a command line that makes no sense.
fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Run(arguments) => run::run(arguments),
        Command::Annotate(arguments) => annotate::annotate(arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
