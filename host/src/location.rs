//! Where a module is, in the words of kwctl and of a policy's `spec.module`.

use std::path::PathBuf;

use anyhow::{Result, bail};

/// The file that `reference` names: a path, or a `file://` URL.
///
/// # Errors
/// It names something that would have to be fetched.
///
/// ```
/// # use {policy_host::location::file_of, std::path::Path};
/// assert_eq!(file_of("policy.wasm").unwrap(), Path::new("policy.wasm"));
/// assert_eq!(file_of("file:///opt/my%20policy.wasm").unwrap(), Path::new("/opt/my policy.wasm"));
/// let error = file_of("registry://example.com/policy:v1").unwrap_err().to_string();
/// assert!(error.contains("kwctl pull"), "{error}");
/// ```
pub fn file_of(reference: &str) -> Result<PathBuf> {
    match reference.split_once("://") {
        None => Ok(PathBuf::from(reference)),
        Some(("file", path)) => Ok(PathBuf::from(decoded(path.strip_prefix("localhost").unwrap_or(path)))),
        Some(("registry" | "http" | "https", _)) => bail!(
            "{reference} is not on this machine, and nothing is fetched from here: \
             `kwctl pull --output-path policy.wasm {reference}` makes a file of it"
        ),
        Some((scheme, _)) => bail!("{reference}: found the scheme {scheme:?}; a policy is a path, or file://..."),
    }
}

/// A URL's path with the bytes that `%20` and the like stand for.
fn decoded(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((first, others)) = rest.split_first() {
        let byte = others.get(..2).filter(|_| *first == b'%').and_then(|digits| {
            let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
            u8::from_str_radix(digits, 16).ok()
        });
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { others.get(2..).unwrap_or_default() } else { others };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn files() {
        for (reference, path) in [
            ("policy.wasm", "policy.wasm"),
            ("/opt/policy.wasm", "/opt/policy.wasm"),
            ("file:///opt/policy.wasm", "/opt/policy.wasm"),
            ("file://localhost/opt/policy.wasm", "/opt/policy.wasm"),
            ("file://target/policy.wasm", "target/policy.wasm"),
            ("file:///a%20b%2Fc%", "/a b/c%"),
            ("file:///a%+1%zz", "/a%+1%zz"),
        ] {
            assert_eq!(file_of(reference).expect(reference), Path::new(path), "{reference}");
        }
    }

    #[test]
    fn what_is_elsewhere() {
        for (reference, expected) in [
            ("registry://example.com/p:v1", "`kwctl pull --output-path policy.wasm registry://example.com/p:v1`"),
            ("https://example.com/p.wasm", "is not on this machine"),
            ("oci://example.com/p", "found the scheme \"oci\""),
        ] {
            let error = file_of(reference).expect_err(reference).to_string();
            assert!(error.contains(expected), "{reference}: {error}");
        }
    }
}
