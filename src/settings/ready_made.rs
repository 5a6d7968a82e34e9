//! The ready-made parts of a dependency, which expand to plain fields and nothing else (contract, "Ready-made parts").
//!
//! They are written as JSON text from the JSON text of the settings: a string is copied with its quotes and escapes. The
//! keys of entries are sorted, as a policy server sorts them: what was added is then recognised by its spelling.

use std::slice;

use super::strings;
use super::words::BundleMount;
use crate::json::{Cursor, Malformed, Node, Object, Path, Shape, Str, items, quoted};

/// The ready-made parts of a dependency: how each is opened, and what it expands to.
const READY_MADE: [(&str, Shape, Expansion); 3] = [
    ("vault", Shape::Object(&[("securityContext", Shape::Object(&[]))]), vault),
    ("caBundle", Shape::Object(&[("pem", Shape::Object(&[])), ("jks", Shape::Object(&[]))]), ca_bundle),
    ("proxy", Shape::Object(&[]), proxy),
];

type Expansion = fn(&Object<'_>, &Path<'_>) -> Result<String, Malformed>;

/// Where the secrets are found, unless the settings say otherwise; a JSON token.
const SECRETS_PATH: &str = "\"/var/run/secrets/nais.io/vault\"";

/// The volume that they are in, unless the settings say otherwise; a JSON token.
const SECRETS_VOLUME: &str = "\"vault-secrets\"";

/// How many entries `vks` has of its own in these lists: those of the settings stand behind them.
pub const ENTRIES_OF_VKS: [(&str, usize); 2] = [("env", VKS_VARIABLES), ("volumeMounts", 1)];

const VKS_VARIABLES: usize = 5;

/// The bundle that the variables point at where files are mounted: one of [`PEM_PATHS`].
const PEM_PATH: &str = "/etc/pki/tls/certs/ca-bundle.crt";

/// Where Linux distributions look for certificates.
const PEM_PATHS: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    PEM_PATH,
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
    let env: [_; VKS_VARIABLES] = [
        ("VKS_VAULT_ADDR", required(vault, path, "address")?),
        ("VKS_AUTH_PATH", required(vault, path, "authPath")?),
        ("VKS_KV_PATH", required(vault, path, "kvPath")?),
        ("VKS_VAULT_ROLE", required(vault, path, "role")?),
        ("VKS_SECRET_DEST_PATH", secrets_path),
    ];
    let mount = format!(r#"{{"mountPath":{secrets_path},"name":{volume}}}"#);
    let image = required(vault, path, "image")?;
    let env = list(env.iter().map(|(name, value)| variable(name, value)).chain(further(vault, path, "env")?));
    let mounts = list([mount.clone()].into_iter().chain(further(vault, path, "volumeMounts")?));
    let [size_limit, resources] = ["sizeLimit", "resources"].map(|key| member(vault, key, key));
    let security_context = security_context(vault, path)?;
    Ok(format!(
        r#"{{"volumes":[{{"emptyDir":{{"medium":"Memory"{size_limit}}},"name":{volume}}}],"initContainers":[{{"env":{env},"image":{image},"name":"vks"{resources},"securityContext":{security_context},"volumeMounts":{mounts}}}],"volumeMounts":[{mount}]}}"#
    ))
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
    let mount = bundle.get("mount").map(|node| {
        let word = node.string().and_then(|word| BundleMount::of_word(&word));
        word.ok_or_else(|| node.malformed(&path.member("mount"), "one of the words for it"))
    });
    let is_directory = mount.transpose()? == Some(BundleMount::Directory);
    let (mut volumes, mut mounts, mut env) = (Vec::new(), Vec::new(), Vec::new());
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
        let (paths, items, sub_path, found_at) = if is_directory {
            // The key alone: a secret may have others, which are not for everybody.
            let items = [r#","items":[{"key":"#, key, r#","path":"#, key, "}]"].concat();
            (slice::from_ref(&directory), items, String::new(), [directory, "/", Str::from_token(key).raw()].concat())
        } else {
            (files, String::new(), [r#","subPath":"#, key].concat(), PEM_PATH.to_owned())
        };
        let members = [("configMap", "name"), ("optional", "optional"), ("secret", "secretName")];
        let members = [items, members.map(|(key, name)| member(source, key, name)).concat()].concat();
        let members = members.get(1..).unwrap_or_default();
        volumes.push(if is_secret {
            format!(r#"{{"name":"{volume}","secret":{{{members}}}}}"#)
        } else {
            format!(r#"{{"configMap":{{{members}}},"name":"{volume}"}}"#)
        });
        mounts.extend(
            paths
                .iter()
                .map(|path| [r#"{"mountPath":""#, path, r#"","name":""#, volume, "\"", &sub_path, "}"].concat()),
        );
        if kind == "pem" {
            let found_at = ["\"", &found_at, "\""].concat();
            env.extend(PEM_VARIABLES.iter().map(|name| variable(name, &found_at)));
        }
    }
    let (volumes, mounts, env) = (list(volumes), list(mounts), list(env));
    Ok(format!(r#"{{"volumes":{volumes},"volumeMounts":{mounts},"env":{env}}}"#))
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
        values.push(("NO_PROXY", quoted(&hosts.join(","))));
    }
    let upper = values.iter().map(|(name, value)| variable(name, value));
    let lower = values.iter().map(|(name, value)| variable(&name.to_ascii_lowercase(), value));
    let env = list(upper.chain(lower));
    Ok(format!(r#"{{"env":{env}}}"#))
}

/// The JSON text of a string that must be there.
fn required<'a>(object: &Object<'a>, path: &Path<'_>, key: &str) -> Result<&'a str, Malformed> {
    string(object, path, key, "null")
}

/// The JSON text of a string, which is `default` where there is none.
fn string<'a>(object: &Object<'a>, path: &Path<'_>, key: &str, default: &'a str) -> Result<&'a str, Malformed> {
    let text = object.get(key).map_or(default, Node::text);
    if text.starts_with('"') { Ok(text) } else { Err(Node::text_only(text).malformed(&path.member(key), "a string")) }
}

/// The member `key` as one called `name`, behind a comma; nothing where it is absent.
fn member(object: &Object<'_>, key: &str, name: &str) -> String {
    object.get(key).map_or(String::new(), |node| [",\"", name, "\":", node.text()].concat())
}

/// The items of the list `key`, which may be absent.
fn further(object: &Object<'_>, path: &Path<'_>, key: &str) -> Result<Vec<String>, Malformed> {
    match object.get(key) {
        Some(node) if !node.text().starts_with('[') => Err(node.malformed(&path.member(key), "a list")),
        node => Ok(node.map_or(Vec::new(), |node| items(node.text()).into_iter().map(str::to_owned).collect())),
    }
}

fn variable(name: &str, value: &str) -> String {
    [r#"{"name":""#, name, r#"","value":"#, value, "}"].concat()
}

fn list(items: impl IntoIterator<Item = String>) -> String {
    ["[", &items.into_iter().collect::<Vec<_>>().join(","), "]"].concat()
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
        let is_part = |name: &str, of: &Type| Field::named(name).is_none() && matches!(of, Type::Object(_));
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
            (BUNDLE, r#""mount":true}}"#, "caBundle.mount: must be one of the words for it, found a boolean"),
        ] {
            let found = expand(&Path::Root("dep"), &[settings, member].concat());
            assert_eq!(found.map_err(|malformed| malformed.to_string()), Err(problem.to_owned()), "{member}");
        }
    }
}
