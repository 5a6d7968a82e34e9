#!/usr/bin/env bats
# The policy as it is published, run as its users run it: requests in, answers out.
#
# KWCTL names the command: kwctl, or policy-host, which takes the same flags and gives the same answers. Nothing here
# looks at how anything is done, only at what comes back.
#
# An assertion is a function that says what it found and returns 1, since a bare `!` or `[[` does not fail every test.

bats_require_minimum_version 1.5.0

setup_file() {
    cd "$BATS_TEST_DIRNAME"
    if [ -z "${KWCTL:-}" ]; then
        KWCTL=$(command -v kwctl || echo "${POLICY_HOST:-host/target/debug/policy-host}")
    fi
    export KWCTL
}

setup() {
    cd "$BATS_TEST_DIRNAME"
    SETTINGS=test_data/settings.yaml
    REQUEST=$BATS_TEST_TMPDIR/request.json
    RESPONSE=
}

# ---- what the tests are made of ----

# request NAME [FILTER [JQ OPTION...]]: a request of test_data/requests, changed by a jq filter.
request() {
    local name=$1 filter=${2:-.}
    shift $(($# < 2 ? $# : 2))
    jq "$@" "$filter" "test_data/requests/$name.json" > "$REQUEST"
}

# The answer to the request.
evaluate() {
    RESPONSE=$("$KWCTL" run --request-path "$REQUEST" --settings-path "$SETTINGS" annotated-policy.wasm)
}

# What jq knows about answers. A hash says that settings changed, not what they are: it is put out of sight. The order of
# operations on different paths means nothing, so they are sorted.
WORDS='
    def decoded: if .patch == null then [] else .patch | @base64d | fromjson end;
    def without_hash: walk(if type == "string" then gsub("\"hash\":\"[0-9a-f]{16}\""; "\"hash\":\"HASH\"") else . end);
    def operations: decoded | without_hash | sort_by(.path);
'

# holds FILTER: the filter says true about the answer.
holds() {
    if ! jq --exit-status "$WORDS $1" <<< "$RESPONSE" > /dev/null; then
        echo "this does not hold: $1"
        show
        return 1
    fi
}

# patch_is FILTER: the patch has exactly the operations that the filter makes, in any order.
patch_is() {
    local expected found
    expected=$(jq --sort-keys --null-input "$WORDS $1 | sort_by(.path)")
    found=$(jq --sort-keys "$WORDS operations" <<< "$RESPONSE")
    if [ "$expected" != "$found" ]; then
        echo "the patch is another one (<: expected, >: found)"
        diff <(echo "$expected") <(echo "$found") || true
        show
        return 1
    fi
}

untouched() {
    holds '.allowed == true'
    holds '.patch == null'
    holds '.warnings // [] == []'
    holds '.auditAnnotations // {} == {}'
}

show() {
    echo "request: $REQUEST, settings: $SETTINGS, answer:"
    jq "$WORDS if .patch then .patch = decoded else . end" <<< "$RESPONSE" || echo "$RESPONSE"
}

# The object of the request after the patch, as the API server would store it.
patched() {
    jq --argjson response "$RESPONSE" "$WORDS"'
        def keys_of($path): $path / "/" | .[1:] | map(gsub("~1"; "/") | gsub("~0"; "~"));
        def located($keys): reduce $keys[] as $key
            ({object: ., path: []};
             .path += [if (.path as $path | .object | getpath($path) | type) == "array" then $key | tonumber else $key end])
            | .path;
        reduce ($response | decoded)[] as $change (.request.object;
            located(keys_of($change.path)) as $path
            | if $change.op == "remove" then delpaths([$path])
              elif $change.op == "add" and ($path[-1] | type) == "number" then
                  $path[-1] as $at | setpath($path[:-1]; getpath($path[:-1]) | .[:$at] + [$change.value] + .[$at:])
              elif $change.op == "add" or $change.op == "replace" then setpath($path; $change.value)
              else error("an operation that is not expected here: \($change.op)")
              end)
    ' "$REQUEST"
}

# What a notebook has once its pull secret is added, and what a pod has.
ANNOTATIONS='{
    "mutatingflow.nais.io/injected":
        ({Notebook: {registry: {hash: "HASH", added: {imagePullSecrets: ["gpr-credentials"]}}}} | tojson),
    "mutatingflow.nais.io/status": "injected"
}'
ANNOTATED="($ANNOTATIONS | to_entries
    | map({op: \"add\", path: \"/metadata/annotations/\\(.key | gsub(\"/\"; \"~1\"))\", value}))"
ANNOTATED_POD=${ANNOTATED/Notebook:/Pod:}
PULL_SECRET='{op: "add", path: "/spec/template/spec/imagePullSecrets", value: [{name: "gpr-credentials"}]}'

# ---- Notebooks ----

@test "a notebook gets its pull secret, and a record of it" {
    SETTINGS=test_data/settings-registry.yaml
    for name in notebook-create notebook-create-dry-run notebook-create-kubectl-apply notebook-create-server-side-apply; do
        request "$name"
        evaluate
        holds '.allowed == true'
        holds '.patchType == "JSONPatch"'
        holds '.auditAnnotations == {dependencies: "registry"}'
        holds '.warnings // [] == []'
        patch_is "$ANNOTATED + [$PULL_SECRET]"
    done
}

@test "the response has the uid of the request" {
    request notebook-create '.request.uid = "11111111-2222-3333-4444-555555555555"'
    evaluate
    holds '.uid == "11111111-2222-3333-4444-555555555555"'
}

@test "a bare request is evaluated as a review is" {
    SETTINGS=test_data/settings-registry.yaml
    request notebook-create .request
    evaluate
    patch_is "$ANNOTATED + [$PULL_SECRET]"
}

@test "every version of a notebook is one" {
    SETTINGS=test_data/settings-registry.yaml
    for version in v1 v1beta1 v1alpha1; do
        request notebook-create '
            (.request | .kind, .resource, .requestKind, .requestResource).version = $version
            | .request.object.apiVersion = "kubeflow.org/\($version)"' --arg version "$version"
        evaluate
        patch_is "$ANNOTATED + [$PULL_SECRET]"
    done
}

@test "a pull secret goes after those of the user" {
    SETTINGS=test_data/settings-registry.yaml
    request notebook-create '.request.object.spec.template.spec.imagePullSecrets = [{name: "mine"}, {name: "too"}]'
    evaluate
    patch_is "$ANNOTATED + [{op: \"add\", path: \"/spec/template/spec/imagePullSecrets/2\", value: {name: \"gpr-credentials\"}}]"
}

@test "a pull secret that is there already is left alone, and so is the notebook" {
    SETTINGS=test_data/settings-registry.yaml
    request notebook-create '.request.object.spec.template.spec.imagePullSecrets = [{name: "gpr-credentials"}, {name: "mine"}]'
    evaluate
    untouched
}

@test "a list that is null or empty counts as absent" {
    SETTINGS=test_data/settings-registry.yaml
    request notebook-create '.request.object.spec.template.spec.imagePullSecrets = []'
    evaluate
    patch_is "$ANNOTATED + [{op: \"add\", path: \"/spec/template/spec/imagePullSecrets/0\", value: {name: \"gpr-credentials\"}}]"

    request notebook-create '.request.object.spec.template.spec.imagePullSecrets = null'
    evaluate
    holds '.allowed == true'
    patched | jq --exit-status '.spec.template.spec.imagePullSecrets == [{name: "gpr-credentials"}]'
}

@test "annotations that are absent or null are made" {
    SETTINGS=test_data/settings-registry.yaml
    request notebook-create-v1alpha1-without-annotations
    evaluate
    patch_is "[$PULL_SECRET, {op: \"add\", path: \"/metadata/annotations\", value: $ANNOTATIONS}]"

    request notebook-create 'del(.request.object.metadata.annotations)'
    evaluate
    patch_is "[$PULL_SECRET, {op: \"add\", path: \"/metadata/annotations\", value: $ANNOTATIONS}]"

    request notebook-create '.request.object.metadata.annotations = null'
    evaluate
    patch_is "[$PULL_SECRET, {op: \"replace\", path: \"/metadata/annotations\", value: $ANNOTATIONS}]"
}

@test "unknown fields stay as they are" {
    SETTINGS=test_data/settings-registry.yaml
    # jq would spell the numbers its own way, so they come in as text.
    request notebook-create '
        .request.object.metadata.annotations["a\"b\\c/d~e"] = "🚀 æøå"
        | .request.object.spec.template.spec.notYetInvented = "RAW"
        | .request.object.spec.template.spec.containers[0].notYetInvented = "RAW"
        | .request.object.status = "RAW"'
    local raw='{"big":9007199254740993,"float":1e3,"small":0.10,"emoji":"🚀","escaped\\u0020\\"key\\u00e6":null,"list":[[],{},-0]}'
    sed -i "s/\"RAW\"/$raw/" "$REQUEST"
    grep --quiet 9007199254740993 "$REQUEST"
    grep --quiet --fixed-strings '\"key\u00e6' "$REQUEST"
    evaluate
    patch_is "$ANNOTATED + [$PULL_SECRET]"
}

@test "a mutated notebook is not mutated again" {
    for settings in settings settings-registry; do
        SETTINGS=test_data/$settings.yaml
        request notebook-create
        evaluate
        holds '.patch != null'
        patched > "$BATS_TEST_TMPDIR/stored.json"

        request notebook-create '.request.object = $stored[0]' --slurpfile stored "$BATS_TEST_TMPDIR/stored.json"
        evaluate
        untouched

        # And a change of something else loses nothing of it.
        request notebook-update-annotate '
            .request.oldObject = $stored[0]
            | .request.object = ($stored[0] | .metadata.annotations.note = "mine")' \
            --slurpfile stored "$BATS_TEST_TMPDIR/stored.json"
        evaluate
        untouched
    done
}

@test "changed settings replace what earlier settings added" {
    SETTINGS=test_data/settings-registry.yaml
    request notebook-create '.request.object.spec.template.spec.imagePullSecrets = [{name: "mine"}]'
    evaluate
    patched > "$BATS_TEST_TMPDIR/stored.json"

    sed 's/gpr-credentials/new-credentials/' "$SETTINGS" > "$BATS_TEST_TMPDIR/settings.yaml"
    SETTINGS=$BATS_TEST_TMPDIR/settings.yaml
    request notebook-update-stop '
        .request.oldObject = $stored[0]
        | .request.object = ($stored[0] | .metadata.annotations["kubeflow-resource-stopped"] = "now")' \
        --slurpfile stored "$BATS_TEST_TMPDIR/stored.json"
    evaluate
    holds '.allowed == true'
    holds '.auditAnnotations == {dependencies: "registry"}'
    patched > "$BATS_TEST_TMPDIR/changed.json"
    jq --exit-status '.spec.template.spec.imagePullSecrets == [{name: "mine"}, {name: "new-credentials"}]' \
        "$BATS_TEST_TMPDIR/changed.json"
    jq --exit-status '
        .metadata.annotations["mutatingflow.nais.io/injected"] | fromjson
        | .Notebook.registry.added == {imagePullSecrets: ["new-credentials"]}' "$BATS_TEST_TMPDIR/changed.json"

    # A copy loses nothing: only what is stored says what to take away.
    request notebook-create '.request.object = $stored[0]' --slurpfile stored "$BATS_TEST_TMPDIR/stored.json"
    evaluate
    patched > "$BATS_TEST_TMPDIR/copy.json"
    jq --exit-status '
        .spec.template.spec.imagePullSecrets == [{name: "mine"}, {name: "gpr-credentials"}, {name: "new-credentials"}]' \
        "$BATS_TEST_TMPDIR/copy.json"
}

@test "a request out of scope is accepted untouched" {
    for name in notebook-delete notebook-delete-with-finalizer notebook-update-status-subresource \
        notebook-update-terminating notebook-update-terminating-finalizer-removed \
        pod-create-argo-agent pod-create-plain pod-update-labels; do
        request "$name"
        evaluate
        untouched
    done
}

@test "also: a notebook of another group, other operations, a subresource, an object that is terminating" {
    for filter in \
        '.request.kind.group = "example.org" | .request.resource.group = "example.org" | .request.object.apiVersion = "example.org/v1"' \
        '.request.operation = "CONNECT"' \
        '.request.operation = "DELETE" | .request.oldObject = .request.object | .request.object = null' \
        '.request.subResource = "status"' \
        '.request.subResource = "scale"' \
        '.request.object.metadata.deletionTimestamp = "2026-11-23T23:37:20Z"'; do
        request notebook-create "$filter"
        evaluate
        untouched
    done
    # An empty subresource is none: the request differs from those above by nothing else.
    request notebook-create '.request.subResource = ""'
    evaluate
    holds '.patch != null'
}

@test "a malformed notebook is denied with its path" {
    for settings in settings settings-registry; do
        SETTINGS=test_data/$settings.yaml
        request notebook-create '.request.object.spec.template.spec.containers = {}'
        evaluate
        holds '.allowed == false'
        holds '.patch == null'
        holds '.status.code == 422'
        holds '.status.message | startswith("spec.template.spec.containers: ")'
    done
    SETTINGS=test_data/settings-registry.yaml
    request notebook-create '.request.object.spec.template = []'
    evaluate
    holds '.allowed == false and .status.code == 422'
    holds '.status.message | startswith("spec.template: ")'

    request notebook-create '.request.object.spec.template.spec.imagePullSecrets = "mine"'
    evaluate
    holds '.allowed == false and .status.code == 422'
    holds '.status.message | startswith("spec.template.spec.imagePullSecrets: ")'

    request notebook-create '.request.object.spec.template.spec.imagePullSecrets = ["mine"]'
    evaluate
    holds '.allowed == false and .status.code == 422'
    holds '.status.message | startswith("spec.template.spec.imagePullSecrets[0]: ")'
}

@test "a notebook without containers gets what needs none, and a warning" {
    request notebook-create 'del(.request.object.spec.template.spec.containers)'
    evaluate
    patch_is "$ANNOTATED + [$PULL_SECRET]"
    holds '.warnings | length > 0'
    holds '.warnings | join(" ") | contains("proxy") and contains("trust")'
}

# ---- a notebook that runs ----

@test "the culler's update does not restart a notebook" {
    SETTINGS=test_data/settings-registry.yaml
    request notebook-update-culler
    evaluate
    holds '.allowed == true'
    patch_is '[{op: "add", path: "/metadata/annotations/mutatingflow.nais.io~1update-pending", value: "registry"}]'
    holds '.auditAnnotations == {deferred: "registry"}'
    holds '.warnings | length == 1'
    holds '.warnings[0] | contains("registry") and length <= 120'

    # With runningNotebooks: Restart it does.
    { cat "$SETTINGS" && echo 'runningNotebooks: Restart'; } > "$BATS_TEST_TMPDIR/settings.yaml"
    SETTINGS=$BATS_TEST_TMPDIR/settings.yaml
    evaluate
    patch_is "$ANNOTATED + [$PULL_SECRET]"
    holds '.warnings // [] == []'
}

@test "every waiting dependency is named, in the order of the settings" {
    request notebook-update-annotate
    evaluate
    patch_is '[{op: "add", path: "/metadata/annotations/mutatingflow.nais.io~1update-pending", value: "registry,proxy,trust"}]'
    holds '.auditAnnotations == {deferred: "registry,proxy,trust"}'
    holds '.warnings | length > 0'
}

@test "stopping and starting a notebook, and changing its template, apply what waits" {
    SETTINGS=test_data/settings-registry.yaml
    for name in notebook-update-stop notebook-update-start notebook-update-image notebook-update-replace; do
        request "$name"
        evaluate
        holds '.allowed == true'
        holds '.warnings // [] == []'
        holds '.auditAnnotations == {dependencies: "registry"}'
        patch_is "$ANNOTATED + [$PULL_SECRET]"
    done
}

@test "nothing waits once it is applied" {
    SETTINGS=test_data/settings-registry.yaml
    request notebook-update-stop '
        (.request | .object, .oldObject).metadata.annotations["mutatingflow.nais.io/update-pending"] = "registry"'
    evaluate
    patch_is "$ANNOTATED + [$PULL_SECRET, {op: \"remove\", path: \"/metadata/annotations/mutatingflow.nais.io~1update-pending\"}]"
}

# ---- pipelines ----

@test "a pipeline's pod gets all four dependencies, and nothing else changes" {
    request pod-create-pipeline
    evaluate
    holds '.allowed == true'
    holds '.warnings // [] == []'
    holds '.auditAnnotations == {dependencies: "registry,proxy,trust,vault"}'
    patch_is '
        # Entries that go after those which are there, the first of them at $at.
        def last($path; $at; $entries):
            $entries | to_entries | map({op: "add", path: "\($path)/\($at + .key)", value: .value});

        "/etc/pki/tls/certs/ca-bundle.crt" as $bundle
        | "/var/run/secrets/nais.io/vault" as $secrets
        | "http://webproxy.nais:8088" as $proxy
        | "localhost,127.0.0.1,.local,.svc,.cluster.local,.kubeflow,10.96.0.0/12" as $no_proxy
        | ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT", "GIT_SSL_CAINFO", "AWS_CA_BUNDLE",
           "NODE_EXTRA_CA_CERTS"] as $bundle_variables
        | ["/etc/ssl/certs/ca-certificates.crt", $bundle, "/etc/ssl/ca-bundle.pem", "/etc/pki/tls/cacert.pem",
           "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"] as $bundle_paths
        | {name: "vault-secrets", mountPath: $secrets} as $secrets_mount

        | [{op: "add", path: "/spec/imagePullSecrets", value: [{name: "gpr-credentials"}]}]
        + last("/spec/volumes"; 4; [
            {name: "ca-bundle-pem", configMap: {name: "ca-bundle-pem"}},
            {name: "ca-bundle-jks", configMap: {name: "ca-bundle-jks"}},
            {name: "vault-secrets", emptyDir: {medium: "Memory"}}])
        + last("/spec/initContainers"; 2; [{
            name: "vks",
            image: "navikt/vks:46",
            env: [
                {name: "VKS_VAULT_ADDR", value: "https://vault.adeo.no"},
                {name: "VKS_AUTH_PATH", value: "/kubernetes/prod/kubeflow"},
                {name: "VKS_KV_PATH", value: "/kv/prod/kubeflow/team-a/team-a"},
                {name: "VKS_VAULT_ROLE", value: "team-a"},
                {name: "VKS_SECRET_DEST_PATH", value: $secrets}],
            securityContext: {allowPrivilegeEscalation: false},
            volumeMounts: [$secrets_mount]}])
        + last("/spec/containers/1/env"; 1; [
            {name: "HTTP_PROXY", value: $proxy},
            {name: "HTTPS_PROXY", value: $proxy},
            {name: "NO_PROXY", value: $no_proxy},
            {name: "http_proxy", value: $proxy},
            {name: "https_proxy", value: $proxy},
            {name: "no_proxy", value: $no_proxy},
            ($bundle_variables[] | {name: ., value: $bundle})])
        + last("/spec/containers/1/volumeMounts"; 3; [
            ($bundle_paths[] | {name: "ca-bundle-pem", mountPath: ., subPath: "ca-bundle.pem"}),
            {name: "ca-bundle-jks", mountPath: "/etc/ssl/certs/java/cacerts", subPath: "ca-bundle.jks"},
            $secrets_mount])
        + [{op: "add", path: "/metadata/annotations/mutatingflow.nais.io~1status", value: "injected"},
           {op: "add", path: "/metadata/annotations/mutatingflow.nais.io~1injected", value: ({Pod: {
               proxy: {hash: "HASH", added: {
                   env: ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"]}},
               registry: {hash: "HASH", added: {imagePullSecrets: ["gpr-credentials"]}},
               trust: {hash: "HASH", added: {
                   env: $bundle_variables,
                   volumeMounts: ($bundle_paths + ["/etc/ssl/certs/java/cacerts"]),
                   volumes: ["ca-bundle-pem", "ca-bundle-jks"]}},
               vault: {hash: "HASH", added: {
                   initContainers: ["vks"], volumeMounts: [$secrets], volumes: ["vault-secrets"]}}
           }} | tojson)}]'

    patched > "$BATS_TEST_TMPDIR/stored.json"
    request pod-create-pipeline '.request.object = $stored[0]' --slurpfile stored "$BATS_TEST_TMPDIR/stored.json"
    evaluate
    untouched
}

@test "a pipeline's pod without containers gets what needs none, and warnings" {
    request pod-create-pipeline '.request.object.spec.containers = []'
    evaluate
    holds '.auditAnnotations == {dependencies: "registry"}'
    patch_is "$ANNOTATED_POD + [{op: \"add\", path: \"/spec/imagePullSecrets\", value: [{name: \"gpr-credentials\"}]}]"
    holds '.warnings | join(" ") | contains("proxy") and contains("trust") and contains("vault")'
}

# ---- conflicts ----

@test "conflicts are refused, all of them in one message" {
    request pod-create-pipeline '
        .request.object.spec.volumes += [{name: "vault-secrets", hostPath: {path: "/theirs"}}]
        | .request.object.spec.containers[1].env += [{name: "SSL_CERT_FILE", value: "hidden-from-messages"}]'
    evaluate
    holds '.allowed == false'
    holds '.patch == null'
    holds '.status.code == 422'
    holds '.status.message | split("\n") | length == 2'
    holds '.status.message | split("\n") | any(contains("volume vault-secrets") and contains("\"vault\""))'
    holds '.status.message | split("\n") | any(contains("env SSL_CERT_FILE") and contains("\"main\"") and contains("\"trust\""))'
    holds '. | tostring | contains("hidden-from-messages") | not'
}

@test "with onConflict: Keep the user's entry stays, with a warning" {
    request pod-create-pipeline '.request.object.spec.containers[1].env += [{name: "HTTP_PROXY", value: "hidden-from-messages"}]'
    evaluate
    holds '.allowed == true'
    holds '.warnings | length == 1'
    holds '.warnings[0] | contains("HTTP_PROXY") and contains("hidden-from-messages") == false'
    holds 'operations | any(.value == {name: "HTTPS_PROXY", value: "http://webproxy.nais:8088"})'
    patched | jq --exit-status '
        # HTTP_PROXY and http_proxy are one.
        [.spec.containers[1].env[] | select(.name | ascii_upcase == "HTTP_PROXY")]
        == [{name: "HTTP_PROXY", value: "hidden-from-messages"}]'
}

@test "with onConflict: Keep a volume of the same name is refused all the same" {
    sed 's/^  vault:$/&\n    onConflict: Keep/' "$SETTINGS" > "$BATS_TEST_TMPDIR/settings.yaml"
    SETTINGS=$BATS_TEST_TMPDIR/settings.yaml
    grep --quiet 'onConflict: Keep' "$SETTINGS"
    request pod-create-pipeline '.request.object.spec.volumes += [{name: "vault-secrets", hostPath: {path: "/theirs"}}]'
    evaluate
    holds '.allowed == false'
    holds '.status.code == 422'
    holds '.status.message | contains("volume vault-secrets")'
}

@test "nobody is kept from stopping a notebook by a conflict" {
    request notebook-update-stop '
        (.request | .object, .oldObject).spec.template.spec.containers[0].env += [{name: "SSL_CERT_FILE", value: "/theirs"}]'
    evaluate
    holds '.allowed == true'
    holds '.auditAnnotations == {dependencies: "registry,proxy", deferred: "trust"}'
    holds 'operations | any(.path == "/metadata/annotations/mutatingflow.nais.io~1update-pending" and .value == "trust")'
    holds '.warnings | join(" ") | contains("SSL_CERT_FILE")'
}

# ---- settings ----

@test "invalid settings are an error that names the place" {
    request notebook-create
    echo '{"dependencies": {"registry": {"imagePullSecrets": [{"name": "gpr-credentials"}]}}, "notebooks": "registry"}' \
        > "$BATS_TEST_TMPDIR/settings.json"
    run --separate-stderr "$KWCTL" run --request-path "$REQUEST" --settings-path "$BATS_TEST_TMPDIR/settings.json" \
        annotated-policy.wasm
    [ "$status" -eq 1 ]
    [ -z "$output" ]
    echo "$stderr"
    grep --quiet 'notebooks: must be' <<< "$stderr"
}
