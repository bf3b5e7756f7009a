#!/usr/bin/env bash
# Tries a Debian package as an administrator would, in a clean Debian 12 that it makes in a temporary
# place. First without systemd: installed, the daemon started by hand as its unit says, the first
# operator made with the printed code. Then under a systemd of its own: started at boot, confined,
# started by a connection, started anew when it hangs; upgraded, removed, purged. Neither sees any
# network but its own loopback, and nothing of it is left. As root; needs debootstrap, and a network
# for Debian's packages.
#   packaging/try-deb.sh PACKAGE.deb [ROOT]
# ROOT is a clean Debian 12 that is there already; it is copied, not changed.
set -euo pipefail

fail() {
    printf 'try-deb: %s\n' "$1" >&2
    [ ! -s "$root/var/tmp/daemon.log" ] || sed 's/^/    /' "$root/var/tmp/daemon.log" >&2
    exit 1
}
told() { printf -- '- %s\n' "$1"; }

# What follows runs programs in the new system by `inside`, which both ways of running it define.

# As somebody with this user and this group, and a home of their own.
as() {
    local user=$1 group=$2
    shift 2
    inside setpriv --reuid "$user" --regid "$group" --clear-groups \
        env -i HOME=/var/tmp/home PATH=/usr/bin "$@"
}
parlor() {
    local user=$1
    shift
    as nobody nogroup parlor -o StrictHostKeyChecking=accept-new -o BatchMode=yes \
        "$user@127.0.0.1" "$@"
}
# Has it refused with this code.
refused() {
    local code=$1 status=0
    shift
    parlor "$@" 2>"$root/var/tmp/refused" || status=$?
    [ "$status" -eq 1 ] && grep -q "refused: $code" "$root/var/tmp/refused"
}
# Waits for a command to succeed.
until_so() {
    local i
    for ((i = 0; i < 600; i++)); do
        if "$@"; then return; fi
        sleep 0.1
    done
    fail "in a minute it did not come to this: $*"
}
unit() { sed -n "s/^$1=//p" "$root/usr/lib/systemd/system/parlord.service"; }

installed() {
    local file
    inside dpkg --verify parlord
    [ "$(inside stat -c '%U:%G %a' /var/lib/parlord)" = 'parlord:parlord 710' ] ||
        fail 'the data directory is not as it should be'
    [ -L "$root/etc/systemd/system/multi-user.target.wants/parlord.service" ] ||
        fail 'the service is not enabled'
    [ ! -e "$root/etc/systemd/system/sockets.target.wants/parlord.socket" ] ||
        fail 'the socket is enabled, and nobody asked for it'
    # shellcheck disable=SC2016
    [ "$(inside dpkg-query -W -f '${Conffiles}' parlord | awk '{ print $1 }' | sort | xargs)" = \
        '/etc/parlord/log4rs.yaml /etc/parlord/parlord.toml' ] || fail 'these are not the conffiles'
    for file in man/man8/parlord.8.gz man/man8/parlord-user-add.8.gz man/man1/parlor.1.gz \
        man/man1/parlor-send.1.gz bash-completion/completions/parlor \
        zsh/vendor-completions/_parlord fish/vendor_completions.d/parlor.fish; do
        [ -s "$root/usr/share/$file" ] || fail "there is no $file"
    done
    inside systemd-analyze verify --man=no parlord.service parlord.socket
    inside systemd-analyze security --offline=true --threshold=11 \
        /usr/lib/systemd/system/parlord.service | tail -n 1
    told 'files, user, data directory, conffiles and units are there; the service is enabled'
}

# Starts the daemon as the unit has it, but for the sandbox, and waits until it says that it is ready.
start_by_hand() {
    : >"$root/var/tmp/told"
    install -d -m "$(unit RuntimeDirectoryMode)" -o "$(inside id -u parlord)" \
        -g "$(inside id -g parlord)" "$root/run/parlord"
    # The command line of the unit has no quotes.
    # shellcheck disable=SC2046
    chroot "$root" setpriv --reuid "$(unit User)" --regid "$(unit Group)" --clear-groups \
        --no-new-privs env -i PATH=/usr/bin STATE_DIRECTORY=/var/lib/parlord \
        RUNTIME_DIRECTORY=/run/parlord CONFIGURATION_DIRECTORY=/etc/parlord \
        NOTIFY_SOCKET=/var/tmp/notify WATCHDOG_USEC=1000000 \
        $(unit ExecStart) >"$root/var/tmp/daemon.out" 2>"$root/var/tmp/daemon.log" &
    daemon=$!
    until_so grep -q '^READY=1$' "$root/var/tmp/told"
}
stop_by_hand() {
    kill "$daemon"
    wait "$daemon" || fail 'the daemon did not end well'
    until_so grep -q '^STOPPING=1$' "$root/var/tmp/told"
}

