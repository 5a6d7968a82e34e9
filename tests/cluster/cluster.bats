#!/usr/bin/env bats
# The policy on a live API server: Notebooks and pods are created, changed, stopped and started as people, the web app
# and the culler do it, and what the API server stored is looked at. up.sh comes before.
#
# Two namespaces: the policy sees `mutatingflow-a`, and `mutatingflow-b` only once a notebook stands there.

bats_require_minimum_version 1.5.0

PROFILE=app.kubernetes.io/part-of=kubeflow-profile
STOPPED=kubeflow-resource-stopped
DOMAIN=mutatingflow.nais.io

setup_file() {
    for namespace in mutatingflow-a mutatingflow-b; do
        kubectl delete namespace "$namespace" --ignore-not-found
        kubectl create namespace "$namespace"
        kubectl --namespace "$namespace" create serviceaccount pipeline-runner
    done
    kubectl label namespace mutatingflow-a "$PROFILE"
    # An informer of the API server tells its webhooks of the label, a moment later.
    eventually is_seen mutatingflow-a
}

teardown_file() {
    kubectl delete namespace mutatingflow-a mutatingflow-b --wait=false
}

setup() {
    cd "$BATS_TEST_DIRNAME/../.."
    WARNINGS=$BATS_TEST_TMPDIR/warnings
}

# ---- what the tests are made of ----

