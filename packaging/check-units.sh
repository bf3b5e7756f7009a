#!/usr/bin/env bash
# Checks the units as systemd reads them: that it understands every line, and that the daemon is
# confined as well as it can be (an exposure of 1.1 at most). As root; needs systemd-analyze, and no
# systemd has to run.
set -euo pipefail
cd "$(dirname "$0")"

# The units name programs that are not here, so they are looked at where those would be.
root=$(mktemp -d "${TMPDIR:-/tmp}/parlord-units.XXXXXX")
trap 'rm -rf "$root"' EXIT
mkdir -p "$root"/{etc,usr/bin,usr/lib/systemd/system,usr/lib/sysusers.d,usr/lib/tmpfiles.d}
install -m 755 /bin/true "$root/usr/bin/parlord"
# The targets and units that ours name, as this machine has them.
for unit in /usr/lib/systemd/system/*.{target,slice,mount,socket}; do
    [ ! -f "$unit" ] || cp "$unit" "$root/usr/lib/systemd/system/"
done
for unit in parlord.service parlord.socket; do
    cp "$unit" "$root/usr/lib/systemd/system/"
    said=$(systemd-analyze verify --man=no --recursive-errors=no --root="$root" "$unit" 2>&1) || {
        printf '%s\n' "$said" >&2
        exit 1
    }
    [ -z "$said" ] || { printf '%s\n' "$said" >&2; exit 1; }
done

# The threshold is in tenths.
systemd-analyze security --offline=true --threshold=11 ./parlord.service | tail -n 1

cp parlord.sysusers "$root/usr/lib/sysusers.d/parlord.conf"
cp parlord.tmpfiles "$root/usr/lib/tmpfiles.d/parlord.conf"
systemd-sysusers --root="$root" parlord.conf >/dev/null
grep -q '^parlord:' "$root/etc/passwd"
grep -q '^parlord:' "$root/etc/group"
systemd-tmpfiles --root="$root" --create parlord.conf
[ "$(stat -c %a "$root/var/lib/parlord")" = 710 ]
echo 'the units, the user and the data directory are as they should be'
