#!/usr/bin/env bash
# Hands entries that another webhook added to Notebooks over to the policy: docs/migrating.md.
#
#   hand-over.sh FILTER < names
#
# FILTER is a jq filter that removes the entries from a Notebook. A line of `names` is a namespace and a name. The entries
# are removed, and the policy puts them back in the same request, as its own. The API server is asked first what the
# result would be (a dry run): a Notebook is changed only if its spec, labels and annotations stay as they are, apart from
# the policy's own annotations. In a stopped Notebook, the entries may come back in a different order. ANNOTATION_DOMAIN is
# the policy's `annotationDomain`, if the settings have one.
set -euo pipefail

filter=${1:?usage: hand-over.sh FILTER < names}
domain=${ANNOTATION_DOMAIN:-mutatingflow.nais.io}

# Why the stored Notebook must not become the one to come; nothing if it may.
objection='
    def annotations: .metadata.annotations // {};
    def record: annotations[$domain + "/injected"];
    # kubectl keeps the second for itself.
    def others: annotations | with_entries(select(.key | (startswith($domain + "/")
        or . == "kubectl.kubernetes.io/last-applied-configuration") | not));
    def in_any_order: walk(if type == "array" then sort else . end);
    def as_it_may_be($stored): if $stored | annotations | has("kubeflow-resource-stopped") then in_any_order else . end;
    . as [$stored, $after]
    | def kept: {spec: (.spec | as_it_may_be($stored)), labels: (.metadata.labels // {}), others: others};
      if ($stored | record) == ($after | record) then "the policy records nothing"
      elif ($stored | kept) != ($after | kept) then "more than its record would change"
      else empty end'

# Hands a Notebook over, or prints why not.
hand_over() {
    local stored without after
    stored=$(kubectl get notebook "$2" -n "$1" -o json </dev/null) || { echo "it cannot be read"; return; }
    # It has the resourceVersion of what was read: a change by somebody else in between is refused.
    without=$(jq "$filter" <<<"$stored") || { echo "the filter fails"; return; }
    after=$(kubectl replace -f - --dry-run=server -o json <<<"$without") || { echo "it is refused"; return; }
    jq --raw-output --slurp --arg domain "$domain" "$objection" <<<"$stored $after" | grep . ||
        kubectl replace -f - <<<"$without" >/dev/null || echo "it is refused"
}

while IFS=$' \t\r' read -r namespace name _ || [ -n "$namespace" ]; do
    [ -n "$namespace" ] || continue
    reason=$(hand_over "$namespace" "$name")
    echo "$namespace/$name: ${reason:+left as it is: }${reason:-handed over}"
done
