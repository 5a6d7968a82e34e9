//! The guest's linear memory, as the functions see it that the guest calls.

use wasmtime::{Caller, Memory, Result, error::format_err};

/// The name under which a guest exports it.
pub(super) const EXPORT: &str = "memory";

/// The memory of the guest that calls.
pub(super) fn of<T: 'static>(host: &mut Caller<'_, T>) -> Result<Memory> {
    host.get_export(EXPORT).and_then(|export| export.into_memory()).ok_or_else(|| format_err!("no memory exported"))
}

/// So many bytes from an address. waPC's and WASI's numbers are signed, WebAssembly's addresses are not.
pub(super) fn at(memory: &[u8], address: i32, length: i32) -> Result<&[u8]> {
    let start = address as u32 as usize;
    memory.get(start..start.saturating_add(length as u32 as usize)).ok_or_else(|| outside(address, length))
}

/// The same, to write to.
pub(super) fn at_mut(memory: &mut [u8], address: i32, length: i32) -> Result<&mut [u8]> {
    let start = address as u32 as usize;
    memory.get_mut(start..start.saturating_add(length as u32 as usize)).ok_or_else(|| outside(address, length))
}

/// Writes to an address.
pub(super) fn write(memory: &mut [u8], address: i32, bytes: &[u8]) -> Result<()> {
    at_mut(memory, address, length(bytes)?)?.copy_from_slice(bytes);
    Ok(())
}

/// A number that is little-endian, as everything in WebAssembly.
pub(super) fn number(memory: &[u8], address: i32) -> Result<i32> {
    let mut bytes = [0; 4];
    bytes.copy_from_slice(at(memory, address, 4)?);
    Ok(i32::from_le_bytes(bytes))
}

/// How many bytes these are.
pub(super) fn length(bytes: &[u8]) -> Result<i32> {
    Ok(u32::try_from(bytes.len())? as i32)
}

fn outside(address: i32, length: i32) -> wasmtime::Error {
    format_err!("outside of the guest's memory: {}+{}", address as u32, length as u32)
}
