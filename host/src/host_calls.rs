//! What a guest may ask of the host: to log a line, and nothing else.
//!
//! A policy server grants host capabilities (registries, DNS, the cluster) policy by policy; here there are none, so
//! every other call is answered with an error, as for a policy that was granted nothing.

use std::{
    io::{self, Write as _},
    sync::atomic::{AtomicBool, Ordering},
};

use serde::Deserialize;
use serde_json::{Map, Value};

/// Does what the guest asks for. An `Err` is what the guest is told.
pub(crate) fn answer(binding: &str, namespace: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
    match (binding, namespace, operation) {
        ("kubewarden", "tracing", "log") => {
            write_log(payload);
            Ok(Vec::new())
        }
        ("kubewarden", "tracing", _) => Err(format!("unknown operation: {operation}")),
        ("kubewarden", ..) => {
            Err(format!("this policy was granted no host capability, it asked for {namespace}/{operation}"))
        }
        _ => Err(format!("unknown binding: {binding}")),
    }
}

/// Whether what a guest logs for its developers is shown.
static SHOWS_DEBUG: AtomicBool = AtomicBool::new(false);

/// From now on, what guests log for their developers is shown too.
pub fn show_debug_logs() {
    SHOWS_DEBUG.store(true, Ordering::Relaxed);
}

fn write_log(payload: &[u8]) {
    let line = log_line(payload);
    let is_debug = line.starts_with("DEBUG ");
    // As with kwctl, traces are for nobody.
    if !line.starts_with("TRACE ") && (!is_debug || SHOWS_DEBUG.load(Ordering::Relaxed)) {
        // Nobody listening is no reason to fail.
        let _ = writeln!(io::stderr(), "{line}");
    }
}

/// An event as the policy SDK's logger sends it: level, message, and whatever else the policy attached.
#[derive(Deserialize)]
struct Event {
    level: String,
    #[serde(default)]
    message: String,
    #[serde(flatten)]
    data: Map<String, Value>,
}

fn log_line(payload: &[u8]) -> String {
    match serde_json::from_slice::<Event>(payload) {
        Ok(Event { level, message, data }) if data.is_empty() => format!("{} policy: {message}", level.to_uppercase()),
        Ok(Event { level, message, data }) => {
            format!("{} policy: {message} {}", level.to_uppercase(), Value::Object(data))
        }
        // Not what the SDK sends, but a log line must never be the reason why a policy fails.
        Err(_) => format!("? policy: {}", String::from_utf8_lossy(payload)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_lines() {
        let cases = [
            ("message alone", r#"{"level":"info","message":"hello"}"#, "INFO policy: hello"),
            ("with data", r#"{"level":"warning","message":"hi","n":1}"#, r#"WARNING policy: hi {"n":1}"#),
            ("without a message", r#"{"level":"DEBUG"}"#, "DEBUG policy: "),
            ("not an event", "plain text", "? policy: plain text"),
        ];
        for (name, payload, expected) in cases {
            assert_eq!(log_line(payload.as_bytes()), expected, "{name}");
        }
    }

    #[test]
    fn calls_that_are_refused() {
        let cases = [
            ("a capability", ("kubewarden", "kubernetes", "get_resource"), "granted no host capability"),
            ("an unknown tracing operation", ("kubewarden", "tracing", "span"), "unknown operation: span"),
            ("another binding", ("wasi", "tracing", "log"), "unknown binding: wasi"),
        ];
        for (name, (binding, namespace, operation), expected) in cases {
            let error = answer(binding, namespace, operation, b"{}").expect_err(name);
            assert!(error.contains(expected), "{name}: {error}");
        }
    }
}
