//! What is written, and to whom.

use std::{
    env,
    io::{self, ErrorKind, IsTerminal as _, Write as _},
    sync::atomic::{AtomicBool, Ordering},
};

use anyhow::{Context as _, Result};
use clap::ValueEnum;

/// Writes to standard output. An error, not a panic, where nobody reads on.
pub(crate) fn write(text: &str) -> Result<()> {
    io::stdout().write_all(text.as_bytes()).context("cannot write to standard output")
}

/// Writes a line to standard error, which is for people, and is not missed where it is closed.
pub(crate) fn tell(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Whether all that went wrong is that nobody reads on.
pub(crate) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let is_closed = |error: &io::Error| error.kind() == ErrorKind::BrokenPipe;
    error.chain().filter_map(|cause| cause.downcast_ref()).any(is_closed)
}

/// Whether to use colours.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

static IS_COLOR_FORBIDDEN: AtomicBool = AtomicBool::new(false);

/// What `--no-color` asks for: `auto` is `never` from here on.
pub(crate) fn forbid_color() {
    IS_COLOR_FORBIDDEN.store(true, Ordering::Relaxed);
}

impl Color {
    /// Whether there are colours on standard output; by itself, where somebody looks on who can see them.
    pub(crate) fn is_on(self) -> bool {
        let is_seen = || {
            let is_unset = env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
            io::stdout().is_terminal() && is_unset && !IS_COLOR_FORBIDDEN.load(Ordering::Relaxed)
        };
        match self {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => is_seen(),
        }
    }
}
