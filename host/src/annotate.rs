//! A policy's metadata in its module: the custom section from which Kubewarden reads it.

use anyhow::{Context as _, Result, bail};
use wasm_encoder::{CustomSection, Section as _};
use wasmparser::{Parser, Payload};

use crate::{
    metadata::Metadata,
    policy::{Policy, ProtocolVersion},
};

/// The section's name.
pub const SECTION: &str = "io.kubewarden.metadata";

/// The annotation that holds a policy's documentation.
pub const USAGE: &str = "io.kubewarden.policy.usage";

/// The metadata that a module carries, if it carries any.
pub fn metadata_of(module: &[u8]) -> Result<Option<Metadata>> {
    let Some(section) = section_of(module)? else { return Ok(None) };
    let metadata = serde_json::from_slice(section).with_context(|| format!("the section {SECTION} cannot be read"))?;
    Ok(Some(metadata))
}

/// The module with `metadata` in it, and with the protocol version that the module itself tells. Every other byte
/// stays as it is.
///
/// A module that has metadata already is refused: Kubewarden reads the first section, so a second would change nothing.
pub fn annotate(module: &[u8], mut metadata: Metadata) -> Result<Vec<u8>> {
    if section_of(module)?.is_some() {
        bail!("it has metadata already; annotate the module that the compiler wrote");
    }
    metadata.protocol_version = match Policy::from_bytes(module)?.protocol_version()? {
        ProtocolVersion::Unknown => {
            bail!("it says that its protocol version is unknown, so Kubewarden would not load it")
        }
        known => Some(known),
    };
    let data = serde_json::to_vec(&metadata)?;
    let mut annotated = module.to_vec();
    CustomSection { name: SECTION.into(), data: data.into() }.append_to(&mut annotated);
    Ok(annotated)
}

fn section_of(module: &[u8]) -> Result<Option<&[u8]>> {
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::CustomSection(section) = payload.context("it is not a WebAssembly module")?
            && section.name() == SECTION
        {
            return Ok(Some(section.data()));
        }
    }
    Ok(None)
}
