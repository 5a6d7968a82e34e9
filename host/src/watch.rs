//! Waits until a file changes.

use std::{
    fs,
    path::PathBuf,
    thread,
    time::{Duration, SystemTime},
};

/// How often the files are looked at.
const INTERVAL: Duration = Duration::from_millis(200);

/// What tells one state of a file from another; `None` where it cannot be read.
type Stamp = Option<(SystemTime, u64)>;

/// Files, and what was known of them.
#[derive(Debug)]
pub struct Watch {
    files: Vec<PathBuf>,
    seen: Vec<Stamp>,
}

impl Watch {
    /// Begins to watch: what changes from now on is a change.
    #[must_use]
    pub fn new(files: Vec<PathBuf>) -> Self {
        let seen = stamps(&files);
        Self { files, seen }
    }

    /// The files.
    #[must_use]
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// Waits for a change, and until it is over: a file is often written in several steps. Gives the files that are others
    /// now.
    #[must_use]
    pub fn changed(self) -> Vec<PathBuf> {
        let mut before = self.seen.clone();
        loop {
            thread::sleep(INTERVAL);
            let now = stamps(&self.files);
            if now == before && now != self.seen {
                let changes = self.files.into_iter().zip(self.seen).zip(now);
                return changes.filter(|((_, seen), now)| seen != now).map(|((file, _), _)| file).collect();
            }
            before = now;
        }
    }
}

fn stamps(files: &[PathBuf]) -> Vec<Stamp> {
    let stamp = |file: &PathBuf| {
        let metadata = fs::metadata(file).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    };
    files.iter().map(stamp).collect()
}
