#!/usr/bin/env bash
# Refuses a tag that would release something else than what it says: `make release-check TAG=v0.1.0`.
#
# All problems are listed, a line each. In a workflow of GitHub, GITHUB_REPOSITORY is the repository that would be
# released from; elsewhere it is not looked at. Where GITHUB_REF_TYPE is `branch`, there is no tag to look at.
set -euo pipefail
cd "$(dirname "$0")/.."

problems=0
problem() {
    echo "release-check: $*" >&2
    problems=$((problems + 1))
}

# is FILE WHAT FOUND EXPECTED: what a file says is what it must say.
is() {
    [ "$3" = "$4" ] || problem "$1: $2 is ${3:-missing}, expected $4"
}

# value FILE KEY: what stands behind `KEY:` or `KEY =`, without quotes and without the indentation before it.
value() {
    sed -nE "s|^ *$2( =\|:) *\"?([^\"]*)\"?$|\2|p" "$1"
}

tag=${TAG:-}
version=${tag#v}
# Kubewarden's release knows these words for a pre-release. With another it would become the latest release.
number='(0|[1-9][0-9]*)'
if [ "${GITHUB_REF_TYPE:-tag}" = branch ]; then
    tag='This branch'
elif ! grep -qE "^v$number\.$number\.$number(-(alpha|beta|rc)(\.$number|[0-9]*))?\$" <<< "$tag"; then
    problem "TAG must be like v1.2.3 or v1.2.3-rc.1, found ${tag:-nothing}"
else
    is Cargo.toml version "$(value Cargo.toml version)" "$version"
    is host/Cargo.toml version "$(value host/Cargo.toml version)" "$version"
    is metadata.yml io.kubewarden.policy.version "$(value metadata.yml io.kubewarden.policy.version)" "$version"
    is artifacthub-pkg.yml version "$(value artifacthub-pkg.yml version)" "$version"
    for lock in Cargo.lock */Cargo.lock */*/Cargo.lock; do
        locked=$(sed -nE '/^name = "mutatingflow"$/{n;s/^version = "(.*)"$/\1/p}' "$lock" 2> /dev/null || true)
        is "$lock" 'the version of mutatingflow' "${locked:-$version}" "$version"
    done
    # What people copy.
    module=$(value metadata.yml io.kubewarden.policy.ociUrl)
    while IFS= read -r line; do
        [[ ${line#*"$module"} = ":$tag" ]] || problem "${line%%"$module"*} names $module${line#*"$module"}"
    done < <(grep -roE --include '*.md' --include '*.yaml' --include '*.yml' "$module:v[0-9][0-9A-Za-z.-]*[0-9A-Za-z]" \
        README.md SECURITY.md artifacthub-pkg.yml docs deploy || true)

    section=$(awk -v heading="## [$version]" \
        'index($0, "## ") == 1 { here = index($0, heading) == 1 } here' CHANGELOG.md)
    if [ -z "$section" ]; then
        problem "CHANGELOG.md: no section begins with ## [$version]"
    else
        date=$(sed -nE '1s/^.* - ([0-9]{4}-[0-9]{2}-[0-9]{2})$/\1/p' <<< "$section")
        if [ -z "$date" ]; then
            problem "CHANGELOG.md: the heading of $version must end in its date, ## [$version] - YYYY-MM-DD"
        else
            created=$(value artifacthub-pkg.yml createdAt)
            is artifacthub-pkg.yml 'the day of createdAt' "${created%%T*}" "$date"
        fi
        if ! sed 1d <<< "$section" | grep -qE '^[^[:space:]#]'; then
            problem "CHANGELOG.md: the section of $version is empty"
        fi
    fi
fi

# Addresses that can belong to nobody (RFC 2606). What only shows an example, in docs/ and test_data/, may have them.
reserved='(@|://)([a-z0-9-]+\.)*(example|test|invalid|localhost|example\.(com|net|org))([^a-z0-9.-]|$)'
for file in Cargo.toml metadata.yml artifacthub-pkg.yml artifacthub-repo.yml SECURITY.md .github/CODEOWNERS; do
    if [ ! -f "$file" ]; then
        problem "$file: is missing"
        continue
    fi
    while IFS= read -r line; do
        problem "$file:$line: the address can belong to nobody"
    done < <(grep -niE "$reserved" "$file" || true)
done

repository=${GITHUB_REPOSITORY:-}
if [ -n "$repository" ]; then
    is Cargo.toml repository "$(value Cargo.toml repository)" "https://github.com/$repository"
    owner=${repository%%/*}
    module=$(value metadata.yml io.kubewarden.policy.ociUrl)
    is metadata.yml 'the owner in io.kubewarden.policy.ociUrl' "${module%%/policies/*}" "ghcr.io/${owner,,}"
fi

if [ "$problems" != 0 ]; then
    echo "release-check: no release. Problems: $problems" >&2
    exit 1
fi
echo "$tag can be released."
