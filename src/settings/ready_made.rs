//! The ready-made parts of a dependency, which expand to plain fields and nothing else (contract, "Ready-made parts").
//!
//! Each entry is written as JSON text from the JSON text of the settings: a string is copied with its quotes and escapes.
//! Its members are sorted, as a policy server sorts them: what was added is then recognised by its spelling. Its key is
//! known when it is written, and so it need not be read again.

use std::borrow::Cow;
use std::ops::Range;
use std::slice;

use super::fields::{ENV, Field, INIT_CONTAINERS_FIELD, VOLUME_MOUNTS, VOLUMES};
use super::strings;
use super::words::{DIRECTORY, FILES};
use crate::json::{Cursor, Malformed, Node, Object, Path, Shape, Str, items, joined, quoted};
use crate::kubernetes::names::clean_path;

/// The ready-made parts of a dependency: how each is opened, and what expands it.
const READY_MADE: [(&str, Shape, Expand); 3] = [
    ("vault", Shape::Object(&[("securityContext", Shape::Object(&[]))]), vault),
    ("caBundle", Shape::Object(&[("pem", Shape::Object(&[])), ("jks", Shape::Object(&[]))]), ca_bundle),
    ("proxy", Shape::Object(&[]), proxy),
];

type Expand = fn(&Object<'_>, &Path<'_>, &mut Expansion) -> Result<(), Malformed>;

/// What a ready-made part expands to.
#[derive(Debug)]
pub struct Expansion {
    /// The part's name.
    pub part: &'static str,
    /// The entries, one behind the other.
    text: String,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    field: &'static Field,
    key: Cow<'static, str>,
    /// Where it is in the text.
    value: Range<usize>,
}

impl Expansion {
    /// The entries: the field that each goes into, its key there, and its value as JSON.
    pub fn entries(&self) -> impl Iterator<Item = (&'static Field, &str, &str)> {
        let value = |at: &Range<usize>| self.text.get(at.clone()).unwrap_or_default();
        self.entries.iter().map(move |entry| (entry.field, &*entry.key, value(&entry.value)))
    }

    /// What is put at the end of the text from `start` on is an entry.
    fn entry(&mut self, field: &'static Field, key: impl Into<Cow<'static, str>>, start: usize) {
        self.entries.push(Entry { field, key: key.into(), value: start..self.text.len() });
    }

    /// Adds a variable whose value is this token.
    fn variable(&mut self, name: &'static str, value: &str) {
        let start = self.text.len();
        put_variable(&mut self.text, name, value);
        self.entry(ENV, name, start);
    }
}

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

/// The bundle that the variables point at where files are mounted, one of those; a JSON token.
const PEM_PATH: &str = "\"/etc/pki/tls/certs/ca-bundle.crt\"";

/// A bundle of certificates.
struct Bundle {
    /// Its member of the settings.
    kind: &'static str,
    /// Its volume.
    volume: &'static str,
    /// Where it is mounted as a directory.
    directory: &'static str,
    /// Where it is mounted as files.
    files: &'static [&'static str],
}

