//! The ready-made parts of a dependency, which expand to plain fields and nothing else (contract, "Ready-made parts").
//!
//! They are written as JSON text from the JSON text of the settings: a string is copied with its quotes and escapes. The
//! keys of entries are sorted, as a policy server sorts them: what was added is then recognised by its spelling.

use std::slice;

use super::strings;
use super::words::{DIRECTORY, FILES};
use crate::json::{Cursor, Malformed, Node, Object, Path, Shape, Str, items, joined, quoted};

/// The ready-made parts of a dependency: how each is opened, and what it expands to.
const READY_MADE: [(&str, Shape, Expansion); 3] = [
    ("vault", Shape::Object(&[("securityContext", Shape::Object(&[]))]), vault),
    ("caBundle", Shape::Object(&[("pem", Shape::Object(&[])), ("jks", Shape::Object(&[]))]), ca_bundle),
    ("proxy", Shape::Object(&[]), proxy),
];

type Expansion = fn(&Object<'_>, &Path<'_>) -> Result<String, Malformed>;

/// The default of what must be set; a JSON token.
const NONE: &str = "null";

/// Where the secrets are found, unless the settings say otherwise; a JSON token.
const SECRETS_PATH: &str = "\"/var/run/secrets/nais.io/vault\"";

/// The volume that they are in, unless the settings say otherwise; a JSON token.
const SECRETS_VOLUME: &str = "\"vault-secrets\"";

/// The variables of `vks`: the name, and the member of the settings with its default, a JSON token.
const VKS_VARIABLES: [(&str, &str, &str); 5] = [
    ("VKS_VAULT_ADDR", "address", NONE),
    ("VKS_AUTH_PATH", "authPath", NONE),
    ("VKS_KV_PATH", "kvPath", NONE),
    ("VKS_VAULT_ROLE", "role", NONE),
    ("VKS_SECRET_DEST_PATH", "secretsPath", SECRETS_PATH),
];

/// How many entries `vks` has of its own in these lists: those of the settings stand behind them.
pub const ENTRIES_OF_VKS: [(&str, usize); 2] = [("env", VKS_VARIABLES.len()), ("volumeMounts", 1)];

/// The bundle that the variables point at where files are mounted, one of [`PEM_PATHS`]; a JSON token.
const PEM_PATH: &str = "\"/etc/pki/tls/certs/ca-bundle.crt\"";

/// Where Linux distributions look for certificates.
const PEM_PATHS: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
];

/// Where Java looks for them.
const JKS_PATH: &str = "/etc/ssl/certs/java/cacerts";

/// The variables by which tools are told where the bundle is.
const PEM_VARIABLES: [&str; 7] = [
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "PIP_CERT",
    "GIT_SSL_CAINFO",
    "AWS_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
];

/// What the ready-made parts of the dependency at `path` expand to: JSON objects of plain fields, by the name of the part.
///
/// # Errors
/// A part that is of the wrong type, or lacks what it needs: only with settings that were never checked.
pub fn expand(path: &Path<'_>, dependency: &str) -> Result<Vec<(&'static str, String)>, Malformed> {
    let mut expanded = Vec::new();
    let mut cursor = Cursor::new(dependency);
    let mut next = if cursor.eat(b'{') { cursor.first_key() } else { None };
    while let Some(key) = next {
        match READY_MADE.iter().find(|(part, ..)| key.is(part)) {
            Some((part, shape, expansion)) => {
                let node = Node::read(&mut cursor, shape);
                let path = path.member(part);
                if !node.is_null() {
                    expanded.push((*part, expansion(node.object(&path)?, &path)?));
                }
            }
            None => _ = cursor.skip(),
        }
        next = cursor.next_key();
    }
    // What they expand to does not depend on the order in which they are written.
    let mut in_order = Vec::with_capacity(expanded.len());
    for (part, ..) in READY_MADE {
        in_order.extend(expanded.extract_if(.., |(name, _)| *name == part));
    }
    Ok(in_order)
}

