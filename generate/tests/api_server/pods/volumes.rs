//! Volumes, by the kinds of their sources.

use super::containers::check_field_path;
use super::containers::check_resource_field;
use super::names::{
    has_no_backsteps, is_descending, is_file_path, is_label, is_qualified_name, is_signer, is_subdomain,
    is_trust_bundle,
};
use super::quantity::Quantity;
use super::scheduling::check_selector;
use super::view::{At, Problems};
use super::{check_annotations, check_labels, check_range, check_word, check_word_if_set};

/// `ValidateVolumes`, of a pod of this name, where it has one
pub fn check(volumes: &At<'_>, pod: &str, problems: &mut Problems) {
    let of_claim = |volume: &At<'_>| format!("{pod}-{}", volume.member("name").text());
    let created: Vec<_> =
        volumes.items().iter().filter(|it| it.member("ephemeral").is_set() && !pod.is_empty()).map(of_claim).collect();
    for volume in volumes.items() {
        problems.check(is_label(volume.member("name").text()), "the name of a volume is a DNS label", &volume);
        let sources: Vec<_> =
            volume.entries().into_iter().filter(|(key, value)| *key != "name" && value.is_set()).collect();
        // Where there is none, the server fills in an emptyDir.
        problems.check(sources.len() <= 1, "a volume has one source", &volume);
        for (kind, source) in sources {
            check_required(kind, &source, problems);
            check_source(kind, &source, &volume, problems);
        }
        let claim = volume.member("persistentVolumeClaim").member("claimName");
        let is_created = created.iter().any(|name| name == claim.text());
        problems.check(!is_created, "a volume has no claim that is made for another volume of the pod", &claim);
        let is_name = !volume.member("ephemeral").is_set() || pod.is_empty() || is_subdomain(&of_claim(&volume));
        problems.check(is_name, "the claim of an ephemeral volume is named by pod and volume", &volume);
    }
    let names = volumes.items().into_iter().map(|volume| (volume.member("name").text().to_owned(), volume));
    problems.check_distinct(names, "volumes have different names");
}

/// The members that a source must have, as strings or lists that are not empty.
const REQUIRED: [(&str, &[&str]); 25] = [
    ("awsElasticBlockStore", &["volumeID"]),
    ("azureDisk", &["diskName", "diskURI"]),
    ("azureFile", &["secretName", "shareName"]),
    ("cephfs", &["monitors"]),
    ("cinder", &["volumeID"]),
    ("configMap", &["name"]),
    ("csi", &["driver"]),
    ("flexVolume", &["driver"]),
    ("gcePersistentDisk", &["pdName"]),
    ("gitRepo", &["repository"]),
    ("glusterfs", &["endpoints", "path"]),
    ("hostPath", &["path"]),
    ("image", &["reference"]),
    ("iscsi", &["iqn", "targetPortal"]),
    ("nfs", &["path", "server"]),
    ("persistentVolumeClaim", &["claimName"]),
    ("photonPersistentDisk", &["pdID"]),
    ("portworxVolume", &["volumeID"]),
    ("quobyte", &["registry", "volume"]),
    ("rbd", &["image", "monitors"]),
    ("scaleIO", &["gateway", "system", "volumeName"]),
    ("secret", &["secretName"]),
    ("storageos", &["volumeName"]),
    ("vsphereVolume", &["volumePath"]),
    ("ephemeral", &["volumeClaimTemplate"]),
];

fn check_required(kind: &str, source: &At<'_>, problems: &mut Problems) {
    for member in REQUIRED.iter().filter(|(known, _)| *known == kind).flat_map(|(_, members)| *members) {
        let member = source.member(member);
        let is_there = !member.text().is_empty() || !member.items().is_empty() || !member.entries().is_empty();
        problems.check(is_there, "the source of a volume has what it must have", &member);
    }
    // Those that check the reference of a secret.
    if matches!(kind, "cinder" | "storageos") {
        let secret = source.member("secretRef");
        let has_name = !secret.is_set() || !secret.member("name").text().is_empty();
        problems.check(has_name, "the secret of a volume has a name", &secret);
    }
}

