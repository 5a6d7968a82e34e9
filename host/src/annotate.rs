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

const NO_MODULE: &str = "it is not a WebAssembly module";

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
/// Metadata that the module has already goes: Kubewarden reads the first section, so a second would change nothing.
pub fn annotate(module: &[u8], mut metadata: Metadata) -> Result<Vec<u8>> {
    let mut annotated = without_sections(module)?;
    metadata.protocol_version = match Policy::from_bytes(module)?.protocol_version()? {
        ProtocolVersion::Unknown => {
            bail!("it says that its protocol version is unknown, so Kubewarden would not load it")
        }
        known => Some(known),
    };
    let data = serde_json::to_vec(&metadata)?;
    CustomSection { name: SECTION.into(), data: data.into() }.append_to(&mut annotated);
    Ok(annotated)
}

/// The module without the sections that [`metadata_of`] reads.
fn without_sections(module: &[u8]) -> Result<Vec<u8>> {
    let (mut kept, mut end) = (Vec::with_capacity(module.len()), 0);
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload.context(NO_MODULE)?;
        let is_metadata = matches!(&payload, Payload::CustomSection(section) if section.name() == SECTION);
        let range = match &payload {
            Payload::Version { range, .. } => range.clone(),
            payload => match payload.as_section() {
                Some((_, range)) => range,
                None => continue,
            },
        };
        // From the end of what is before it: a section's range begins behind its own head.
        if !is_metadata {
            kept.extend_from_slice(module.get(end..range.end).unwrap_or_default());
        }
        end = range.end;
    }
    Ok(kept)
}

fn section_of(module: &[u8]) -> Result<Option<&[u8]>> {
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::CustomSection(section) = payload.context(NO_MODULE)?
            && section.name() == SECTION
        {
            return Ok(Some(section.data()));
        }
    }
    Ok(None)
}