fn vault(vault: &Object<'_>, path: &Path<'_>) -> Result<String, Malformed> {
    let secrets_path = string(vault, path, "secretsPath", SECRETS_PATH)?;
    let volume = string(vault, path, "volumeName", SECRETS_VOLUME)?;
    let mut mount = String::new();
    put(&mut mount, &[r#"{"mountPath":"#, secrets_path, r#","name":"#, volume, "}"]);
    let mut out = String::from(r#"{"volumes":[{"emptyDir":{"medium":"Memory""#);
    put_member(&mut out, vault, "sizeLimit", "sizeLimit");
    put(&mut out, &[r#"},"name":"#, volume, r#"}],"initContainers":[{"env":["#]);
    for (name, key, default) in VKS_VARIABLES {
        put_variable(&mut out, name, string(vault, path, key, default)?);
    }
    put_items(&mut out, vault, path, "env")?;
    put(&mut out, &[r#"],"image":"#, required(vault, path, "image")?, r#","name":"vks""#]);
    put_member(&mut out, vault, "resources", "resources");
    put(&mut out, &[r#","securityContext":"#, &security_context(vault, path)?, r#","volumeMounts":["#, &mount]);
    put_items(&mut out, vault, path, "volumeMounts")?;
    put(&mut out, &[r#"]}],"volumeMounts":["#, &mount, "]}"]);
    Ok(out)
}

/// `allowPrivilegeEscalation: false`, and what the settings lay over it.
fn security_context(vault: &Object<'_>, path: &Path<'_>) -> Result<String, Malformed> {
    let mut merged = Object::default();
    merged.set(Str::plain("allowPrivilegeEscalation"), Node::text_only("false"));
    if let Some(node) = vault.get("securityContext") {
        let members = node.object(&path.member("securityContext"))?.iter();
        for (key, value) in members.filter(|(_, value)| !value.is_null()) {
            merged.set(*key, value.clone());
        }
    }
    Ok(Node::from(merged).written().into_owned())
}

fn ca_bundle(bundle: &Object<'_>, path: &Path<'_>) -> Result<String, Malformed> {
    let mount = string(bundle, path, "mount", "\"Files\"")?;
    let is = |word| Str::from_token(mount).is(word);
    let is_directory = is(DIRECTORY);
    if !is_directory && !is(FILES) {
        return Err(Node::text_only(mount).malformed(&path.member("mount"), "one of the words for it"));
    }
    let [mut volumes, mut mounts, mut env] = ["["; 3].map(String::from);
    for (kind, volume, directory, files) in [
        ("pem", "ca-bundle-pem", "/etc/platform-ca/pem", &PEM_PATHS[..]),
        ("jks", "ca-bundle-jks", "/etc/platform-ca/jks", &[JKS_PATH][..]),
    ] {
        let Some(node) = bundle.get(kind) else { continue };
        let path = path.member(kind);
        let source = node.object(&path)?;
        let key = required(source, &path, "key")?;
        let is_secret = source.get("secret").is_some();
        required(source, &path, if is_secret { "secret" } else { "configMap" })?;
        let mut members = String::new();
        if is_directory {
            // The key alone: a secret may have others, which are not for everybody.
            put(&mut members, &[r#","items":[{"key":"#, key, r#","path":"#, key, "}]"]);
        }
        for (key, name) in [("configMap", "name"), ("optional", "optional"), ("secret", "secretName")] {
            put_member(&mut members, source, key, name);
        }
        let members = members.get(1..).unwrap_or_default();
        if is_secret {
            put_item(&mut volumes, &[r#"{"name":""#, volume, r#"","secret":{"#, members, "}}"]);
        } else {
            put_item(&mut volumes, &[r#"{"configMap":{"#, members, r#"},"name":""#, volume, r#""}"#]);
        }
        let (paths, sub_path) =
            if is_directory { (slice::from_ref(&directory), ["", ""]) } else { (files, [r#","subPath":"#, key]) };
        for path in paths {
            let [name, value] = sub_path;
            put_item(&mut mounts, &[r#"{"mountPath":""#, path, r#"","name":""#, volume, "\"", name, value, "}"]);
        }
        if kind == "pem" {
            let found_at = if is_directory {
                ["\"", directory, "/", key.get(1..).unwrap_or_default()].concat()
            } else {
                PEM_PATH.to_owned()
            };
            for name in PEM_VARIABLES {
                put_variable(&mut env, name, &found_at);
            }
        }
    }
    Ok([r#"{"volumes":"#, &volumes, r#"],"volumeMounts":"#, &mounts, r#"],"env":"#, &env, "]}"].concat())
}

fn proxy(proxy: &Object<'_>, path: &Path<'_>) -> Result<String, Malformed> {
    let http = required(proxy, path, "httpProxy")?;
    let https = proxy.get("httpsProxy").map_or(http, Node::text);
    let mut values = vec![("HTTP_PROXY", http.to_owned()), ("HTTPS_PROXY", https.to_owned())];
    if let Some(node) = proxy.get("noProxy") {
        let mut problems = Vec::new();
        let hosts: Vec<_> = strings(node, &path.member("noProxy"), &mut problems).into_iter().flatten().collect();
        if let Some(malformed) = problems.into_iter().next() {
            return Err(malformed);
        }
        values.push(("NO_PROXY", quoted(&joined(",", hosts.iter().map(|host| &**host)))));
    }
    let mut out = String::from(r#"{"env":["#);
    for is_lower in [false, true] {
        for (name, value) in &values {
            put_variable(&mut out, &if is_lower { name.to_ascii_lowercase() } else { (*name).to_owned() }, value);
        }
    }
    out.push_str("]}");
    Ok(out)
}

/// The JSON text of a string that must be there.
fn required<'a>(object: &Object<'a>, path: &Path<'_>, key: &str) -> Result<&'a str, Malformed> {
    string(object, path, key, NONE)
}

/// The JSON text of a string, which is `default` where there is none.
fn string<'a>(object: &Object<'a>, path: &Path<'_>, key: &str, default: &'a str) -> Result<&'a str, Malformed> {
    let text = object.get(key).map_or(default, Node::text);
    if text.starts_with('"') { Ok(text) } else { Err(Node::text_only(text).malformed(&path.member(key), "a string")) }
}

fn put(out: &mut String, pieces: &[&str]) {
    for piece in pieces {
        out.push_str(piece);
    }
}

/// Appends an item to the list that `out` ends with.
fn put_item(out: &mut String, pieces: &[&str]) {
    if !out.ends_with('[') {
        out.push(',');
    }
    put(out, pieces);
}

/// Appends the member `key` as one called `name`, behind a comma; nothing where it is absent.
fn put_member(out: &mut String, object: &Object<'_>, key: &str, name: &str) {
    if let Some(node) = object.get(key) {
        put(out, &[",\"", name, "\":", node.text()]);
    }
}

/// Appends the items of the list `key`; nothing where it is absent.
fn put_items(out: &mut String, object: &Object<'_>, path: &Path<'_>, key: &str) -> Result<(), Malformed> {
    let Some(node) = object.get(key) else { return Ok(()) };
    if !node.text().starts_with('[') {
        return Err(node.malformed(&path.member(key), "a list"));
    }
    for item in items(node.text()) {
        put_item(out, &[item]);
    }
    Ok(())
}

// Inlined, it would make the module 0.7 kB larger.
#[inline(never)]
fn put_variable(out: &mut String, name: &str, value: &str) {
    put_item(out, &[r#"{"name":""#, name, r#"","value":"#, value, "}"]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::schema::Type;
    use crate::settings::fields::Field;
    use crate::settings::types::DEPENDENCY;

    /// A part that only one of the two tables knows would pass the checks and add nothing, or never pass them.
    #[test]
    fn every_part_has_a_type_and_an_expansion() {
        // The selector is an option, which is an object too.
        let is_added = |name: &str| name != "selector" && Field::named(name).is_none();
        let is_part = |name: &str, of: &Type| is_added(name) && matches!(of, Type::Object(_));
        let typed: Vec<_> = DEPENDENCY.members.iter().filter(|it| is_part(it.name, &it.of)).map(|it| it.name).collect();
        assert_eq!(typed, READY_MADE.map(|(name, ..)| name));
    }

    /// Settings that were never checked.
    #[test]
    fn what_cannot_be_expanded_is_named() {
        const VAULT: &str = r#"{"vault":{"image":"i","address":"a","authPath":"a","kvPath":"k","role":"r","#;
        const BUNDLE: &str = r#"{"caBundle":{"pem":{"key":"k","configMap":"c"},"#;
        for (settings, member, problem) in [
            (VAULT, r#""secretsPath":5}}"#, "vault.secretsPath: must be a string, found a number"),
            (VAULT, r#""volumeName":[]}}"#, "vault.volumeName: must be a string, found a list"),
            (VAULT, r#""env":{}}}"#, "vault.env: must be a list, found an object"),
            (VAULT, r#""volumeMounts":"/ca"}}"#, "vault.volumeMounts: must be a list, found a string"),
            (BUNDLE, r#""jks":{"key":"k"}}}"#, "caBundle.jks.configMap: must be a string, found null"),
            (BUNDLE, r#""jks":{"key":"k","secret":{}}}}"#, "caBundle.jks.secret: must be a string, found an object"),
            (BUNDLE, r#""mount":"files"}}"#, "caBundle.mount: must be one of the words for it, found a string"),
            (BUNDLE, r#""mount":true}}"#, "caBundle.mount: must be a string, found a boolean"),
        ] {
            let found = expand(&Path::Root("dep"), &[settings, member].concat());
            assert_eq!(found.map_err(|malformed| malformed.to_string()), Err(problem.to_owned()), "{member}");
        }
    }
}
