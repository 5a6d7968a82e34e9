//! `policy-picture`: draws what a command printed.

use std::{
    io::{self, Read as _},
    process::ExitCode,
};

use clap::Parser;
use policy_host::picture::{COLUMNS, picture};

/// Draws what a command prints in colours, which is read from standard input, as a picture of a terminal (SVG).
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// How long lines are at most
    #[arg(long, value_name = "COUNT", default_value_t = COLUMNS)]
    columns: usize,

    /// The command, which stands above it
    command: String,
}

fn main() -> ExitCode {
    let Arguments { columns, command } = Arguments::parse();
    let mut output = String::new();
    match io::stdin().read_to_string(&mut output) {
        Ok(_) => {
            print!("{}", picture(&command, &output, columns));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("Error: cannot read standard input: {error}");
            ExitCode::FAILURE
        }
    }
}