/// `validateVolumeSource`
fn check_source(kind: &str, source: &At<'_>, volume: &At<'_>, problems: &mut Problems) {
    let text = |name| source.member(name).text();
    match kind {
        "emptyDir" => {
            let limit = source.member("sizeLimit");
            let is_right = !limit.is_set() || Quantity::parse(&limit.spelt()).is_some_and(|it| it >= Quantity::ZERO);
            problems.check(is_right, "a size limit is not negative", &limit);
        }
        "hostPath" => {
            problems.check(has_no_backsteps(text("path")), "the path of a host path has no ..", source);
            let words =
                ["", "DirectoryOrCreate", "Directory", "FileOrCreate", "File", "Socket", "CharDevice", "BlockDevice"];
            check_word(&source.member("type"), &words, "the type of a host path is one of its words", problems);
        }
        "gitRepo" => problems.check(is_descending(text("directory")), "the directory of gitRepo is relative", source),
        "gcePersistentDisk" | "awsElasticBlockStore" => {
            check_range(&source.member("partition"), 0, 255, "a partition is from 0 to 255", problems);
        }
        "secret" | "configMap" => check_files_of_keys(source, problems),
        "nfs" => problems.check(text("path").starts_with('/'), "the path of NFS is absolute", source),
        "iscsi" => check_iscsi(source, volume, problems),
        "flocker" => {
            let are_set = ["datasetName", "datasetUUID"].into_iter().filter(|name| !text(name).is_empty()).count();
            problems.check(are_set == 1, "flocker has one data set", source);
            problems.check(!text("datasetName").contains('/'), "the data set of flocker has no / in it", source);
        }
        "quobyte" => {
            let is_pair = |pair: &str| {
                pair.rsplit_once(':').is_some_and(|(host, _)| !host.contains(':') || host.starts_with('['))
            };
            let is_right = text("registry").is_empty() || text("registry").split(',').all(is_pair);
            problems.check(is_right, "the registry of quobyte has hosts with ports", source);
            problems.check(text("tenant").len() <= 64, "the tenant of quobyte has at most 64 characters", source);
        }
        "downwardAPI" => {
            check_mode(&source.member("defaultMode"), problems);
            source.member("items").items().iter().for_each(|file| check_downward_file(file, problems));
        }
        "fc" => check_fibre_channel(source, problems),
        "flexVolume" => {
            for (key, option) in source.member("options").entries() {
                let domain = format!(".{}", key.split('/').next().unwrap_or_default().to_ascii_lowercase());
                let is_reserved = domain.ends_with(".kubernetes.io") || domain.ends_with(".k8s.io");
                problems.check(!is_reserved, "an option of flexVolume is not in Kubernetes' domain", &option);
            }
        }
        "azureDisk" => check_azure_disk(source, problems),
        "storageos" => {
            for name in ["volumeName", "volumeNamespace"] {
                let is_right = text(name).is_empty() || is_label(text(name));
                problems.check(is_right, "the names of StorageOS are DNS labels", &source.member(name));
            }
        }
        "projected" => check_projected(source, problems),
        "csi" => {
            let is_driver = text("driver").len() <= 63 && is_subdomain(&text("driver").to_ascii_lowercase());
            problems.check(is_driver, "a CSI driver is a DNS subdomain of at most 63 characters", source);
            let secret = source.member("nodePublishSecretRef");
            let is_right = !secret.is_set() || is_subdomain(secret.member("name").text());
            problems.check(is_right, "the secret of a CSI volume has a name", &secret);
        }
        "ephemeral" => check_claim_template(&source.member("volumeClaimTemplate"), problems),
        "image" => {
            let words = ["Always", "Never", "IfNotPresent"];
            check_word(&source.member("pullPolicy"), &words, "a pull policy is one of its words", problems);
        }
        _ => {}
    }
}

