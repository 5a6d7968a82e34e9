//! `policy-host`: evaluates a Kubewarden policy, and annotates one, without a cluster.

mod annotate;
mod check;
mod completions;
mod hints;
mod import;
mod inspect;
mod kwctl;
mod module;
mod report;
mod run;
mod terminal;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub(crate) use terminal::write;

/// Runs a Kubewarden waPC policy on this machine, as the policy server would.
#[derive(Parser)]
#[command(version, arg_required_else_help = true, after_help = hints::EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,

    /// Also show what a policy logs for its developers
    #[arg(short, long, global = true)]
    verbose: bool,

    /// No colours, as if NO_COLOR were set
    #[arg(long, global = true)]
    no_color: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Evaluate a policy against one request, or one object.
    Run(Box<run::Arguments>),
    /// Check settings, or the policies that have them, before they are deployed.
    Check(check::Arguments),
    /// Show what settings would do to the objects of a cluster.
    Report(report::Arguments),
    /// Run a platform's own test cases: settings, an object, what is done to it, the expected result.
    Test(test::Arguments),
    /// Write a policy's metadata into its module.
    Annotate(annotate::Arguments),
    /// Turn what does the same today into settings.
    Import(import::Arguments),
    /// Show the metadata of a policy's module.
    Inspect(inspect::Arguments),
    /// Write what a shell needs to complete this command.
    Completions(completions::Arguments),
}

/// What a command has found; it has said so itself.
enum Outcome {
    Success,
    Failure,
}

/// 0: there is an answer, accepted or rejected. 1: there is none, since something given was invalid; or a person asked, and
/// it is rejected. 2: clap's own, for a command line that makes no sense.
fn main() -> ExitCode {
    let Arguments { command, verbose, no_color } =
        Arguments::try_parse().unwrap_or_else(|error| hints::with_hint(error).exit());
    if no_color {
        terminal::forbid_color();
    }
    if verbose {
        policy_host::show_debug_logs();
    }
    let outcome = match command {
        Command::Run(arguments) => run::run(*arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Report(arguments) => report::run(&arguments),
        Command::Test(arguments) => test::test(arguments),
        Command::Annotate(arguments) => annotate::annotate(arguments).map(|()| Outcome::Success),
        Command::Inspect(arguments) => inspect::inspect(arguments).map(|()| Outcome::Success),
        Command::Completions(arguments) => completions::completions(arguments).map(|()| Outcome::Success),
        Command::Import(arguments) => import::run(&arguments),
    };
    match outcome {
        Ok(Outcome::Success) => ExitCode::SUCCESS,
        Ok(Outcome::Failure) => ExitCode::FAILURE,
        // Whoever reads the output has read enough of it.
        Err(error) if terminal::is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            terminal::tell(&format!("Error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
