#!/usr/bin/env bash
# Hands entries that another webhook added to Notebooks over to the policy: docs/migrating.md.
#
#   hand-over.sh FILTER < names
#
# FILTER is a jq filter that takes the entries out of a Notebook. A line of `names` is a namespace and a name. The entries
# are taken out, and the policy puts them back in the same request, as its own. The API server is asked first what would
# come of it (a dry run): a Notebook is changed only where its spec stays as it is. Where it is stopped, the entries may
# come back in another order. ANNOTATION_DOMAIN is the policy's `annotationDomain`, where the settings have one.
set -euo pipefail

filter=${1:?usage: hand-over.sh FILTER < names}
domain=${ANNOTATION_DOMAIN:-mutatingflow.nais.io}

# Of the stored Notebook and the one to come: the policy has recorded something, and nothing else is different.
is_handed_over='
    def record: .metadata.annotations[$domain + "/injected"];
    def stopped: .metadata.annotations // {} | has("kubeflow-resource-stopped");
    def in_any_order: walk(if type == "array" then sort else . end);
    . as [$stored, $after]
    | ($stored | record) != ($after | record)
    and if $stored | stopped then ($stored.spec | in_any_order) == ($after.spec | in_any_order)
        else $stored.spec == $after.spec end'

while read -r namespace name; do
    # What is replaced has the resourceVersion of what was read: where somebody changes it meanwhile, that is refused.
    if stored=$(kubectl get notebook "$name" -n "$namespace" -o json </dev/null) &&
        without=$(jq "$filter" <<<"$stored") &&
        after=$(kubectl replace -f - --dry-run=server -o json <<<"$without") &&
        jq --exit-status --slurp --arg domain "$domain" "$is_handed_over" <<<"$stored $after" >/dev/null &&
        kubectl replace -f - <<<"$without" >/dev/null; then
        echo "$namespace/$name: handed over"
    else
        echo "$namespace/$name: left as it is"
    fi
done