fn check_mode(mode: &At<'_>, problems: &mut Problems) {
    check_range(mode, 0, 0o777, "a mode is from 0 to 0777", problems);
}

/// `validateKeyToPath`, of the items of a config map or a secret
fn check_files_of_keys(source: &At<'_>, problems: &mut Problems) {
    check_mode(&source.member("defaultMode"), problems);
    for item in source.member("items").items() {
        problems.check(!item.member("key").text().is_empty(), "an item has a key", &item);
        problems.check(is_file_path(item.member("path").text()), "the path of a file is relative, without ..", &item);
        check_mode(&item.member("mode"), problems);
    }
}

/// `validateISCSIVolumeSource`
fn check_iscsi(source: &At<'_>, volume: &At<'_>, problems: &mut Problems) {
    let is_name = |text: &str| match text.get(..3) {
        Some("iqn") => is_iqn(text),
        Some("eui") => is_worldwide(text, 16),
        Some("naa") => is_worldwide(text, 32),
        _ => false,
    };
    let (iqn, initiator) = (source.member("iqn"), source.member("initiatorName"));
    problems.check(iqn.text().is_empty() || is_name(iqn.text()), "iqn is a name of iSCSI", &iqn);
    problems.check(initiator.text_if_set().is_none_or(is_name), "initiatorName is a name of iSCSI", &initiator);
    check_range(&source.member("lun"), 0, 255, "a lun is from 0 to 255", problems);
    let has_chap = ["chapAuthDiscovery", "chapAuthSession"].iter().any(|name| source.member(name).is_true());
    problems.check(!has_chap || source.member("secretRef").is_set(), "iSCSI with CHAP has a secret", source);
    let length = volume.member("name").text().len() + 1 + source.member("targetPortal").text().len();
    let is_short = !initiator.is_set() || length <= 64;
    problems.check(is_short, "with initiatorName, volume and portal have at most 64 characters", source);
}

/// `iqn.2001-04.com.example:storage`, where the last colon has something behind it. The expression of the server is not
/// anchored at its beginning, but the name begins with it.
fn is_iqn(text: &str) -> bool {
    let Some((authority, rest)) = text.split_once(':') else { return false };
    let parts: Vec<_> = authority.splitn(3, '.').collect();
    let [_, date, domain] = parts[..] else { return false };
    let is_number = |text: &str, length| text.len() == length && text.bytes().all(|digit| digit.is_ascii_digit());
    let is_date = date.split_once('-').is_some_and(|(year, month)| is_number(year, 4) && is_number(month, 2));
    let is_domain = domain.chars().all(|each| each.is_ascii_alphanumeric() || matches!(each, '-' | '.'));
    let is_rest =
        !rest.is_empty() && !rest.contains(|each: char| ",;*&$|".contains(each) || each.is_ascii_whitespace());
    authority.starts_with("iqn.") && is_date && is_domain && !domain.is_empty() && is_rest
}

fn is_worldwide(text: &str, length: usize) -> bool {
    let name = text.get(4..).unwrap_or_default();
    name.len() == length && name.chars().all(|each| each.is_ascii_alphanumeric())
}

/// `validateFCVolumeSource`
fn check_fibre_channel(source: &At<'_>, problems: &mut Problems) {
    let has = |name| !source.member(name).items().is_empty();
    problems.check(has("targetWWNs") != has("wwids"), "fc has targets or wwids", source);
    let lun = source.member("lun");
    if has("targetWWNs") {
        problems.check(lun.is_set(), "fc with targets has a lun", source);
        check_range(&lun, 0, 255, "a lun is from 0 to 255", problems);
    }
}

/// `validateAzureDisk`
fn check_azure_disk(source: &At<'_>, problems: &mut Problems) {
    let (mode, kind) = (source.member("cachingMode"), source.member("kind"));
    check_word_if_set(&mode, &["None", "ReadOnly", "ReadWrite"], "cachingMode is one of its words", problems);
    check_word_if_set(
        &kind,
        &["Shared", "Dedicated", "Managed"],
        "the kind of azureDisk is one of its words",
        problems,
    );
    let prefix = if kind.text() == "Managed" { "/subscriptions/" } else { "https://" };
    let is_right = !kind.is_set() || source.member("diskURI").text().starts_with(prefix);
    problems.check(is_right, "diskURI is of the kind of azureDisk", source);
}

