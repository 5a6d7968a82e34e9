//! Settings that are checked: what is wrong is shown for names, paths, words, numbers, label values and quantities;
//! anything else is described by its type (contract, "Settings checks").

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::corpus;
use super::places::Shown::{List, Members, Number, Text};
use super::places::{Place, Row, Seen, Spelling, has_canary, places};
use super::random::{Edit, edits};
use crate::evaluator::{settings_problem, validate_settings};
use crate::generate::unchecked_settings;
use crate::run::check;

/// What may be shown. What is not in this table is a secret: values of variables and annotations, arguments, addresses of
/// proxies and of Vault, what goes to drivers of volumes, unknown fields, and whatever is of the wrong type.
const SHOWN: &[Row] = &[
    Row(&["/notebooks", "/pipelinePods", "/pods"], &[List], "names of dependencies"),
    Row(&["/notebooks/#", "/pipelinePods/#", "/pods/#", "/retired/#"], &[Text], "names of dependencies"),
    Row(&["/annotationDomain"], &[Text], "a name: that of a domain"),
    Row(&["dependencies/*/containers"], &[Text], "a word"),
    Row(&["dependencies/*/containers/#"], &[Text], "names of containers"),
    Row(&["#/name", "claims/#/request", "vault/volumeName"], &[Text], "the name of an entry, or what it refers to"),
    Row(&["envFrom/#/prefix"], &[Text], "the beginning of names"),
    Row(
        &[
            "configMap/name",
            "configMapRef/name",
            "configMapKeyRef/name",
            "secret/name",
            "secretRef/name",
            "secretKeyRef/name",
        ],
        &[Text],
        "names of objects",
    ),
    Row(
        &[
            "secret/secretName",
            "persistentVolumeClaim/claimName",
            "#/resourceClaimName",
            "#/resourceClaimTemplateName",
            "csi/driver",
            "fileKeyRef/volumeName",
            "pem/configMap",
            "pem/secret",
            "jks/configMap",
            "jks/secret",
        ],
        &[Text],
        "names of objects",
    ),
    Row(
        &[
            "dependencies/*/serviceAccountName",
            "dependencies/*/priorityClassName",
            "dependencies/*/runtimeClassName",
            "spec/storageClassName",
            "spec/volumeAttributesClassName",
            "dataSource/apiGroup",
            "dataSourceRef/apiGroup",
            "dataSourceRef/namespace",
            "storageos/volumeNamespace",
            "clusterTrustBundle/name",
            "clusterTrustBundle/signerName",
            "podCertificate/signerName",
            "windowsOptions/gmsaCredentialSpecName",
        ],
        &[Text],
        "names of objects",
    ),
    Row(&["items/#/key", "secretKeyRef/key", "configMapKeyRef/key", "pem/key", "jks/key"], &[Text], "names of keys"),
    Row(
        &["tolerations/#/key", "matchExpressions/#/key", "matchFields/#/key", "*/topologyKey"],
        &[Text],
        "names of labels",
    ),
    Row(
        &["*/matchLabelKeys/#", "*/mismatchLabelKeys/#", "*/namespaces/#"],
        &[Text],
        "names of labels and of namespaces",
    ),
    Row(&["dnsConfig/nameservers"], &[List], "names of machines"),
    Row(
        &["dnsConfig/nameservers/#", "dnsConfig/searches/#", "hostAliases/#/hostnames/#", "hostAliases/#/ip"],
        &[Text],
        "names of machines",
    ),
    Row(
        &["#/image", "image/reference", "vault/image"],
        &[Text],
        "the name of an image: what a registry asks for is in a pull secret",
    ),
    Row(
        &[
            "items/#/path",
            "hostPath/path",
            "nfs/path",
            "serviceAccountToken/path",
            "clusterTrustBundle/path",
            "podCertificate/certificateChainPath",
            "podCertificate/credentialBundlePath",
            "podCertificate/keyPath",
            "gitRepo/directory",
            "fileKeyRef/path",
            "volumeMounts/#/mountPath",
            "volumeMounts/#/subPath",
            "volumeMounts/#/subPathExpr",
            "volumeDevices/#/devicePath",
            "seccompProfile/localhostProfile",
            "vault/secretsPath",
        ],
        &[Text],
        "paths",
    ),
    Row(
        &[
            "/runningNotebooks",
            "dependencies/*/onConflict",
            "caBundle/mount",
            "*/imagePullPolicy",
            "dependencies/*/dnsPolicy",
            "initContainers/#/restartPolicy",
            "sidecars/#/restartPolicy",
            "*/terminationMessagePolicy",
            "resizePolicy/#/resourceName",
            "resizePolicy/#/restartPolicy",
            "volumeMounts/#/mountPropagation",
            "volumeMounts/#/recursiveReadOnly",
            "hostPath/type",
            "seccompProfile/type",
            "appArmorProfile/type",
            "*/procMount",
            "securityContext/fsGroupChangePolicy",
            "securityContext/seLinuxChangePolicy",
            "securityContext/supplementalGroupsPolicy",
            "ports/#/protocol",
            "httpGet/scheme",
            "*/operator",
            "tolerations/#/effect",
            "*/whenUnsatisfiable",
            "*/nodeTaintsPolicy",
            "spec/volumeMode",
            "azureDisk/cachingMode",
            "azureDisk/kind",
            "podCertificate/keyType",
            "restartPolicyRules/#/action",
            "spec/accessModes/#",
            "fieldRef/apiVersion",
            "fieldRef/fieldPath",
            "resourceFieldRef/resource",
        ],
        &[Text],
        "words",
    ),
    Row(&["spec/accessModes"], &[List], "words"),
    Row(&["httpGet/port", "tcpSocket/port"], &[Text], "the name of a port"),
    Row(
        &["limits/*", "requests/*", "emptyDir/sizeLimit", "vault/sizeLimit", "resourceFieldRef/divisor"],
        &[Text, Number],
        "quantities",
    ),
    Row(&["resources/limits", "resources/requests"], &[Members], "quantities"),
    Row(&["labels/*", "matchLabels/*", "nodeSelector/*", "values/#"], &[Text], "values of labels"),
];

