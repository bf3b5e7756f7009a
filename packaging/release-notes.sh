#!/usr/bin/env bash
# Prints what CHANGELOG.md says about a version, for the release of that version. Fails where it says
# nothing, or that the version is not released, or where the workspace has another version.
#   packaging/release-notes.sh 1.2.3
set -euo pipefail
cd "$(dirname "$0")/.."

version=$1
grep -qxF "version = \"$version\"" Cargo.toml || {
    echo "release-notes: Cargo.toml does not have version $version" >&2
    exit 1
}
notes=$(awk -v heading="## $version" '
    /^## / { within = index($0, heading) == 1 && substr($0, length(heading) + 1) ~ /^( |$)/ }
    within' CHANGELOG.md)
if grep -qi unreleased <<<"${notes%%$'\n'*}"; then
    echo "release-notes: CHANGELOG.md calls $version unreleased" >&2
    exit 1
fi
notes=$(tail -n +2 <<<"$notes")
[ -n "${notes//[[:space:]]/}" ] || {
    echo "release-notes: CHANGELOG.md says nothing about $version" >&2
    exit 1
}
printf '%s\n' "$notes"
