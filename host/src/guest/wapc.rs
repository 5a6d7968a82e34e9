//! The functions that waPC gives a guest, and what they leave behind.

use wasmtime::{Caller, Linker, Result};

use super::memory;
use crate::host_calls;

/// What a guest exports.
pub(super) const GUEST_CALL: &str = "__guest_call";

/// What is called of it first, in this order, where there is such a function.
pub(super) const STARTS: [&str; 2] = ["_start", "wapc_init"];

/// Both sides of one call.
pub(super) struct State {
    operation: Vec<u8>,
    payload: Vec<u8>,
    /// What the guest answered.
    pub(super) response: Option<Vec<u8>>,
    /// The error with which it answered.
    pub(super) error: Option<String>,
    /// The last host call's outcome.
    host: Result<Vec<u8>, String>,
}

impl Default for State {
    fn default() -> Self {
        Self::of_call("", b"")
    }
}

impl State {
    /// Before the guest is called.
    pub(super) fn of_call(operation: &str, payload: &[u8]) -> Self {
        Self {
            operation: operation.as_bytes().to_vec(),
            payload: payload.to_vec(),
            response: None,
            error: None,
            host: Ok(Vec::new()),
        }
    }

    fn host_error(&self) -> &[u8] {
        self.host.as_ref().err().map_or(&[], |error| error.as_bytes())
    }

    fn host_response(&self) -> &[u8] {
        self.host.as_deref().unwrap_or_default()
    }
}

/// Gives them to a guest, in the order of a call.
pub(super) fn add_to(linker: &mut Linker<State>) -> Result<()> {
    type Host<'a> = Caller<'a, State>;
    const WAPC: &str = "wapc";

    linker.func_wrap(WAPC, "__guest_request", |mut host: Host<'_>, operation: i32, payload: i32| {
        write(&mut host, operation, |state| &state.operation)?;
        write(&mut host, payload, |state| &state.payload)
    })?;
    linker.func_wrap(WAPC, "__guest_response", |mut host: Host<'_>, at: i32, length: i32| {
        host.data_mut().response = Some(read(&mut host, at, length)?);
        Ok(())
    })?;
    linker.func_wrap(WAPC, "__guest_error", |mut host: Host<'_>, at: i32, length: i32| {
        host.data_mut().error = Some(read_text(&mut host, at, length)?);
        Ok(())
    })?;
    linker.func_wrap(
        WAPC,
        "__host_call",
        |mut host: Host<'_>, b: i32, b_len: i32, n: i32, n_len: i32, o: i32, o_len: i32, p: i32, p_len: i32| {
            let binding = read_text(&mut host, b, b_len)?;
            let namespace = read_text(&mut host, n, n_len)?;
            let operation = read_text(&mut host, o, o_len)?;
            let payload = read(&mut host, p, p_len)?;
            host.data_mut().host = host_calls::answer(&binding, &namespace, &operation, &payload);
            Ok(i32::from(host.data().host.is_ok()))
        },
    )?;
    linker.func_wrap(WAPC, "__host_response_len", |host: Host<'_>| memory::length(host.data().host_response()))?;
    linker
        .func_wrap(WAPC, "__host_response", |mut host: Host<'_>, at: i32| write(&mut host, at, State::host_response))?;
    linker.func_wrap(WAPC, "__host_error_len", |host: Host<'_>| memory::length(host.data().host_error()))?;
    linker.func_wrap(WAPC, "__host_error", |mut host: Host<'_>, at: i32| write(&mut host, at, State::host_error))?;
    linker.func_wrap(WAPC, "__console_log", |mut host: Host<'_>, at: i32, length: i32| {
        eprintln!("{}", read_text(&mut host, at, length)?);
        Ok(())
    })?;
    Ok(())
}

fn read(host: &mut Caller<'_, State>, address: i32, length: i32) -> Result<Vec<u8>> {
    let memory = memory::of(host)?;
    Ok(memory::at(memory.data(host), address, length)?.to_vec())
}

fn read_text(host: &mut Caller<'_, State>, address: i32, length: i32) -> Result<String> {
    Ok(String::from_utf8(read(host, address, length)?)?)
}

fn write(host: &mut Caller<'_, State>, address: i32, bytes: fn(&State) -> &[u8]) -> Result<()> {
    let (memory, state) = memory::of(host)?.data_and_store_mut(host);
    memory::write(memory, address, bytes(state))
}