# manifest NAME [FILTER [JQ OPTION...]]: the notebook of test_data, under another name, changed by a jq filter.
manifest() {
    local name=$1 filter=${2:-.}
    shift $(($# < 2 ? $# : 2))
    kubectl create --dry-run=client --output json --filename test_data/notebook.yaml --namespace team-a |
        jq --arg name "$name" "del(.metadata.namespace)
            | .metadata.name = \$name | .spec.template.spec.containers[0].name = \$name | $filter" "$@"
}

# create NAMESPACE: what standard input has; warnings are kept.
create() {
    kubectl --namespace "$1" create --filename - 2> "$WARNINGS"
    cat "$WARNINGS"
}

# annotate NAMESPACE NAME ANNOTATION...: as `kubectl annotate notebook` does; warnings are kept.
annotate() {
    kubectl --namespace "$1" annotate --overwrite notebook "${@:2}" 2> "$WARNINGS"
    cat "$WARNINGS"
}

# holds NAMESPACE RESOURCE FILTER: the filter says true about the object as it is stored.
holds() {
    local stored
    stored=$(kubectl --namespace "$1" get "$2" --output json)
    if ! jq --exit-status "def template: .spec.template.spec;
            def main: template.containers[0];
            def annotation(name): .metadata.annotations[\"$DOMAIN/\\(name)\"];
            def record: annotation(\"injected\") | fromjson;
            $3" <<< "$stored" > /dev/null; then
        echo "this does not hold: $3"
        echo "$stored"
        return 1
    fi
}

# warned TEXT: a warning has it.
warned() {
    grep --quiet "^Warning: .*$1" "$WARNINGS" || {
        echo "no warning says $1"
        cat "$WARNINGS"
        return 1
    }
}

unwarned() {
    if grep "^Warning:" "$WARNINGS"; then
        return 1
    fi
}

# The policy is asked about this namespace: a dry run of a notebook comes back with its status.
is_seen() {
    kubectl --namespace "$1" create --dry-run=server --output json --filename - <<< '{
        "apiVersion": "kubeflow.org/v1", "kind": "Notebook", "metadata": {"name": "probe"},
        "spec": {"template": {"spec": {"containers": [{"name": "probe", "image": "probe"}]}}}
    }' | jq --exit-status ".metadata.annotations[\"$DOMAIN/status\"] == \"injected\""
}

# eventually COMMAND...: succeeds within a minute.
eventually() {
    local until=$((SECONDS + 60))
    until "$@" > /dev/null; do
        [ "$SECONDS" -lt "$until" ] || return 1
        sleep 1
    done
}

# ---- Notebooks ----

@test "a notebook gets its dependencies, and a record of them" {
    manifest full | create mutatingflow-a
    unwarned
    holds mutatingflow-a notebook/full 'template.imagePullSecrets == [{name: "gpr-credentials"}]'
    holds mutatingflow-a notebook/full '[main.env[].name] | index("MODEL") == 0 and index("HTTP_PROXY") > 0'
    holds mutatingflow-a notebook/full '[template.volumes[].name] | contains(["ca-bundle-pem", "ca-bundle-jks"])'
    holds mutatingflow-a notebook/full 'annotation("status") == "injected"'
    holds mutatingflow-a notebook/full 'record.Notebook | keys == ["proxy", "registry", "trust"]'
    # Each is in its place only once.
    holds mutatingflow-a notebook/full '[main.env[].name] | length == (unique | length)'
    holds mutatingflow-a notebook/full '.metadata.generation == 1'
}

@test "in each version of the kind" {
    for version in v1 v1beta1 v1alpha1; do
        manifest "$version" '.apiVersion = "kubeflow.org/\($name)"' | create mutatingflow-a
        unwarned
        holds mutatingflow-a "notebook/$version" 'template.imagePullSecrets == [{name: "gpr-credentials"}]'
    done
}

@test "a dry run shows them, and stores nothing" {
    manifest dry | kubectl --namespace mutatingflow-a create --dry-run=server --output json --filename - |
        jq --exit-status '.spec.template.spec.imagePullSecrets == [{name: "gpr-credentials"}]'
    run -1 kubectl --namespace mutatingflow-a get notebook/dry
}

@test "the culler's updates leave the template as it is, and so do a stop and a start" {
    manifest culled | create mutatingflow-a
    # The culler reads the whole object and writes it back.
    kubectl --namespace mutatingflow-a get notebook/culled --output json |
        jq '.metadata.annotations["notebooks.kubeflow.org/last-activity"] = "2026-11-24T12:00:00Z"' |
        kubectl replace --filename - 2> "$WARNINGS"
    unwarned
    holds mutatingflow-a notebook/culled '.metadata.annotations["notebooks.kubeflow.org/last-activity"] != null'

    annotate mutatingflow-a culled "$STOPPED=2026-11-24T12:00:00Z"
    unwarned
    annotate mutatingflow-a culled "$STOPPED-"
    unwarned
    # The generation counts the changes of the spec.
    holds mutatingflow-a notebook/culled '.metadata.generation == 1'
    holds mutatingflow-a notebook/culled 'record.Notebook | keys == ["proxy", "registry", "trust"]'
}

@test "what a user changes stays, beside what was added" {
    manifest changed | create mutatingflow-a
    kubectl --namespace mutatingflow-a get notebook/changed --output json |
        jq '.spec.template.spec.containers[0].env += [{name: "MINE", value: "1"}]' |
        kubectl replace --filename - 2> "$WARNINGS"
    unwarned
    holds mutatingflow-a notebook/changed '[main.env[].name] | contains(["MINE", "MODEL", "HTTP_PROXY"])'
    holds mutatingflow-a notebook/changed '.metadata.generation == 2'
}

@test "where an entry contradicts, the notebook is refused with 422 and the reason" {
    manifest conflict '.spec.template.spec.containers[0].env += [{name: "SSL_CERT_FILE", value: "/mine.crt"}]' \
        > "$BATS_TEST_TMPDIR/conflict.json"
    run -1 kubectl --namespace mutatingflow-a --v=6 create --filename "$BATS_TEST_TMPDIR/conflict.json"
    [[ $output = *"denied the request"* ]] || return 1
    [[ $output = *SSL_CERT_FILE* ]] || return 1
    [[ $output = *" 422 "* || $output = *'"422 '* ]] || return 1
    # Names, never values.
    [[ $output != *denied*/mine.crt* ]] || return 1
    run -1 kubectl --namespace mutatingflow-a get notebook/conflict
}

@test "where the user's entry is kept, he is told" {
    manifest kept '.spec.template.spec.containers[0].env += [{name: "HTTP_PROXY", value: "http://mine:1"}]' |
        create mutatingflow-a
    warned HTTP_PROXY
    holds mutatingflow-a notebook/kept '[main.env[] | select(.name == "HTTP_PROXY").value] == ["http://mine:1"]'
}

@test "a notebook that runs waits until it is stopped, and is not restarted behind its user's back" {
    manifest waiting | create mutatingflow-b
    holds mutatingflow-b notebook/waiting 'template.imagePullSecrets == null'
    kubectl label --overwrite namespace mutatingflow-b "$PROFILE"
    eventually is_seen mutatingflow-b

    annotate mutatingflow-b waiting note=1
    warned registry
    holds mutatingflow-b notebook/waiting '.metadata.generation == 1 and template.imagePullSecrets == null'
    holds mutatingflow-b notebook/waiting 'annotation("update-pending") | test("registry") and test("trust")'

    annotate mutatingflow-b waiting "$STOPPED=now"
    holds mutatingflow-b notebook/waiting 'template.imagePullSecrets == [{name: "gpr-credentials"}]'
    holds mutatingflow-b notebook/waiting 'annotation("update-pending") == null and annotation("status") == "injected"'
    annotate mutatingflow-b waiting "$STOPPED-"
    unwarned
    holds mutatingflow-b notebook/waiting '.metadata.generation == 2'
}

# ---- Pods ----

@test "a pod of a pipeline gets its dependencies, Vault's too" {
    kubectl create --dry-run=client --output json --filename test_data/pipeline-pod.yaml |
        jq 'del(.metadata.namespace) | .metadata.name = "step"' | create mutatingflow-a
    unwarned
    holds mutatingflow-a pod/step '.spec.imagePullSecrets == [{name: "gpr-credentials"}]'
    holds mutatingflow-a pod/step '[.spec.initContainers[].name] | last == "vks"'
    holds mutatingflow-a pod/step '[.spec.containers[] | select(.name == "main").env[].name] | contains(["HTTP_PROXY"])'
    # Argo's own is another's.
    holds mutatingflow-a pod/step '[.spec.containers[] | select(.name == "wait").env[]?.name] == []'
    holds mutatingflow-a pod/step 'record.Pod | keys == ["proxy", "registry", "trust", "vault"]'
}

@test "every other pod is left alone" {
    kubectl create --dry-run=client --output json --filename test_data/pipeline-pod.yaml |
        jq 'del(.metadata.namespace, .metadata.annotations) | .metadata.name = "other"' | create mutatingflow-a
    unwarned
    holds mutatingflow-a pod/other '.spec.imagePullSecrets == null and .metadata.annotations == null'
}
