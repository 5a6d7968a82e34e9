//! What a call costs: exact, repeatable, and with the same answer as without counting.

mod common;

use common::{answering, fixture};
use policy_host::{
    Policy,
    measure::{Measured, Meter},
};

const PAGE: u64 = 64 * 1024;

fn measure(guest: &[u8], payload: &[u8]) -> Measured {
    let meter = Meter::from_bytes(guest).expect("the fixture compiles");
    let measured = meter.call("validate", payload).expect("the guest starts");
    assert_eq!(meter.call("validate", payload).expect("the guest starts"), measured, "a second call costs the same");
    measured
}

/// One for entering each of four functions (`$count` twice). `wapc_init`: one call. `$count`: four, twice. The guest
/// call: three to respond, two to grow (dropping is free), one to count, one for its result.
#[test]
fn instructions_from_the_start_functions_to_the_answer() {
    let measured = measure(&fixture("counts"), b"");
    assert_eq!(measured.answer.as_deref(), Ok(b"|".as_slice()));
    assert_eq!(measured.memory, 2 * PAGE);
    assert_eq!(measured.instructions, 4 + 1 + 2 * 4 + 3 + 2 + 1 + 1);
}

#[test]
fn the_same_answers_as_without_counting() {
    let guests = [
        ("answers", answering(r#"{"accepted":true}"#)),
        ("tells", fixture("tells")),
        ("asks", fixture("asks")),
        ("logs", fixture("logs")),
        ("counts", fixture("counts")),
    ];
    for (name, guest) in guests {
        let answer = Policy::from_bytes(&guest).expect("the fixture compiles").call("validate", b"payload");
        assert_eq!(answer, measure(&guest, b"payload").answer, "{name}");
    }
}

#[test]
fn a_trap_is_an_answer_with_a_cost() {
    let measured = measure(&fixture("traps"), b"");
    assert!(measured.answer.is_err());
    assert!(measured.instructions > 0);
}

/// wasmtime looks at what is left where a function is entered: here, in the middle of the guest call.
#[test]
fn a_call_that_needs_too_much_is_a_trap() {
    let meter = Meter::from_bytes(&fixture("counts")).expect("the fixture compiles");
    let whole = meter.call("validate", b"").expect("the guest starts");
    assert_eq!(meter.call_within(whole.instructions, "validate", b"").expect("the guest starts"), whole);
    let cut = meter.call_within(10, "validate", b"").expect("the guest starts");
    assert!(cut.answer.is_err() && cut.instructions <= 10, "{cut:?}");
}
