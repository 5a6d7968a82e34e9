//! The ready-made parts of a dependency, which expand to plain fields and nothing else (contract, "Ready-made parts").
//!
//! They are written as JSON text from the JSON text of the settings: a string is copied with its quotes and escapes. The
//! keys of entries are sorted, as a policy server sorts them: what was added is then recognised by its spelling.

use super::strings;
use crate::json::{Cursor, Malformed, Node, Object, Path, Shape, Str, quoted};

/// The ready-made parts of a dependency: how each is opened, and what it expands to.
const READY_MADE: [(&str, Shape, Expansion); 3] = [
    ("vault", Shape::Object(&[("securityContext", Shape::Object(&[]))]), vault),
    ("caBundle", Shape::Object(&[("pem", Shape::Object(&[])), ("jks", Shape::Object(&[]))]), ca_bundle),
    ("proxy", Shape::Object(&[]), proxy),
];

type Expansion = fn(&Object<'_>, &Path<'_>) -> Result<String, Malformed>;

/// Where the secrets are found, unless the settings say otherwise; a JSON token.
const SECRETS_PATH: &str = "\"/var/run/secrets/nais.io/vault\"";

/// The bundle that the variables point at: one of [`PEM_PATHS`].
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
    let secrets_path = vault.get("secretsPath").map_or(SECRETS_PATH, Node::text);
    let env = [
        ("VKS_VAULT_ADDR", required(vault, path, "address")?),
        ("VKS_AUTH_PATH", required(vault, path, "authPath")?),
        ("VKS_KV_PATH", required(vault, path, "kvPath")?),
        ("VKS_VAULT_ROLE", required(vault, path, "role")?),
        ("VKS_SECRET_DEST_PATH", secrets_path),
    ];
    let mount = format!(r#"{{"mountPath":{secrets_path},"name":"vault-secrets"}}"#);
    let image = required(vault, path, "image")?;
    let env = list(env.iter().map(|(name, value)| variable(name, value)));
    let resources = vault.get("resources").map_or(String::new(), |node| format!(r#","resources":{}"#, node.text()));
    let security_context = security_context(vault, path)?;
    Ok(format!(
        r#"{{"volumes":[{{"emptyDir":{{"medium":"Memory"}},"name":"vault-secrets"}}],"initContainers":[{{"env":{env},"image":{image},"name":"vks"{resources},"securityContext":{security_context},"volumeMounts":[{mount}]}}],"volumeMounts":[{mount}]}}"#
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
    let (mut volumes, mut mounts, mut env) = (Vec::new(), Vec::new(), Vec::new());
    for (kind, volume, paths) in [("pem", "ca-bundle-pem", &PEM_PATHS[..]), ("jks", "ca-bundle-jks", &[JKS_PATH][..])] {
        let Some(node) = bundle.get(kind) else { continue };
        let path = path.member(kind);
        let source = node.object(&path)?;
        let config_map = required(source, &path, "configMap")?;
        let key = required(source, &path, "key")?;
        volumes.push(format!(r#"{{"configMap":{{"name":{config_map}}},"name":"{volume}"}}"#));
        mounts.extend(
            paths
                .iter()
                .map(|path| [r#"{"mountPath":""#, path, r#"","name":""#, volume, r#"","subPath":"#, key, "}"].concat()),
        );
        if kind == "pem" {
            env.extend(PEM_VARIABLES.iter().map(|name| variable(name, &format!("\"{PEM_PATH}\""))));
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

/// The JSON text of a member that must be there.
fn required<'a>(object: &Object<'a>, path: &Path<'_>, key: &str) -> Result<&'a str, Malformed> {
    let node = object.get(key).cloned().unwrap_or(Node::text_only("null"));
    if node.text().starts_with('"') { Ok(node.text()) } else { Err(node.malformed(&path.member(key), "a string")) }
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
}
