//! The functions of WASI, preview 1, that a policy in Rust imports: the standard library asks for a random seed and for
//! the environment, and prints when it panics.
//!
//! There are no variables, arguments and files, as on the policy server. A guest that imports anything else of WASI
//! loads, and traps where it calls it.

use std::{
    fmt,
    hash::{BuildHasher as _, RandomState},
    io::{self, Write as _},
};

use wasmtime::{Caller, ExternType, Linker, Module, Result};

use super::memory;

const WASI: &str = "wasi_snapshot_preview1";

/// WASI's numbers for an outcome.
const SUCCESS: i32 = 0;
const BAD_FILE: i32 = 8;
const INPUT_OR_OUTPUT: i32 = 29;

/// What a guest is told of the world outside.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outside {
    /// Its seeds are random, and what it prints is seen.
    Real,
    /// Two calls with the same payload are the same to the last instruction.
    Repeatable,
}

/// The guest ended itself, with this status.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Exit(pub(super) i32);

/// The guest called a function of WASI that is not here.
#[derive(Debug)]
pub(super) struct Missing(String);

/// Gives a guest these functions.
pub(super) fn add_to<T: 'static>(linker: &mut Linker<T>, module: &Module, outside: Outside) -> Result<()> {
    linker.allow_shadowing(true);
    for import in module.imports().filter(|import| import.module() == WASI) {
        if let ExternType::Func(kind) = import.ty() {
            let name = import.name().to_owned();
            linker.func_new(WASI, import.name(), kind, move |_, _, _| Err(Missing(name.clone()).into()))?;
        }
    }
    linker.func_wrap(WASI, "environ_sizes_get", |mut host: Caller<'_, T>, variables: i32, bytes: i32| {
        let memory = memory::of(&mut host)?.data_mut(&mut host);
        memory::write(memory, variables, &0_u32.to_le_bytes())?;
        memory::write(memory, bytes, &0_u32.to_le_bytes())?;
        Ok(SUCCESS)
    })?;
    linker.func_wrap(WASI, "environ_get", |_variables: i32, _bytes: i32| SUCCESS)?;
    linker.func_wrap(
        WASI,
        "fd_write",
        move |mut host: Caller<'_, T>, file: i32, parts: i32, count: i32, at: i32| {
            let memory = memory::of(&mut host)?.data_mut(&mut host);
            let (1 | 2) = file else { return Ok(BAD_FILE) };
            let text = gathered(memory, parts, count)?;
            // Standard output is for the answer.
            if outside == Outside::Real && io::stderr().write_all(&text).is_err() {
                return Ok(INPUT_OR_OUTPUT);
            }
            memory::write(memory, at, &memory::length(&text)?.to_le_bytes())?;
            Ok(SUCCESS)
        },
    )?;
    linker.func_wrap(WASI, "proc_exit", |status: i32| -> Result<()> { Err(Exit(status).into()) })?;
    linker.func_wrap(WASI, "random_get", move |mut host: Caller<'_, T>, at: i32, length: i32| {
        let memory = memory::of(&mut host)?.data_mut(&mut host);
        let bytes = memory::at_mut(memory, at, length)?;
        match outside {
            Outside::Real => fill_with_random(bytes),
            // A hash map's seed decides how often it probes.
            Outside::Repeatable => bytes.fill(7),
        }
        Ok(SUCCESS)
    })?;
    linker.allow_shadowing(false);
    Ok(())
}

/// The bytes of a list of addresses and lengths.
fn gathered(memory: &[u8], parts: i32, count: i32) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    for part in 0..count {
        let part = parts.wrapping_add(part.wrapping_mul(8));
        let (address, length) = (memory::number(memory, part)?, memory::number(memory, part.wrapping_add(4))?);
        text.extend_from_slice(memory::at(memory, address, length)?);
    }
    Ok(text)
}

/// From what the standard library has for its own hash maps, whose keys are the system's randomness.
fn fill_with_random(bytes: &mut [u8]) {
    for (number, chunk) in bytes.chunks_mut(8).enumerate() {
        let word = RandomState::new().hash_one(number).to_le_bytes();
        chunk.iter_mut().zip(word).for_each(|(byte, random)| *byte = random);
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Exited with i32 exit status {}", self.0)
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the module calls `{WASI}::{}`, which is not there on this host", self.0)
    }
}

impl std::error::Error for Exit {}

impl std::error::Error for Missing {}
