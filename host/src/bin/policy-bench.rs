//! `policy-bench`: what the policy costs beside reference guests, as a table, as a chart and in a page; and many
//! evaluations at once.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};
use policy_host::{
    Policy,
    bench::{
        chart::chart,
        guests::{Each, Guest, built},
        load::{Load, calls},
        page::with_costs,
        report::Report,
        table::table,
    },
};

/// Measures the policy beside reference guests.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measure, and print one table.
    Run(Run),
    /// Evaluate again and again on several threads: each answer must be the first one, and memory must not grow.
    Load(Many),
    /// Draw the cost by an object's size.
    Chart {
        /// What `run` measured.
        #[arg(value_name = "JSON")]
        report: PathBuf,
        /// Where to write the picture.
        #[arg(value_name = "SVG")]
        picture: PathBuf,
    },
    /// Write the numbers into the table of a page.
    Page {
        /// What `run` measured.
        #[arg(value_name = "JSON")]
        report: PathBuf,
        /// The page.
        #[arg(value_name = "MARKDOWN")]
        page: PathBuf,
    },
}

#[derive(clap::Args)]
struct Run {
    /// The policy; else the one that this project built.
    #[arg(long, value_name = "PATH")]
    policy: Option<PathBuf>,
    /// The reference guest that only scans; else the one that this project built.
    #[arg(long, value_name = "PATH")]
    scan: Option<PathBuf>,
    /// The reference guest with types; else the one that this project built.
    #[arg(long, value_name = "PATH")]
    typed: Option<PathBuf>,
    /// The reference guest with types that adds what all four dependencies add; else the one that this project built.
    #[arg(long, value_name = "PATH")]
    typed_all: Option<PathBuf>,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
    /// Write what is exact, so without times, to this file as JSON.
    #[arg(long, value_name = "PATH")]
    exact: Option<PathBuf>,
}

#[derive(clap::Args)]
struct Many {
    /// The policy; else the one that this project built.
    #[arg(long, value_name = "PATH")]
    policy: Option<PathBuf>,
    /// How many evaluations.
    #[arg(long, value_name = "NUMBER", default_value_t = 1_000_000)]
    evaluations: usize,
    /// On how many threads.
    #[arg(long, value_name = "NUMBER", default_value_t = 2)]
    threads: usize,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Run(arguments) => run(arguments),
        Command::Load(arguments) => load(arguments),
        Command::Chart { report, picture } => draw(&report, &picture),
        Command::Page { report, page } => show(&report, &page),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(Run { policy, scan, typed, typed_all, json, exact }: Run) -> Result<()> {
    let built = built();
    let guests = Each {
        mutatingflow: policy.unwrap_or(built.mutatingflow),
        scan: scan.unwrap_or(built.scan),
        typed: typed.unwrap_or(built.typed),
        typed_all: typed_all.unwrap_or(built.typed_all),
    };
    let report = Report::measure(&guests.try_map(|path| Guest::from_file(&path))?)?;
    if json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{}", table(&report));
    }
    match exact {
        Some(path) => write(&path, serde_json::to_string_pretty(&report.exact())? + "\n"),
        None => Ok(()),
    }
}

fn load(Many { policy, evaluations, threads }: Many) -> Result<()> {
    let policy = Policy::from_file(policy.unwrap_or(built().mutatingflow))?;
    let calls = calls(&policy)?;
    println!("{evaluations} evaluations of {} calls on {threads} threads.", calls.len());
    let load = Load::run(&policy, &calls, evaluations, threads);
    println!("They took {:.1} s, which is {:.0} a second.", load.took.as_secs_f64(), load.per_second());
    println!("Memory: {}.", load.memory());
    load.check()?;
    println!("Every answer was the first one, and none was an error.");
    Ok(())
}

fn draw(report: &Path, picture: &Path) -> Result<()> {
    write(picture, chart(&read_report(report)?)?)
}

fn show(report: &Path, page: &Path) -> Result<()> {
    let text = with_costs(&read(page)?, &read_report(report)?);
    write(page, text.with_context(|| format!("cannot write into {}", page.display()))?)
}

fn read_report(path: &Path) -> Result<Report> {
    serde_json::from_str(&read(path)?).with_context(|| format!("{} is no report", path.display()))
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn write(path: &Path, text: String) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
