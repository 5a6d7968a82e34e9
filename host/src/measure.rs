//! What one evaluation costs, in numbers that are the same on every machine.
//!
//! The unit is wasmtime's fuel: about one for each WebAssembly instruction that the guest executes. Measured is what
//! the policy server pays for a request: a fresh instance, its start functions, one guest call. What the host itself
//! does (compiling, copying a payload in, making the diff) costs no fuel.

use anyhow::Result;
use wasmtime::Config;

use crate::guest::{self, CallError, Guest, Instance, Outside};

/// A policy compiled so that its instructions are counted. Counting makes it slower, the numbers do not depend on that.
pub struct Meter {
    guest: Guest,
}

/// An instance of it, which may be called more than once.
pub struct Started {
    instance: Instance,
    /// Instructions that it may still execute, as of the end of the last call.
    rest: u64,
}

/// One call and its cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// What the guest answered.
    pub answer: Result<Vec<u8>, CallError>,
    /// Instructions executed, from a module that is not yet instantiated to the answer; of a further call of the same
    /// instance, its own. Exactly repeatable.
    pub instructions: u64,
    /// Linear memory in bytes after the call. It never shrinks, so this is the most that there was.
    pub memory: u64,
}

impl Meter {
    /// Compiles a module.
    pub fn from_bytes(module: &[u8]) -> Result<Self> {
        Ok(Self { guest: Guest::new(guest::cached(Config::new()).consume_fuel(true), module, Outside::Repeatable)? })
    }

    /// Any operation with any payload, in a fresh instance. An `Err` is a module that is no waPC guest, or does not
    /// even start.
    pub fn call(&self, operation: &str, payload: &[u8]) -> Result<Measured, CallError> {
        self.call_within(u64::MAX, operation, payload)
    }

    /// As [`Meter::call`]. A call that needs more instructions than `most` ends there with a trap.
    pub fn call_within(&self, most: u64, operation: &str, payload: &[u8]) -> Result<Measured, CallError> {
        Ok(self.start_within(most)?.call(operation, payload))
    }

    /// A fresh instance, its start functions called.
    pub fn start(&self) -> Result<Started, CallError> {
        self.start_within(u64::MAX)
    }

    fn start_within(&self, most: u64) -> Result<Started, CallError> {
        Ok(Started { instance: self.guest.start(Some(most))?, rest: most })
    }
}

impl Started {
    /// Any operation with any payload.
    pub fn call(&mut self, operation: &str, payload: &[u8]) -> Measured {
        let answer = self.instance.call(operation, payload);
        let before = std::mem::replace(&mut self.rest, self.instance.fuel());
        Measured { answer, instructions: before - self.rest, memory: self.instance.memory() }
    }
}
