//! A waPC guest in wasmtime: the module is compiled once, and instances of it are called.
//!
//! The policy server does the same by way of the crates `wapc` and `wasmtime-provider`. They bring along all of WASI and
//! the component model, which take minutes to compile and which no policy in Rust needs. So the few functions of waPC
//! are in [`wapc`], and of WASI those that such a policy imports in [`wasi`]. What a guest gets, and the words of an
//! error, are the policy server's.

mod memory;
mod wapc;
mod wasi;

use std::{error, fmt};

use wasmtime::{
    Cache, CacheConfig, Config, Engine, InstancePre, Linker, Module, PoolingAllocationConfig, Result, Store, TypedFunc,
};

pub(crate) use self::wasi::Outside;
use self::{
    wapc::State,
    wasi::{Exit, Missing},
};

/// A module that is compiled and linked.
pub(crate) struct Guest {
    instances: InstancePre<State>,
}

/// An instance of it whose start functions have been called.
pub(crate) struct Instance {
    store: Store<State>,
    instance: wasmtime::Instance,
    guest_call: TypedFunc<(i32, i32), i32>,
}

/// Why a guest did not answer. On the policy server such a text becomes the message of a refusal with code 500, so here
/// it has the same words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallError {
    /// The instance did not start, or is no waPC guest.
    InitFailed(String),
    /// The guest answered with an error, or trapped, or answered nothing.
    GuestCallFailure(String),
}

/// How many instances there can be at once.
const MOST_INSTANCES: u32 = 64;

/// How large the linear memory of an instance can be, in bytes.
const MOST_MEMORY: usize = 2 << 30;

/// How much of it is cleared and kept for the next instance, in bytes. The rest is given back.
const KEPT_MEMORY: usize = 1 << 20;

/// Has the memory of instances mapped once for all of them, and its bounds checked by the code instead of by what is
/// mapped. Otherwise each instance changes what is mapped, for which every thread is halted: with two that is a third of
/// the time of short evaluations.
pub(crate) fn pooled() -> Config {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(MOST_INSTANCES)
        .total_memories(MOST_INSTANCES)
        .total_tables(MOST_INSTANCES)
        .max_memory_size(MOST_MEMORY)
        .linear_memory_keep_resident(KEPT_MEMORY)
        .table_keep_resident(KEPT_MEMORY);
    let mut config = Config::new();
    config.allocation_strategy(pool);
    config.memory_reservation(MOST_MEMORY as u64).memory_guard_size(0).signals_based_traps(false);
    config
}

/// Has compiled modules kept in the user's cache, as kwctl keeps them. Where there is no folder for one, or it cannot be
/// written, a module is compiled each time.
pub(crate) fn cached(mut config: Config) -> Config {
    config.cache(Cache::new(CacheConfig::new()).ok());
    config
}

impl Guest {
    /// Compiles a module.
    pub(crate) fn new(config: &Config, module: &[u8], outside: Outside) -> Result<Self> {
        let engine = Engine::new(config)?;
        let module = Module::new(&engine, module)?;
        let mut linker = Linker::new(&engine);
        wasi::add_to(&mut linker, &module, outside)?;
        wapc::add_to(&mut linker)?;
        Ok(Self { instances: linker.instantiate_pre(&module)? })
    }

    /// A fresh instance. With `fuel` it executes so many instructions at most.
    pub(crate) fn start(&self, fuel: Option<u64>) -> Result<Instance, CallError> {
        let init_failed = |error: wasmtime::Error| CallError::InitFailed(error.to_string());
        let mut store = Store::new(self.instances.module().engine(), State::default());
        if let Some(fuel) = fuel {
            store.set_fuel(fuel).map_err(init_failed)?;
        }
        let instance = self.instances.instantiate(&mut store).map_err(init_failed)?;
        let guest_call = instance.get_typed_func(&mut store, wapc::GUEST_CALL).map_err(|_| {
            CallError::InitFailed("Guest call function (__guest_call) not exported by wasm module.".to_owned())
        })?;
        for start in wapc::STARTS {
            if instance.get_export(&mut store, start).is_none() {
                continue;
            }
            let start = instance.get_typed_func::<(), ()>(&mut store, start).map_err(init_failed)?;
            if let Err(error) = start.call(&mut store, ()) {
                // TinyGo's `_start` ends with an exit.
                if error.downcast_ref() != Some(&Exit(0)) {
                    return Err(CallError::InitFailed(format!("Initialization failed: {}", told(&error))));
                }
            }
        }
        Ok(Instance { store, instance, guest_call })
    }
}

impl Instance {
    /// Any operation with any payload.
    pub(crate) fn call(&mut self, operation: &str, payload: &[u8]) -> Result<Vec<u8>, CallError> {
        let outcome = self.try_call(operation, payload);
        let State { response, error, .. } = self.store.data_mut();
        let (response, error) = (response.take(), error.take());
        match outcome {
            Ok(0) => Err(error.unwrap_or_else(|| "No error message set for call failure".to_owned())),
            Ok(_) => response
                .ok_or_else(|| error.unwrap_or_else(|| "No error message OR response set for call success".to_owned())),
            Err(trap) => Err(told(&trap)),
        }
        .map_err(CallError::GuestCallFailure)
    }

    fn try_call(&mut self, operation: &str, payload: &[u8]) -> Result<i32> {
        let lengths = (memory::length(operation.as_bytes())?, memory::length(payload)?);
        *self.store.data_mut() = State::of_call(operation, payload);
        self.guest_call.call(&mut self.store, lengths)
    }

    /// Instructions that it may still execute.
    pub(crate) fn fuel(&self) -> u64 {
        self.store.get_fuel().unwrap_or(u64::MAX)
    }

    /// Linear memory in bytes.
    pub(crate) fn memory(&mut self) -> u64 {
        let memory = self.instance.get_memory(&mut self.store, memory::EXPORT);
        memory.map_or(0, |memory| memory.data_size(&self.store) as u64)
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InitFailed(reason) => write!(f, "Initialization failed: {reason}"),
            Self::GuestCallFailure(reason) => write!(f, "Guest call failure: {reason}"),
        }
    }
}

impl error::Error for CallError {}

/// Of a trap the policy server tells where the guest was. Where what it asked for is missing here and not there, that
/// is what has to be told.
fn told(trap: &wasmtime::Error) -> String {
    trap.downcast_ref::<Missing>().map_or_else(|| trap.to_string(), Missing::to_string)
}
