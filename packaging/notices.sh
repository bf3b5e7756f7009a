#!/usr/bin/env bash
# Prints under which licences the libraries stand that are in the two programs, and the texts that have
# to go along with them: each text once, below the names of all whose text it is.
#   packaging/notices.sh [TARGET]
set -euo pipefail
cd "$(dirname "$0")/.."

cargo=${CARGO:-cargo}
target=${1:-$(rustc -vV | sed -n 's/^host: //p')}
kept=$(mktemp -d "${TMPDIR:-/tmp}/parlor-notices.XXXXXX")
trap 'rm -rf "$kept"' EXIT

"$cargo" fetch --locked --target "$target" >&2
"$cargo" tree --locked --package parlord --package parlor --edges normal --target "$target" \
    --prefix none --format '{p}|{l}' | sed 's/ (\*)$//; s/ (proc-macro)//' | sort -u |
    grep -v -e ' (/' -e '^$' >"$kept/libraries"

echo "Parlor's programs contain the following libraries, each under its own licence."
echo
while IFS='|' read -r library licence; do
    name=${library% v*}-${library##* v}
    echo "$name: $licence"
    # As cargo unpacks them.
    directory=$(echo "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/"$name")
    [ -d "$directory" ] || { echo "notices: the sources of $name are not there" >&2; exit 1; }
    mit=$(find "$directory" -maxdepth 2 -iname '*licen[sc]e*mit*' -o -iname 'mit.txt')
    for text in "$directory"/*[Ll][Ii][Cc][Ee][Nn][SsCc][Ee]* "$directory"/LICENSES/* \
        "$directory"/COPYING* "$directory"/NOTICE*; do
        [ -f "$text" ] || continue
        # Whoever offers the MIT licence besides is taken at that.
        case $text in *[Aa][Pp][Aa][Cc][Hh][Ee]* | *UNLICENSE*) [ -z "$mit" ] || continue ;; esac
        sum=$(cksum <"$text" | tr ' ' -)
        cp "$text" "$kept/$sum.text"
        echo "$name" >>"$kept/$sum.names"
    done
done <"$kept/libraries"

for names in "$kept"/*.names; do
    printf '\n%s\n' '----------------------------------------------------------------------'
    sort -u "$names"
    echo
    cat "${names%.names}.text"
done
