#!/usr/bin/env bash
# Builds the module twice, as two people would on two machines: `make reproducible`. Both times it must come out as it
# was built here, byte by byte.
#
# What is built is the tracked files as they are now, and new ones. The two have nothing in common but the version of
# the compiler and of the crates: other folders, home, user, umask, time zone and locale; and one has the source of the
# standard library beside the compiler, as an editor wants it.
set -euo pipefail
cd "$(dirname "$0")/.."

here=policy.wasm
work=$(mktemp -d)
chmod 755 "$work"
toolchain=$(rustc --print sysroot)
crates=${CARGO_HOME:-$HOME/.cargo}/registry
first=$work/a
second="$work/a folder with a longer name/of somebody else"
copied=$work/another-toolchain

# Whoever builds second: a command that runs another as that user, or nothing.
somebody=()
if [ "$(id -u)" = 0 ] && command -v setpriv > /dev/null; then
    somebody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
elif sudo -n -u nobody true 2> /dev/null; then
    somebody=(sudo -n -u nobody)
else
    echo "Both builds are by this user, since root is needed for another one."
fi

cleanup() {
    # What somebody else has made may be for him alone.
    ${somebody[@]+"${somebody[@]}"} rm -rf "$second"/* 2> /dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT

tracked() {
    git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
        if [ -e "$file" ]; then printf '%s\0' "$file"; fi
    done
}

# build FOLDER TOOLCHAIN CARGO_HOME UMASK TZ LC_ALL [COMMAND...]: copies everything into the folder and builds it
# there, as the user that the command gives.
build() {
    local folder=$1 bin=$2/bin cargo_home=$3 umask=$4 zone=$5 locale=$6
    shift 6
    local as=("$@")
    mkdir -p "$folder"
    chmod 777 "$folder"
    umask "$umask"
    ${as[@]+"${as[@]}"} mkdir -p "$folder/project" "$folder/home" "$cargo_home/registry"
    tracked | tar -c --null --files-from - | ${as[@]+"${as[@]}"} tar -x --no-same-owner -C "$folder/project"
    tar -c -C "$crates" cache index | ${as[@]+"${as[@]}"} tar -x --no-same-owner -C "$cargo_home/registry"
    ${as[@]+"${as[@]}"} env -u RUSTUP_TOOLCHAIN -u RUSTFLAGS -u MAKEFLAGS -u MAKELEVEL PATH="$bin:$PATH" \
        HOME="$folder/home" CARGO_HOME="$cargo_home" CARGO_NET_OFFLINE=true CARGO_TERM_QUIET=true TZ="$zone" \
        LC_ALL="$locale" make --silent -C "$folder/project" policy.wasm
    ${as[@]+"${as[@]}"} cat "$folder/project/policy.wasm" > "$work/$(basename "$folder").wasm"
}

# The texts in a module, of which one may be a path.
texts() {
    tr -c '[:print:]' '\n' < "$1" | grep -E '.{8}' || true
}

cargo fetch --locked --quiet --target wasm32-wasip1
mkdir "$copied"
# The compiler is large: a second name for each file is enough, where the file system can do that.
cp -Rl "$toolchain/bin" "$toolchain/lib" "$copied" 2> /dev/null ||
    { rm -rf "${copied:?}"/* && cp -R "$toolchain/bin" "$toolchain/lib" "$copied"; }
# That it is there is all that the compiler looks for.
library=$copied/lib/rustlib/src/rust/library/std/src
if [ ! -e "$library/lib.rs" ]; then mkdir -p "$library" && touch "$library/lib.rs"; fi

(build "$first" "$toolchain" "$first/home/.cargo" 022 UTC C)
(build "$second" "$copied" "$second/crates of his" 077 Pacific/Auckland C.UTF-8 ${somebody[@]+"${somebody[@]}"})

status=0
for built in "$work"/*.wasm; do
    if ! cmp "$here" "$built"; then
        echo "What differs in texts, here (<) and there (>):"
        diff <(texts "$here") <(texts "$built") | head -20 || true
        status=1
    fi
done
if [ "$status" != 0 ]; then
    sha256sum "$here" "$work"/*.wasm
    echo "The module is not the same wherever it is built." >&2
    exit 1
fi
echo "The module is the same wherever it is built: sha256 $(sha256sum "$here" | cut -d ' ' -f 1)"
