#!/usr/bin/env bash
# Writes what the two programs are made of, on any target, into a directory: parlord.cdx.json and
# parlor.cdx.json (CycloneDX). Needs cargo-cyclonedx: cargo install --locked cargo-cyclonedx
#   packaging/sbom.sh DIR
set -euo pipefail
mkdir -p "$1"
directory=$(realpath "$1")
cd "$(dirname "$0")/.."

"${CARGO:-cargo}" cyclonedx --quiet --format json --spec-version 1.5 --describe binaries --target all
# It puts them beside each Cargo.toml.
mv daemon/parlord_bin.cdx.json "$directory/parlord.cdx.json"
mv term/parlor_bin.cdx.json "$directory/parlor.cdx.json"
