//! `policy-host completions`: this command line, as a shell completes it.

use anyhow::Result;
use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::terminal;

const EXAMPLES: &str = "\
Examples:
  # bash, in this shell; in ~/.bashrc for every shell
  source <(policy-host completions bash)

  # zsh, into a folder of $fpath
  policy-host completions zsh > ~/.zfunc/_policy-host

  # fish
  policy-host completions fish > ~/.config/fish/completions/policy-host.fish";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The shell
    #[arg(value_name = "SHELL", required_unless_present = "flag")]
    shell: Option<Shell>,

    /// The shell, as kwctl has it
    #[arg(id = "flag", short, long = "shell", value_name = "SHELL", hide = true, conflicts_with = "shell")]
    flag: Option<Shell>,
}

pub(crate) fn completions(arguments: Arguments) -> Result<()> {
    // clap sees to it that there is one or the other.
    let Some(shell) = arguments.shell.or(arguments.flag) else { return Ok(()) };
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut crate::Arguments::command(), "policy-host", &mut script);
    terminal::write(&String::from_utf8_lossy(&script))
}