/// Fields that hold a number, which is shown where it is out of range.
const NUMBERS: &[Row] = &[Row(
    &[
        "*/activeDeadlineSeconds",
        "*/containerPort",
        "*/defaultMode",
        "*/expirationSeconds",
        "*/failureThreshold",
        "*/fsGroup",
        "*/hostPort",
        "*/initialDelaySeconds",
        "*/lun",
        "*/maxExpirationSeconds",
        "*/maxSkew",
        "*/minDomains",
        "*/mode",
        "*/partition",
        "*/periodSeconds",
        "*/port",
        "*/priority",
        "*/runAsGroup",
        "*/runAsUser",
        "*/seconds",
        "*/successThreshold",
        "*/supplementalGroups/#",
        "*/terminationGracePeriodSeconds",
        "*/timeoutSeconds",
        "*/tolerationSeconds",
        "*/weight",
        "exitCodes/values/#",
    ],
    &[Number],
    "numbers",
)];

/// Whether a canary of this spelling is a secret at a place.
fn is_secret(place: &Place, spelling: Spelling) -> bool {
    place.row(spelling, SHOWN).or_else(|| place.row(spelling, NUMBERS)).is_none()
}

/// What is said of settings must not show a canary.
fn assert_hidden(name: &str, settings: &Value) {
    if let Some(message) = settings_problem(settings) {
        assert!(!has_canary(&message), "{name}: {message}\n{settings:#}");
    }
}

/// Each way to a value once, with every spelling; where it may be shown, until it was. A row of the table of which nothing
/// was shown would be too many.
#[test]
fn a_value_is_shown_only_where_the_table_says_so() {
    let (mut tried, mut seen) = (BTreeSet::new(), Seen::default());
    for (name, settings) in corpus::settings() {
        for (number, place) in places(settings).into_iter().enumerate() {
            for spelling in Spelling::ALL {
                let is_new = tried.insert((corpus::kind_of_way(&place.way), spelling));
                let row = place.row(spelling, SHOWN);
                let may_be_shown = row.is_some_and(|row| !seen.has(row, &place, spelling));
                if place.row(spelling, NUMBERS).is_some() || !is_new && !may_be_shown {
                    continue;
                }
                let mut settings = settings.clone();
                place.put(&mut settings, spelling.canary(number));
                match row {
                    None => assert_hidden(&format!("{name}, {spelling:?} at {}", place.pointer), &settings),
                    Some(row) if settings_problem(&settings).is_some_and(|message| has_canary(&message)) => {
                        seen.note(row, &place, spelling);
                    }
                    Some(_) => {}
                }
            }
        }
    }
    assert!(tried.len() >= 9_000, "{}", tried.len());
    seen.assert_whole(SHOWN);
}