/// The bundles: for the system, where Linux distributions look for it, and for Java.
const BUNDLES: [Bundle; 2] = [
    Bundle {
        kind: "pem",
        volume: "ca-bundle-pem",
        directory: "/etc/platform-ca/pem",
        files: &[
            "/etc/ssl/certs/ca-certificates.crt",
            "/etc/pki/tls/certs/ca-bundle.crt",
            "/etc/ssl/ca-bundle.pem",
            "/etc/pki/tls/cacert.pem",
            "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        ],
    },
    Bundle {
        kind: "jks",
        volume: "ca-bundle-jks",
        directory: "/etc/platform-ca/jks",
        files: &["/etc/ssl/certs/java/cacerts"],
    },
];

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

/// What the ready-made parts of the dependency at `path` expand to.
///
/// # Errors
/// A part that is of the wrong type, or lacks what it needs: only with settings that were never checked.
pub fn expand(path: &Path<'_>, dependency: &str) -> Result<Vec<Expansion>, Malformed> {
    let mut expanded = Vec::new();
    let mut cursor = Cursor::new(dependency);
    let mut next = if cursor.eat(b'{') { cursor.first_key() } else { None };
    while let Some(key) = next {
        match READY_MADE.iter().find(|(part, ..)| key.is(part)) {
            Some((part, shape, expand)) => {
                let node = Node::read(&mut cursor, shape);
                let path = path.member(part);
                if !node.is_null() {
                    let mut expansion =
                        Expansion { part, text: String::with_capacity(2048), entries: Vec::with_capacity(16) };
                    expand(node.object(&path)?, &path, &mut expansion)?;
                    expanded.push(expansion);
                }
            }
            None => _ = cursor.skip(),
        }
        next = cursor.next_key();
    }
    // What they expand to does not depend on the order in which they are written.
    let mut in_order = Vec::with_capacity(expanded.len());
    for (part, ..) in READY_MADE {
        in_order.extend(expanded.extract_if(.., |expansion| expansion.part == part));
    }
    Ok(in_order)
}

fn vault(vault: &Object<'_>, path: &Path<'_>, expansion: &mut Expansion) -> Result<(), Malformed> {
    let secrets_path = string(vault, path, "secretsPath", SECRETS_PATH)?;
    let volume = string(vault, path, "volumeName", SECRETS_VOLUME)?;
    let [mount_path, volume_name] = [secrets_path, volume].map(|token| Str::from_token(token).decode());
    let mount = [r#"{"mountPath":"#, secrets_path, r#","name":"#, volume, "}"];
    let out = &mut expansion.text;
    out.push_str(r#"{"emptyDir":{"medium":"Memory""#);
    put_member(out, vault, "sizeLimit", "sizeLimit");
    put(out, &[r#"},"name":"#, volume, "}"]);
    expansion.entry(VOLUMES, volume_name.into_owned(), 0);

    let out = &mut expansion.text;
    let start = out.len();
    out.push_str(r#"{"env":["#);
    for (name, key, default) in VKS_VARIABLES {
        put_separator(out);
        put_variable(out, name, string(vault, path, key, default)?);
    }
    put_items(out, vault, path, "env")?;
    put(out, &[r#"],"image":"#, required(vault, path, "image")?, r#","name":"vks""#]);
    put_member(out, vault, "resources", "resources");
    put(out, &[r#","securityContext":"#, &security_context(vault, path)?, r#","volumeMounts":["#]);
    put(out, &mount);
    put_items(out, vault, path, "volumeMounts")?;
    out.push_str("]}");
    expansion.entry(INIT_CONTAINERS_FIELD, "vks", start);

    let start = expansion.text.len();
    put(&mut expansion.text, &mount);
    expansion.entry(VOLUME_MOUNTS, clean_path(mount_path).into_owned(), start);
    Ok(())
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

fn ca_bundle(bundle: &Object<'_>, path: &Path<'_>, expansion: &mut Expansion) -> Result<(), Malformed> {
    let mount = string(bundle, path, "mount", "\"Files\"")?;
    let is = |word| Str::from_token(mount).is(word);
    let is_directory = is(DIRECTORY);
    if !is_directory && !is(FILES) {
        return Err(Node::text_only(mount).malformed(&path.member("mount"), "an allowed value"));
    }
    let mut keys = [None; BUNDLES.len()];
    for (Bundle { kind, volume, .. }, key_of) in BUNDLES.iter().zip(&mut keys) {
        let Some(node) = bundle.get(kind) else { continue };
        let path = path.member(kind);
        let source = node.object(&path)?;
        let key = required(source, &path, "key")?;
        *key_of = Some(key);
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
        let start = expansion.text.len();
        let pieces = if is_secret {
            [r#"{"name":""#, volume, r#"","secret":{"#, members, "}}"]
        } else {
            [r#"{"configMap":{"#, members, r#"},"name":""#, volume, r#""}"#]
        };
        put(&mut expansion.text, &pieces);
        expansion.entry(VOLUMES, *volume, start);
    }
    let bundles = || BUNDLES.iter().zip(keys).filter_map(|(bundle, key)| Some((bundle, key?)));
    for (Bundle { volume, directory, files, .. }, key) in bundles() {
        let (paths, sub_path) =
            if is_directory { (slice::from_ref(directory), ["", ""]) } else { (*files, [r#","subPath":"#, key]) };
        for path in paths {
            let [name, value] = sub_path;
            let start = expansion.text.len();
            put(&mut expansion.text, &[r#"{"mountPath":""#, path, r#"","name":""#, volume, "\"", name, value, "}"]);
            expansion.entry(VOLUME_MOUNTS, *path, start);
        }
    }
    for (Bundle { directory, .. }, key) in bundles().filter(|(bundle, _)| bundle.kind == "pem") {
        let found_at = if is_directory {
            Cow::Owned(["\"", directory, "/", key.get(1..).unwrap_or_default()].concat())
        } else {
            Cow::Borrowed(PEM_PATH)
        };
        PEM_VARIABLES.iter().for_each(|name| expansion.variable(name, &found_at));
    }
    Ok(())
}

fn proxy(proxy: &Object<'_>, path: &Path<'_>, expansion: &mut Expansion) -> Result<(), Malformed> {
    let http = required(proxy, path, "httpProxy")?;
    let https = proxy.get("httpsProxy").map_or(http, Node::text);
    let mut none = None;
    if let Some(node) = proxy.get("noProxy") {
        let mut problems = Vec::new();
        let hosts: Vec<_> = strings(node, &path.member("noProxy"), &mut problems).into_iter().flatten().collect();
        if let Some(malformed) = problems.into_iter().next() {
            return Err(malformed);
        }
        none = Some(quoted(&joined(",", hosts.iter().map(|host| &**host))));
    }
    let values = [Some(http), Some(https), none.as_deref()];
    for names in [["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"], ["http_proxy", "https_proxy", "no_proxy"]] {
        for (name, value) in names.into_iter().zip(values) {
            value.into_iter().for_each(|value| expansion.variable(name, value));
        }
    }
    Ok(())
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

/// Appends what stands before an item of the list that `out` ends with.
fn put_separator(out: &mut String) {
    if !out.ends_with('[') {
        out.push(',');
    }
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
        put_separator(out);
        out.push_str(item);
    }
    Ok(())
}

// Inlined, it would make the module 0.7 kB larger.
#[inline(never)]
fn put_variable(out: &mut String, name: &str, value: &str) {
    put(out, &[r#"{"name":""#, name, r#"","value":"#, value, "}"]);
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

    /// An entry has the key that is found where it is read.
    #[test]
    fn every_entry_has_its_key() {
        const PARTS: &str = r#"{
            "vault": {"image":"i","address":"a","authPath":"a","kvPath":"k","role":"r",
                "secretsPath":"/a//b/./\u0063/","volumeName":"v\u0061"},
            "caBundle": {"pem":{"configMap":"c","key":"a\"b"},"jks":{"secret":"s","key":"k"},"mount":"MOUNT"},
            "proxy": {"httpProxy":"http://p\"\u0061","noProxy":["a","b\""]}
        }"#;
        for mount in [FILES, DIRECTORY] {
            let text = PARTS.replace("MOUNT", mount);
            let mut keys = Vec::new();
            for expansion in expand(&Path::Root("dep"), &text).unwrap() {
                for (field, key, value) in expansion.entries() {
                    let read = Node::parse(value, &field.entry_shape()).unwrap();
                    assert_eq!(field.key_of(&read).as_deref(), Some(key), "{value}");
                    serde_json::from_str::<serde_json::Value>(value).unwrap();
                    keys.push(key.to_owned());
                }
            }
            assert!(
                ["va", "vks", "/a/b/c", "ca-bundle-jks", "PIP_CERT", "no_proxy"]
                    .iter()
                    .all(|key| keys.contains(&(*key).to_owned()))
            );
        }
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
            (BUNDLE, r#""mount":"files"}}"#, "caBundle.mount: must be an allowed value, found a string"),
            (BUNDLE, r#""mount":true}}"#, "caBundle.mount: must be a string, found a boolean"),
        ] {
            let found = expand(&Path::Root("dep"), &[settings, member].concat());
            assert_eq!(found.unwrap_err().to_string(), problem, "{member}");
        }
    }
}