by_hand() {
    local code
    inside() { chroot "$root" "$@"; }
    mount -t proc proc "$root/proc"
    mount --bind /dev "$root/dev"
    ip link set lo up
    echo 'installed:'
    installed

    echo 'started by hand:'
    # What a service manager hears, as a file.
    # shellcheck disable=SC2016
    chroot "$root" perl -MIO::Socket::UNIX -e '
        $| = 1;
        my $socket = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => "/var/tmp/notify") or die $!;
        chmod 0666, "/var/tmp/notify";
        while (defined $socket->recv(my $text, 4096)) { chomp $text; print "$text\n" }
    ' >"$root/var/tmp/told" &
    until_so test -S "$root/var/tmp/notify"
    start_by_hand
    until_so grep -q '^WATCHDOG=1$' "$root/var/tmp/told"
    grep -qxF 'STATUS=listening on 127.0.0.1:7667 (tls), [::1]:7667 (tls)' "$root/var/tmp/told" ||
        fail 'it does not say where it listens'
    told "it said: $(sort -u "$root/var/tmp/told" | paste -s -d ';')"
    refused sign-up-closed mallory signup --password-stdin <<<'correct horse' ||
        fail 'it does not start closed'
    told 'without a code nobody signs up'
    code=$(sed -n 's/^sign up as the first operator within 24 hours with the code //p' \
        "$root/var/tmp/daemon.log")
    [ -n "$code" ] || fail 'there is no code on stderr'
    parlor alice signup --code "$code" --password-stdin <<<'correct horse' ||
        fail 'the code is no good'
    parlor alice whoami --json | grep -q '"operator":true' || fail 'alice is no operator'
    refused sign-up-closed bob signup --code "$code" --password-stdin <<<'correct horse' ||
        fail 'the code is good twice'
    told 'alice signed up with the code and is an operator; the code is good once'
    inside parlord user list --json | grep -q '"user":"alice","operator":true' ||
        fail 'root is not served'
    as nobody parlord parlord user list | grep -q alice || fail 'the group is not served'
    as nobody parlord parlord audit --action signed-up | grep -q alice ||
        fail 'the group does not read the audit'
    ! as nobody nogroup parlord audit 2>/dev/null || fail 'strangers read the audit'
    ! as nobody nogroup parlord user list 2>"$root/var/tmp/refused" || fail 'strangers are served'
    told "root and the group run subcommands; strangers hear: $(cat "$root/var/tmp/refused")"
    stop_by_hand
    start_by_hand
    ! grep -q 'first operator' "$root/var/tmp/daemon.log" || fail 'there is a second code'
    stop_by_hand
    told 'it ended when it was told to, and the next start has no code'
}

# Becomes the first process of the new system.
boot() {
    mount --bind "$root" "$root"
    cd "$root"
    mount -t proc proc proc
    mount -t sysfs sysfs sys
    mount -t cgroup2 cgroup2 sys/fs/cgroup
    mount --bind /dev dev
    mount -t tmpfs tmpfs run
    ip link set lo up
    mkdir -p mnt/outside
    pivot_root . mnt/outside
    umount --lazy /mnt/outside
    exec env -i container=parlor-try PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd
}

active() { inside systemctl --quiet is-active "$1"; }
property() { inside systemctl show --property "$1" --value parlord.service; }