#[test]
fn no_value_is_shown_where_all_are_wrong_at_once() {
    for (name, settings) in corpus::settings() {
        let places = places(settings);
        for spelling in Spelling::ALL {
            let mut settings = settings.clone();
            for (number, place) in places.iter().enumerate().filter(|(_, place)| !place.is_inner) {
                if is_secret(place, spelling) {
                    place.put(&mut settings, spelling.canary(number));
                }
            }
            assert_hidden(&format!("{name}, {spelling:?}"), &settings);
        }
    }
}

/// Unknown fields, in every object.
#[test]
fn what_an_unknown_field_holds_is_not_shown() {
    for (name, settings) in corpus::settings() {
        let mut with_unknown = settings.clone();
        for place in places(settings).iter().rev().filter(|place| place.is_inner) {
            let Some(Value::Object(members)) = with_unknown.pointer_mut(&place.pointer) else { continue };
            // The values of these may be shown, whatever the name.
            if !["labels", "matchLabels", "nodeSelector", "limits", "requests"].iter().any(|end| place.ends_with(end)) {
                members.extend(Spelling::ALL.map(|spelling| (format!("x{}", spelling as u8), spelling.canary(7))));
            }
        }
        assert_hidden(name, &with_unknown);
    }
}

/// A member twice, with a canary in the first or in the last.
#[test]
fn what_stands_there_twice_is_not_shown() {
    for (name, settings) in corpus::settings() {
        for (number, place) in places(settings).iter().enumerate().filter(|(_, place)| !place.is_inner) {
            let spelling = Spelling::ALL[number % Spelling::ALL.len()];
            if !is_secret(place, spelling) {
                continue;
            }
            if let Some(text) = place.twice(settings, spelling.canary(number)) {
                let answer = validate_settings(text.as_bytes());
                assert!(!has_canary(&String::from_utf8_lossy(&answer)), "{name}: {text}");
            }
        }
    }
}

/// The names of variables and of headers, written with a value.
#[test]
fn what_stands_behind_a_name_is_not_shown() {
    let secret = Spelling::Odd.canary(1);
    let mut tried = 0;
    for (name, settings) in corpus::settings() {
        let ends = ["env/#/name", "envFrom/#/prefix", "httpHeaders/#/name"];
        for place in places(settings).iter().filter(|place| ends.iter().any(|end| place.ends_with(end))) {
            for between in ["=", ":", ": ", " = ", "==", "=\n"] {
                let mut settings = settings.clone();
                place.put(&mut settings, json!(format!("NAME{between}{}", secret.as_str().unwrap_or_default())));
                assert_hidden(name, &settings);
                tried += 1;
            }
        }
    }
    assert!(tried >= 500, "{tried}");
}

/// Text that is not JSON, before, in and behind a canary.
#[test]
fn what_is_not_json_is_not_shown() {
    let mut tried = 0;
    for spelling in Spelling::ALL {
        let settings = json!({
            "dependencies": {"a": {"env": [{"name": "A", "value": spelling.canary(1)}]}},
            "notebooks": ["a"],
        });
        for text in super::broken::texts(&settings.to_string()) {
            let answer = validate_settings(&text);
            assert!(!has_canary(&String::from_utf8_lossy(&answer)), "{}", String::from_utf8_lossy(&text));
            tried += 1;
        }
    }
    assert!(tried >= 500, "{tried}");
}

/// Any of them at once, in settings that were changed beforehand.
#[test]
fn no_value_is_shown_in_any_settings() {
    let all = corpus::settings();
    check(&(0..all.len(), edits()), |(at, edits)| {
        let (name, settings) = &all[at];
        let mut settings = settings.clone();
        Edit::apply_all(&edits, &mut settings, &is_secret, &[]);
        assert_hidden(name, &settings);
        Ok(())
    });
}

/// Nor in settings that are generated, with one of their values.
#[test]
fn no_value_is_shown_in_generated_settings() {
    let spelling = prop::sample::select(&Spelling::ALL[..]);
    check(&(unchecked_settings(), any::<prop::sample::Index>(), spelling), |(mut settings, at, spelling)| {
        let secret = places(&settings).into_iter().filter(|place| is_secret(place, spelling)).collect::<Vec<_>>();
        if !secret.is_empty() {
            at.get(&secret).put(&mut settings, spelling.canary(1));
        }
        assert_hidden("generated", &settings);
        Ok(())
    });
}

/// What is wrong with a name is found by who looks for it.
#[test]
fn a_name_is_seen_where_it_is_shown() {
    let settings = json!({"dependencies": {}, "notebooks": [Spelling::Name.canary(1)]});
    assert!(settings_problem(&settings).is_some_and(|message| has_canary(&message)));
}
