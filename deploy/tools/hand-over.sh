#!/usr/bin/env bash
# Hands entries that another webhook added to Notebooks over to the policy: see docs/migrating.md.
#
#   hand-over.sh FILTER < names
#
# FILTER is a jq filter that removes the entries from a Notebook. Each line of `names` is a namespace and a name. The
# script removes the entries, and the policy puts them back in the same request, as its own. A dry run first shows what
# the result would be: a Notebook is changed only if its spec stays the same. In a stopped one, the entries may come
# back in a different order. ANNOTATION_DOMAIN is the policy's `annotationDomain`, if the settings have one.
set -euo pipefail

filter=${1:?usage: hand-over.sh FILTER < names}
domain=${ANNOTATION_DOMAIN:-mutatingflow.nais.io}

# Compares the stored Notebook with the result: the policy has recorded something, and nothing else differs.
is_handed_over='
    def record: .metadata.annotations[$domain + "/injected"];
    def stopped: .metadata.annotations // {} | has("kubeflow-resource-stopped");
    def in_any_order: walk(if type == "array" then sort else . end);
    . as [$stored, $after]
    | ($stored | record) != ($after | record)
    and if $stored | stopped then ($stored.spec | in_any_order) == ($after.spec | in_any_order)
        else $stored.spec == $after.spec end'

while read -r namespace name; do
    # The replacement has the resourceVersion that was read: if somebody changes the Notebook meanwhile, it is refused.
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