under_systemd() {
    local process
    inside() { nsenter --target "$first" --all --root --wd "$@"; }
    echo 'under systemd:'
    until_so inside test -S /run/systemd/private
    until_so active parlord.service
    process=$(property MainPID)
    [ "$(inside awk '/^(Uid|CapBnd|NoNewPrivs|Seccomp):/ { print $2 }' "/proc/$process/status" |
        xargs)" = "$(inside id -u parlord) 0000000000000000 1 2" ] || fail 'it is not confined'
    told "started at boot and confined, it says: $(property StatusText)"
    parlor alice whoami >/dev/null || fail 'alice does not get in'
    inside parlord user add carol --generate >/dev/null || fail 'root is not served'
    as nobody parlord parlord user list | grep -q carol || fail 'the group is not served'
    as nobody parlord parlord audit --action user-added | grep -q carol ||
        fail 'the group does not read the audit'
    told 'alice gets in with her key, and subcommands work, for the group as well'

    echo 'motd = "by the administrator"' >"$root/var/tmp/motd"
    sed -i "/^\\[server\\]/r $root/var/tmp/motd" "$root/etc/parlord/parlord.toml"
    inside systemctl reload parlord.service || fail 'systemctl reload fails'
    [ "$(property MainPID)" = "$process" ] || fail 'a reload starts it anew'
    inside parlord audit --action config-reloaded | grep -q server.motd || fail 'nothing was read'
    echo nonsense >>"$root/etc/parlord/parlord.toml"
    ! inside systemctl reload parlord.service 2>/dev/null || fail 'a bad configuration is taken'
    active parlord.service || fail 'a bad configuration ends it'
    sed -i '$d' "$root/etc/parlord/parlord.toml"
    told 'systemctl reload takes a changed configuration over, and a bad one changes nothing'

    inside systemctl stop parlord.service
    [ "$(property Result)" = success ] || fail 'it did not end well'
    inside systemctl --quiet enable --now parlord.socket
    ! active parlord.service || fail 'it runs before anybody has come'
    parlor alice whoami >/dev/null || fail 'the first connection is lost'
    active parlord.service || fail 'the first connection did not start it'
    told 'parlord.socket starts it with the first connection, which is served'

    process=$(property MainPID)
    inside bash -c "kill -STOP $process"
    until_so another_process_than "$process"
    until_so active parlord.service
    parlor alice whoami >/dev/null || fail 'alice does not get in again'
    told "hanging for $(unit WatchdogSec) s, it is started anew"

    echo '# by the administrator' >>"$root/etc/parlord/parlord.toml"
    process=$(property MainPID)
    inside dpkg --install /var/tmp/parlord.deb >/dev/null
    another_process_than "$process" || fail 'an upgrade does not restart it'
    grep -q '^# by the administrator$' "$root/etc/parlord/parlord.toml" ||
        fail 'an upgrade loses the configuration'
    told 'an upgrade restarts it and keeps the configuration'
    inside dpkg --remove parlord >/dev/null
    ! active parlord.service && ! active parlord.socket || fail 'it runs on when it is removed'
    [ ! -e "$root/usr/bin/parlord" ] && [ -f "$root/var/lib/parlord/parlor.db" ] &&
        [ -f "$root/etc/parlord/parlord.toml" ] || fail 'removal keeps too much or too little'
    told 'removal stops it, and keeps the data and the configuration'
    inside dpkg --install /var/tmp/parlord.deb >/dev/null
    until_so active parlord.service
    active parlord.socket || fail 'the socket is enabled, and does not listen'
    inside parlord user list | grep -q carol || fail 'carol is lost'
    told 'installed again, it goes on where it ended'
    inside dpkg --purge parlord >/dev/null
    [ ! -e "$root/var/lib/parlord" ] && [ ! -e "$root/etc/parlord" ] ||
        fail 'purging leaves data or configuration'
    ! find "$root"/{etc/systemd,usr,var/lib/systemd} -name '*parlor*' | grep . ||
        fail 'purging leaves something'
    inside id parlord >/dev/null || fail 'the user is gone'
    told 'purging leaves nothing but the user'
}

another_process_than() {
    local process
    process=$(property MainPID)
    [ "$process" != 0 ] && [ "$process" != "$1" ]
}

case $1 in
--by-hand)
    root=$2
    by_hand
    exit
    ;;
--boot)
    root=$2
    boot
    ;;
esac

root=$(mktemp -d "${TMPDIR:-/tmp}/parlor-deb.XXXXXX")
group=
clean_up() {
    # The system's processes end with its first, and that with unshare, which heeds no other signal.
    if [ -n "${system:-}" ]; then
        kill -KILL "$system" 2>/dev/null || true
        wait "$system" 2>/dev/null || true
    fi
    rm -rf --one-file-system "$root"
    [ -z "$group" ] || find "$group" -depth -type d -exec rmdir {} +
}
trap clean_up EXIT
chmod 755 "$root"
if [ -n "${2:-}" ]; then
    cp -a "$2/." "$root/"
else
    debootstrap --variant=minbase bookworm "$root" >/dev/null
fi
cp /etc/resolv.conf "$root/etc/resolv.conf"
cp "$1" "$root/var/tmp/parlord.deb"
cat >"$root/var/tmp/install" <<'INSTALL'
set -e
mount -t proc proc /proc
apt-get update
DEBIAN_FRONTEND=noninteractive \
    apt-get install --yes --no-install-recommends /var/tmp/parlord.deb systemd-sysv
INSTALL
unshare --mount --pid --fork chroot "$root" sh /var/tmp/install >"$root/var/tmp/apt.log" 2>&1 || {
    cat "$root/var/tmp/apt.log" >&2
    exit 1
}
install -d -m 700 -o "$(chroot "$root" id -u nobody)" "$root/var/tmp/home"

unshare --mount --net --pid --fork --kill-child "$0" --by-hand "$root"

# Its own part of the tree of control groups is all of the tree that it sees.
group=$(findmnt --noheadings --first-only --types cgroup2 --output TARGET)/parlor-try-$$
mkdir "$group"
(
    echo "$BASHPID" >"$group/cgroup.procs"
    exec unshare --mount --net --pid --ipc --uts --cgroup --fork --kill-child \
        "$0" --boot "$root" </dev/null >"$root/var/tmp/boot.log" 2>&1
) &
system=$!
until_so pgrep --parent "$system" >/dev/null
first=$(pgrep --parent "$system")
under_systemd
