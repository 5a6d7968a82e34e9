//! What one evaluation costs, in numbers that are the same on every machine.
//!
//! The unit is wasmtime's fuel: about one for each WebAssembly instruction that the guest executes. Measured is what
//! the policy server pays for a request: a fresh instance, its start functions, one guest call. What the host itself
//! does (compiling, copying a payload in, making the diff) costs no fuel.
//!
//! wasmtime-provider makes its own store and gives it no fuel, so a guest would stop at its first instruction. Hence
//! the small waPC host here, beside the real one in [`Policy`](crate::Policy).

use std::ops::Range;

use wapc::{HOST_NAMESPACE, wapc_functions};
use wasmtime_provider::{
    wasmtime::{
        Caller, Config, Engine, Instance, InstancePre, Linker, Memory, Module, Result, Store, error::format_err,
    },
    wasmtime_wasi::{WasiCtxBuilder, p1, p1::WasiP1Ctx, random::Deterministic},
};

use crate::host_calls;

/// A policy compiled so that its instructions are counted. Counting makes it slower, the numbers do not depend on that.
pub struct Meter {
    engine: Engine,
    prepared: InstancePre<Guest>,
}

/// An instance of it, which may be called more than once.
pub struct Started {
    store: Store<Guest>,
    instance: Instance,
    /// Instructions that it may still execute, as of the end of the last call.
    rest: u64,
}

/// One call and its cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// What the guest answered, or the error that it answered with or trapped with.
    pub answer: Result<Vec<u8>, String>,
    /// Instructions executed, from a module that is not yet instantiated to the answer; of a further call of the same
    /// instance, its own. Exactly repeatable.
    pub instructions: u64,
    /// Linear memory in bytes after the call. It never shrinks, so this is the most that there was.
    pub memory: u64,
}

impl Meter {
    /// Compiles a module: binary, or WebAssembly's text format.
    pub fn from_bytes(module: &[u8]) -> Result<Self> {
        let engine = Engine::new(Config::new().consume_fuel(true))?;
        let module = Module::new(&engine, module)?;
        let mut linker = Linker::new(&engine);
        p1::add_to_linker_sync(&mut linker, |guest: &mut Guest| &mut guest.wasi)?;
        add_wapc(&mut linker)?;
        let prepared = linker.instantiate_pre(&module)?;
        Ok(Self { engine, prepared })
    }

    /// Any operation with any payload, in a fresh instance. An `Err` is a module that is no waPC guest, or does not
    /// even start.
    pub fn call(&self, operation: &str, payload: &[u8]) -> Result<Measured> {
        self.call_within(u64::MAX, operation, payload)
    }

    /// As [`Meter::call`]. A call that needs more instructions than `most` ends there with a trap.
    pub fn call_within(&self, most: u64, operation: &str, payload: &[u8]) -> Result<Measured> {
        self.start_within(most)?.call(operation, payload)
    }

    /// A fresh instance, its start functions called.
    pub fn start(&self) -> Result<Started> {
        self.start_within(u64::MAX)
    }

    fn start_within(&self, most: u64) -> Result<Started> {
        let mut store = Store::new(&self.engine, Guest::new());
        store.set_fuel(most)?;
        let instance = self.prepared.instantiate(&mut store)?;
        for start in wapc_functions::REQUIRED_STARTS {
            if let Ok(start) = instance.get_typed_func::<(), ()>(&mut store, start) {
                start.call(&mut store, ())?;
            }
        }
        Ok(Started { store, instance, rest: most })
    }
}

impl Started {
    /// Any operation with any payload. An `Err` is a module that is no waPC guest.
    pub fn call(&mut self, operation: &str, payload: &[u8]) -> Result<Measured> {
        let Self { store, instance, rest } = self;
        store.data_mut().begin(operation, payload);
        let guest_call = instance.get_typed_func::<(i32, i32), i32>(&mut *store, wapc_functions::GUEST_CALL)?;
        let outcome = guest_call.call(&mut *store, (length(operation.as_bytes())?, length(payload)?));

        let before = std::mem::replace(rest, store.get_fuel()?);
        let instructions = before - *rest;
        let memory = instance.get_memory(&mut *store, "memory").ok_or_else(|| format_err!("no memory exported"))?;
        let memory = memory.data_size(&*store) as u64;
        let Guest { response, error, .. } = store.data_mut();
        let (response, error) = (response.take(), error.take());
        let answer = match outcome {
            Ok(0) => Err(error.unwrap_or_else(|| "the guest failed without a message".to_owned())),
            Ok(_) => response.ok_or_else(|| error.unwrap_or_else(|| "the guest answered nothing".to_owned())),
            Err(trap) => Err(trap.to_string()),
        };
        Ok(Measured { answer, instructions, memory })
    }
}

/// Both sides of one waPC call.
struct Guest {
    wasi: WasiP1Ctx,
    operation: Vec<u8>,
    payload: Vec<u8>,
    response: Option<Vec<u8>>,
    error: Option<String>,
    /// The last host call's outcome.
    host: Result<Vec<u8>, String>,
}