/// `validateDownwardAPIVolumeFile`
fn check_downward_file(file: &At<'_>, problems: &mut Problems) {
    problems.check(is_file_path(file.member("path").text()), "the path of a file is relative, without ..", file);
    check_mode(&file.member("mode"), problems);
    let (field, resource) = (file.member("fieldRef"), file.member("resourceFieldRef"));
    problems.check(field.is_set() != resource.is_set(), "a file of the downward API has one source", file);
    if field.is_set() {
        let known = ["metadata.name", "metadata.namespace", "metadata.labels", "metadata.annotations", "metadata.uid"];
        check_field_path(&field, &known, problems);
    }
    if resource.is_set() {
        let has_name = !resource.member("containerName").text().is_empty();
        problems.check(has_name, "a resource field of a volume names a container", &resource);
        check_resource_field(&resource, problems);
    }
}

/// `validateProjectedVolumeSource`, `validateProjectionSources`
fn check_projected(source: &At<'_>, problems: &mut Problems) {
    check_mode(&source.member("defaultMode"), problems);
    let mut paths = Vec::new();
    for projection in source.member("sources").items() {
        let kinds: Vec<_> = projection.entries().into_iter().filter(|(_, value)| value.is_set()).collect();
        problems.check(kinds.len() <= 1, "a projection has one source", &projection);
        for (kind, source) in kinds {
            paths.extend(source.member("items").items().into_iter().map(|item| item.member("path")));
            match kind {
                "secret" | "configMap" => {
                    problems.check(!source.member("name").text().is_empty(), "a projection has a name", &source);
                    check_files_of_keys(&source, problems);
                }
                "downwardAPI" => {
                    source.member("items").items().iter().for_each(|file| check_downward_file(file, problems));
                }
                "serviceAccountToken" => check_token(&source, problems),
                "clusterTrustBundle" => check_trust_bundle(&source, &mut paths, problems),
                "podCertificate" => check_certificate(&source, &mut paths, problems),
                _ => {}
            }
        }
    }
    let paths = paths.into_iter().filter(|path| !path.text().is_empty());
    problems.check_distinct(paths.map(|path| (path.text().to_owned(), path)), "files of a projected volume differ");
}

fn check_token(source: &At<'_>, problems: &mut Problems) {
    let expiration = source.member("expirationSeconds");
    check_range(&expiration, 600, 1 << 32, "a token expires after 600 to 4294967296 seconds", problems);
    problems.check(is_file_path(source.member("path").text()), "the path of a file is relative, without ..", source);
}

fn check_trust_bundle<'a>(source: &At<'a>, paths: &mut Vec<At<'a>>, problems: &mut Problems) {
    let (name, signer) = (source.member("name"), source.member("signerName"));
    problems.check(name.is_set() != signer.is_set(), "a trust bundle has a name or a signer", source);
    problems.check(name.text_if_set().is_none_or(is_trust_bundle), "the name of a trust bundle is one", &name);
    problems.check(signer.text_if_set().is_none_or(is_signer), "the name of a signer has a domain", &signer);
    let selector = source.member("labelSelector");
    problems.check(!name.is_set() || !selector.is_set(), "a trust bundle with a name has no selector", &selector);
    check_selector(&selector, problems);
    let path = source.member("path");
    problems.check(is_file_path(path.text()), "the path of a file is relative, without ..", &path);
    paths.push(path);
}

