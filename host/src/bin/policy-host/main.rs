//! `policy-host`: evaluates a Kubewarden policy, and annotates one, without a cluster.

mod annotate;
mod check;
mod report;
mod run;
mod test;

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use anyhow::{Context as _, Result};
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
    /// Check settings, or the policies that have them, before they are deployed.
    Check(check::Arguments),
    /// Show what settings would do to the objects of a cluster.
    Report(report::Arguments),
    /// Try a platform's own cases: settings, an object, what happens to it, and what must come.
    Test(test::Arguments),
    /// Write a policy's metadata into its module.
    Annotate(annotate::Arguments),
}

/// What a command has found; it has said so itself.
enum Outcome {
    Success,
    Failure,
}

/// 0: there is an answer, accepted or rejected. 1: there is none, since something given was invalid; or it is
/// not as asked for. 2: clap's own, for a command line that makes no sense.
fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Run(arguments) => run::run(arguments).map(|()| Outcome::Success),
        Command::Check(arguments) => check::run(&arguments),
        Command::Report(arguments) => report::run(&arguments),
        Command::Test(arguments) => test::test(arguments),
        Command::Annotate(arguments) => annotate::annotate(arguments).map(|()| Outcome::Success),
    };
    match outcome {
        Ok(Outcome::Success) => ExitCode::SUCCESS,
        Ok(Outcome::Failure) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("Error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// An error, not a panic, where nobody reads on.
pub(crate) fn write(text: &str) -> Result<()> {
    io::stdout().write_all(text.as_bytes()).context("cannot write to standard output")
}