impl Guest {
    fn new() -> Self {
        Self {
            // A hash map in the guest asks for a random seed, and the seed decides how often it probes.
            wasi: WasiCtxBuilder::new().secure_random(Deterministic::new(vec![7; 32])).build_p1(),
            operation: Vec::new(),
            payload: Vec::new(),
            response: None,
            error: None,
            host: Ok(Vec::new()),
        }
    }

    fn begin(&mut self, operation: &str, payload: &[u8]) {
        operation.as_bytes().clone_into(&mut self.operation);
        payload.clone_into(&mut self.payload);
    }

    fn host_error(&self) -> &[u8] {
        self.host.as_ref().err().map_or(&[], |error| error.as_bytes())
    }

    fn host_response(&self) -> &[u8] {
        self.host.as_deref().unwrap_or_default()
    }
}

/// The functions that waPC gives a guest, in the order of a call.
fn add_wapc(linker: &mut Linker<Guest>) -> Result<()> {
    use wapc_functions as name;
    type Host<'a> = Caller<'a, Guest>;

    linker.func_wrap(HOST_NAMESPACE, name::GUEST_REQUEST_FN, |mut host: Host<'_>, operation: i32, payload: i32| {
        write(&mut host, operation, |guest| &guest.operation)?;
        write(&mut host, payload, |guest| &guest.payload)
    })?;
    linker.func_wrap(HOST_NAMESPACE, name::GUEST_RESPONSE_FN, |mut host: Host<'_>, at: i32, length: i32| {
        host.data_mut().response = Some(read(&mut host, at, length)?);
        Ok(())
    })?;
    linker.func_wrap(HOST_NAMESPACE, name::GUEST_ERROR_FN, |mut host: Host<'_>, at: i32, length: i32| {
        host.data_mut().error = Some(read_text(&mut host, at, length)?);
        Ok(())
    })?;
    linker.func_wrap(
        HOST_NAMESPACE,
        name::HOST_CALL,
        |mut host: Host<'_>, b: i32, b_len: i32, n: i32, n_len: i32, o: i32, o_len: i32, p: i32, p_len: i32| {
            let binding = read_text(&mut host, b, b_len)?;
            let namespace = read_text(&mut host, n, n_len)?;
            let operation = read_text(&mut host, o, o_len)?;
            let payload = read(&mut host, p, p_len)?;
            let answer = host_calls::answer(&binding, &namespace, &operation, &payload);
            host.data_mut().host = answer.map_err(|error| error.to_string());
            Ok(i32::from(host.data().host.is_ok()))
        },
    )?;
    linker
        .func_wrap(HOST_NAMESPACE, name::HOST_RESPONSE_LEN_FN, |host: Host<'_>| length(host.data().host_response()))?;
    linker.func_wrap(HOST_NAMESPACE, name::HOST_RESPONSE_FN, |mut host: Host<'_>, at: i32| {
        write(&mut host, at, Guest::host_response)
    })?;
    linker.func_wrap(HOST_NAMESPACE, name::HOST_ERROR_LEN_FN, |host: Host<'_>| length(host.data().host_error()))?;
    linker.func_wrap(HOST_NAMESPACE, name::HOST_ERROR_FN, |mut host: Host<'_>, at: i32| {
        write(&mut host, at, Guest::host_error)
    })?;
    linker.func_wrap(HOST_NAMESPACE, name::HOST_CONSOLE_LOG, |mut host: Host<'_>, at: i32, length: i32| {
        eprintln!("{}", read_text(&mut host, at, length)?);
        Ok(())
    })?;
    Ok(())
}

fn memory(host: &mut Caller<'_, Guest>) -> Result<Memory> {
    host.get_export("memory").and_then(|export| export.into_memory()).ok_or_else(|| format_err!("no memory exported"))
}

fn read(host: &mut Caller<'_, Guest>, at: i32, length: i32) -> Result<Vec<u8>> {
    let memory = memory(host)?;
    let bytes = memory.data(&*host).get(range(at, length as u32 as usize));
    bytes.map(<[u8]>::to_vec).ok_or_else(|| format_err!("outside of the guest's memory: {at}+{length}"))
}

fn read_text(host: &mut Caller<'_, Guest>, at: i32, length: i32) -> Result<String> {
    Ok(String::from_utf8(read(host, at, length)?)?)
}

fn write(host: &mut Caller<'_, Guest>, at: i32, bytes: fn(&Guest) -> &[u8]) -> Result<()> {
    let (memory, guest) = memory(host)?.data_and_store_mut(host);
    let bytes = bytes(guest);
    let target = memory.get_mut(range(at, bytes.len()));
    target.ok_or_else(|| format_err!("outside of the guest's memory: {at}+{}", bytes.len()))?.copy_from_slice(bytes);
    Ok(())
}

/// waPC's numbers are signed, WebAssembly's addresses are not.
fn range(at: i32, length: usize) -> Range<usize> {
    let start = at as u32 as usize;
    start..start.saturating_add(length)
}

fn length(bytes: &[u8]) -> Result<i32> {
    Ok(u32::try_from(bytes.len())? as i32)
}