/// By the documentation of `PodCertificateProjection` in `k8s.io/api/core/v1/types.go`.
fn check_certificate<'a>(source: &At<'a>, paths: &mut Vec<At<'a>>, problems: &mut Problems) {
    let (signer, key_type) = (source.member("signerName"), source.member("keyType"));
    problems.check(is_signer(signer.text()), "the name of a signer has a domain", &signer);
    let words = ["RSA3072", "RSA4096", "ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519"];
    problems.check(words.contains(&key_type.text()), "keyType is one of its words", &key_type);
    let expiration = source.member("maxExpirationSeconds");
    check_range(&expiration, 3600, 7_862_400, "a certificate expires after an hour to 91 days", problems);
    for name in ["credentialBundlePath", "keyPath", "certificateChainPath"] {
        let path = source.member(name);
        let is_right = path.text().is_empty() || is_file_path(path.text());
        problems.check(is_right, "the path of a file is relative, without ..", &path);
        paths.push(path);
    }
    for (key, annotation) in source.member("userAnnotations").entries() {
        let is_right = key.contains('/') && is_qualified_name(&key.to_ascii_lowercase());
        problems.check(is_right, "an annotation of a certificate has a domain", &annotation);
    }
}

/// `ValidatePersistentVolumeClaimTemplate`, `ValidatePersistentVolumeClaimSpec`
fn check_claim_template(template: &At<'_>, problems: &mut Problems) {
    let (metadata, spec) = (template.member("metadata"), template.member("spec"));
    check_labels(&metadata.member("labels"), problems);
    check_annotations(&metadata.member("annotations"), problems);
    let is_taken = |key: &str| matches!(key, "labels" | "annotations" | "creationTimestamp");
    let has_no_others = metadata.entries().iter().all(|(key, value)| is_taken(key) || !value.is_set());
    problems.check(has_no_others, "the template of a claim has labels and annotations alone", &metadata);
    let modes = spec.member("accessModes");
    problems.check(!modes.items().is_empty(), "a claim has an access mode", &modes);
    let words = ["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"];
    problems.check(modes.texts().iter().all(|mode| words.contains(mode)), "an access mode is one of its words", &modes);
    let alone = modes.texts().iter().all(|mode| *mode == "ReadWriteOncePod");
    problems.check(alone || !modes.texts().contains(&"ReadWriteOncePod"), "ReadWriteOncePod is alone", &modes);
    check_selector(&spec.member("selector"), problems);
    let storage = spec.member("resources").member("requests").member("storage");
    let is_some = Quantity::parse(&storage.spelt()).is_some_and(|it| it > Quantity::ZERO);
    problems.check(is_some, "a claim asks for storage", &storage);
    for name in ["storageClassName", "volumeAttributesClassName"] {
        let class = spec.member(name);
        let is_right = class.text().is_empty() || is_subdomain(class.text());
        problems.check(is_right, "the class of a claim is a DNS subdomain", &class);
    }
    let mode = spec.member("volumeMode");
    check_word_if_set(&mode, &["Block", "Filesystem"], "volumeMode is one of its words", problems);
    check_data_sources(&spec, problems);
}

/// `validateDataSource`, `validateDataSourceRef`
fn check_data_sources(spec: &At<'_>, problems: &mut Problems) {
    let sources = ["dataSource", "dataSourceRef"].map(|name| spec.member(name));
    for source in sources.iter().filter(|source| source.is_set()) {
        let of = |name| source.member(name).text();
        let is_named = !of("name").is_empty() && !of("kind").is_empty();
        problems.check(is_named, "the source of a claim has a kind and a name", source);
        let is_right = if of("apiGroup").is_empty() {
            of("kind") == "PersistentVolumeClaim"
        } else {
            is_subdomain(of("apiGroup"))
        };
        problems.check(is_right, "the source of a claim is a claim, or of an API group", source);
        let is_namespace = of("namespace").is_empty() || is_label(of("namespace"));
        problems.check(is_namespace, "the namespace of a source is a DNS label", source);
    }
    let [one, other] = &sources;
    if one.is_set() && other.is_set() {
        let same = |name| one.member(name).value() == other.member(name).value();
        let is_right =
            other.member("namespace").text().is_empty() && ["apiGroup", "kind", "name"].into_iter().all(same);
        problems.check(is_right, "two sources of a claim are the same", other);
    }
}
