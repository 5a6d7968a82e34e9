#!/usr/bin/env bash
# Puts Kubewarden, the Notebook CRD and this policy into the cluster of kind that kubectl points at: what
# cluster.bats needs. `make annotated-policy.wasm` comes before. It can be run again, and then replaces the policy.
#
# It needs kubectl, helm, kwctl and curl. There is no notebook controller: without it no notebook gets a pod, and what
# the API server stores is all that is looked at.
set -euo pipefail
cd "$(dirname "$0")/../.."

# renovate: datasource=helm depName=admission-controller registryUrl=https://charts.kubewarden.io
CHART=6.0.2
# renovate: datasource=git-refs depName=https://github.com/kubeflow/notebooks branch=notebooks-v1
NOTEBOOKS=177b098656264a36af71ea27d098c2ad14999eec

CRD=https://raw.githubusercontent.com/kubeflow/notebooks/$NOTEBOOKS/components/notebook-controller/config/crd/bases/kubeflow.org_notebooks.yaml
POLICY=deploy/cluster-admission-policy.yaml
REGISTRY=registry.registry.svc.cluster.local:5000
# Another one each time, so that the policy server fetches it anew.
MODULE=policies/mutatingflow:$(date +%s)

context=$(kubectl config current-context)
if [[ $context != kind-* ]]; then
    echo "kubectl points at $context, which is no cluster of kind" >&2
    exit 1
fi

# eventually SECONDS COMMAND...: waits until the command succeeds.
eventually() {
    local until=$((SECONDS + $1))
    shift
    until "$@" > /dev/null 2>&1; do
        if [ "$SECONDS" -ge "$until" ]; then
            echo "waited in vain for: $*" >&2
            "$@"
            return 1
        fi
        sleep 2
    done
}

work=$(mktemp -d)
forward=
trap 'kill $forward 2> /dev/null || true; rm -rf "$work"' EXIT

echo "== The registry"
kubectl apply --filename tests/cluster/registry.yaml
kubectl --namespace registry rollout status deployment/registry --timeout 3m
kubectl --namespace registry port-forward service/registry 5000:5000 > /dev/null &
forward=$!
eventually 60 curl --silent --fail http://localhost:5000/v2/
echo 'insecure_sources: ["localhost:5000"]' > "$work/sources.yaml"
kwctl push --sources-path "$work/sources.yaml" annotated-policy.wasm "registry://localhost:5000/$MODULE"

echo "== Notebooks"
# Too large for the annotation that a client-side apply writes.
kubectl apply --server-side --filename "$CRD"
kubectl wait --for condition=Established crd/notebooks.kubeflow.org --timeout 1m

echo "== Kubewarden"
helm upgrade --install admission-controller admission-controller \
    --repo https://charts.kubewarden.io --version "$CHART" \
    --namespace kubewarden --create-namespace --wait --timeout 5m \
    --set auditScanner.enable=false --set "policyServer.insecureSources={$REGISTRY}"
# The controller makes the policy server, once it runs.
eventually 120 kubectl --namespace kubewarden get deployment/policy-server-default
kubectl --namespace kubewarden rollout status deployment/policy-server-default --timeout 5m

echo "== The policy"
sed "s|^  module: .*|  module: registry://$REGISTRY/$MODULE|" "$POLICY" > "$work/policy.yaml"
grep --fixed-strings "$REGISTRY/$MODULE" "$work/policy.yaml"
kubectl apply --filename "$work/policy.yaml"
kubectl wait --for condition=PolicyActive clusteradmissionpolicy/mutatingflow --timeout 3m
kubectl wait --for condition=PolicyUniquelyReachable clusteradmissionpolicy/mutatingflow --timeout 3m
