//! How a guest starts and fails, in the words of the policy server, and what it is given of WASI.

mod common;

use std::{path::Path, process::Command};

use common::{Workdir, fixture, module, request};
use policy_host::{CallError, Policy, measure::Meter};

fn call(text: &str) -> Result<Vec<u8>, CallError> {
    Policy::from_bytes(&module(text)).expect("it loads").call("validate", b"payload")
}

/// A guest with these functions, its memory and no more.
fn guest(functions: &str) -> String {
    format!(r#"(module {functions} (memory (export "memory") 1))"#)
}

/// One that does this when it is called.
fn calling(imports: &str, body: &str) -> String {
    guest(&format!(r#"{imports} (func (export "__guest_call") (param i32 i32) (result i32) {body})"#))
}

const EXIT: &str = r#"(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))"#;

fn starting(start: &str) -> String {
    calling(EXIT, "(i32.const 0)").replace("(memory", &format!("{start} (memory"))
}

#[test]
fn a_guest_that_does_not_start() {
    const NO_GUEST: &str = "Guest call function (__guest_call) not exported by wasm module.";
    let backtrace = "error while executing at wasm backtrace:\n    0: ";
    let initialization = format!("Initialization failed: {backtrace}");
    let cases = [
        ("no guest call", guest(""), NO_GUEST),
        ("another guest call", guest(r#"(func (export "__guest_call"))"#), NO_GUEST),
        ("a trap in the module's start", starting("(func $start unreachable) (start $start)"), backtrace),
        ("a trap in `wapc_init`", starting(r#"(func (export "wapc_init") unreachable)"#), &initialization),
        ("a trap in `_start`", starting(r#"(func (export "_start") unreachable)"#), &initialization),
        ("an exit", starting(r#"(func (export "_start") (call $exit (i32.const 1)))"#), &initialization),
        (
            "a start that takes something",
            starting(r#"(func (export "_start") (param i32))"#),
            "failed to convert function `_start` to given type",
        ),
    ];
    for (name, guest, expected) in cases {
        let Err(CallError::InitFailed(reason)) = call(&guest) else { panic!("{name}: it starts") };
        assert!(reason.starts_with(expected), "{name}: {reason}");
    }
}

#[test]
fn a_guest_that_fails() {
    let backtrace = "error while executing at wasm backtrace:\n    0: ";
    let cases = [
        ("a trap", calling("", "(unreachable)"), backtrace),
        ("an exit", calling(EXIT, "(call $exit (i32.const 0)) (i32.const 1)"), backtrace),
        ("an error without a message", calling("", "(i32.const 0)"), "No error message set for call failure"),
        ("no answer", calling("", "(i32.const 1)"), "No error message OR response set for call success"),
        (
            "an answer that is not in its memory",
            calling(
                r#"(import "wapc" "__guest_response" (func $respond (param i32 i32)))"#,
                "(call $respond (i32.const -1) (i32.const 1)) (i32.const 1)",
            ),
            backtrace,
        ),
        (
            "a function of WASI that is not here",
            calling(r#"(import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))"#, "(call $yield)"),
            "the module calls `wasi_snapshot_preview1::sched_yield`, which is not there on this host",
        ),
    ];
    for (name, guest, expected) in cases {
        let Err(CallError::GuestCallFailure(reason)) = call(&guest) else { panic!("{name}: it does not fail") };
        assert!(reason.starts_with(expected), "{name}: {reason}");
        let error = CallError::GuestCallFailure(reason).to_string();
        assert!(error.starts_with(&format!("Guest call failure: {expected}")), "{name}: {error}");
    }
}

/// TinyGo's do.
#[test]
fn a_start_may_end_with_an_exit() {
    let start = r#"(func (export "_start") (call $exit (i32.const 0)))"#;
    assert!(matches!(call(&starting(start)), Err(CallError::GuestCallFailure(_))));
}

#[test]
fn a_function_that_nobody_has_is_known_when_the_module_is_loaded() {
    for import in [r#"(import "env" "look" (func))"#, r#"(import "wapc" "__guest_look" (func))"#] {
        let error = Policy::from_bytes(&module(&calling(import, "(i32.const 1)"))).err().expect(import).to_string();
        assert!(error.starts_with("unknown import: `"), "{import}: {error}");
    }
}

/// Standard output is for the answer of the command, so both texts go to standard error.
#[test]
fn what_a_guest_prints() {
    let workdir =
        Workdir::new("guest-prints").with("policy.wasm", fixture("prints")).with("request.json", request("CREATE", ""));
    let outcome = workdir.policy_host(&["run", "-r", "request.json", "policy.wasm"]);
    assert!(outcome.stderr.starts_with("out of the guest\nerror of the guest\n"), "{outcome:?}");
    assert!(!outcome.stdout.contains("guest\n"), "{outcome:?}");

    let answer = Policy::from_bytes(&fixture("prints")).expect("it loads").call("validate", b"").expect("an answer");
    let numbers: Vec<_> = answer.chunks(4).map(|number| number[0]).collect();
    const BAD_FILE: u8 = 8;
    assert_eq!(numbers, [0, 17, 0, 19, BAD_FILE, 0]);
}

#[test]
fn a_compiled_module_is_kept_where_there_is_a_place_for_it() {
    let workdir =
        Workdir::new("guest-cache").with("policy.wasm", fixture("logs")).with("request.json", request("CREATE", ""));
    let run = |home: &Path| {
        let outcome = Command::new(env!("CARGO_BIN_EXE_policy-host"))
            .args(["run", "-r", "request.json", "policy.wasm"])
            .current_dir(workdir.path(""))
            .env("HOME", home)
            .env("XDG_CACHE_HOME", home.join("cache"))
            .output()
            .expect("the command starts");
        assert!(outcome.status.success(), "{outcome:?}");
        outcome.stdout
    };
    let home = workdir.path("home");
    let answers = [run(&home), run(&home), run(&workdir.path("policy.wasm"))];
    assert!(home.read_dir().is_ok_and(|mut entries| entries.next().is_some()), "nothing was kept");
    assert_eq!([&answers[0]; 2], [&answers[1], &answers[2]]);
}

#[test]
fn there_are_no_variables_and_seeds_are_random_where_nothing_is_measured() {
    let (guest, empty) = (fixture("seeds"), [0; 8].as_slice());
    let policy = Policy::from_bytes(&guest).expect("it loads");
    let [one, other] = [(); 2].map(|()| policy.call("validate", b"").expect("an answer"));
    assert_eq!([&one[..8], &other[..8]], [empty, empty]);
    assert_ne!(one[8..16], other[8..16]);
    assert_ne!(one[16..], [0; 4], "the last bytes are filled too");

    let meter = Meter::from_bytes(&guest).expect("it loads");
    let measured = meter.call("validate", b"").expect("it starts").answer.expect("an answer");
    assert_eq!(measured, [empty, &[7; 12]].concat());
}
