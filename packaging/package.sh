#!/usr/bin/env bash
# Builds what a release ships for one target, and prints where it lies: a tarball with programs, manual
# pages, completions, units and configuration; on Linux a Debian package as well; and their checksums.
# Without an argument it is for this machine. The Debian package takes cargo-deb, and is left out
# where that is not, but for CI: cargo install --locked cargo-deb
set -euo pipefail
cd "$(dirname "$0")/.."

cargo=${CARGO:-cargo}
host=$(rustc -vV | sed -n 's/^host: //p')
target=${1:-$host}
metadata=$("$cargo" metadata --locked --format-version 1 --no-deps)
version=$(sed 's/.*"name":"parlord","version":"\([^"]*\)".*/\1/' <<<"$metadata")
built=$(sed 's/.*"target_directory":"\([^"]*\)".*/\1/' <<<"$metadata")/$target/release
shipped=$built/package

# Without the tables for debuggers, but with the names that a backtrace tells.
CARGO_PROFILE_RELEASE_STRIP=debuginfo \
    "$cargo" build --release --locked --target "$target" --bin parlord --bin parlor

# Pages are of the day of the sources.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH

# Pages and completions are the same for all targets, so this machine makes them.
rm -rf "$built/manual" "$shipped"
PARLOR_MANUAL=$built/manual "$cargo" test --quiet --locked -p parlord -p parlor --bins -- \
    in_the_manual_and_is_completed
for page in parlord.8 parlor.1 _parlord parlor.fish; do
    [ -s "$built/manual/$page" ] || { echo "package: $page was not made" >&2; exit 1; }
done

name=parlor-$version-$target
mkdir -p "$shipped/$name"/{bin,man/man1,man/man8,completions,config}
cp "$built/parlord" "$built/parlor" "$shipped/$name/bin/"
cp "$built"/manual/*.1 "$shipped/$name/man/man1/"
cp "$built"/manual/*.8 "$shipped/$name/man/man8/"
cp "$built"/manual/{*.bash,_parlor*,*.fish} "$shipped/$name/completions/"
cp -R config/. "$shipped/$name/config/"
packaging/notices.sh "$target" >"$built/THIRD-PARTY-LICENSES"
cp "$built/THIRD-PARTY-LICENSES" README.md CHANGELOG.md LICENSE-APACHE LICENSE-MIT packaging/grafana.json "$shipped/$name/"
if [[ $target == *-linux-* ]]; then
    mkdir "$shipped/$name/systemd"
    cp packaging/parlord.{service,socket,sysusers,tmpfiles} "$shipped/$name/systemd/"
fi
# Whoever builds it owns none of what is unpacked.
owner=(--owner=0 --group=0 --numeric-owner)
if tar --version | grep -q bsdtar; then owner=(--uid 0 --gid 0 --numeric-owner); fi
tar -C "$shipped" "${owner[@]}" -czf "$shipped/$name.tar.gz" "$name"
rm -r "${shipped:?}/$name"

if [[ $target != *-linux-* ]]; then
    :
elif [ -z "${CI:-}" ] && ! "$cargo" deb --version >/dev/null 2>&1; then
    echo 'package: there is no cargo-deb, so no Debian package is made' >&2
else
    gzip --best --no-name "$built"/manual/*.[18]
    "$cargo" deb --quiet --package parlord --target "$target" --no-build --output "$shipped/"
fi

cd "$shipped"
sha=(sha256sum)
command -v sha256sum >/dev/null || sha=(shasum -a 256)
"${sha[@]}" -- parlor* >"SHA256SUMS-$target"
printf '%s\n' "$shipped"/*
