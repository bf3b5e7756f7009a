#!/usr/bin/env bash
# Runs the daemon's stories under strace, and compares what their daemons do with what
# parlord.service lets them do: every system call has to be within SystemCallFilter=, every socket
# within RestrictAddressFamilies=, and nothing may be written outside the data directory and the
# runtime directory. Prints what it found; fails if there is anything more. Arguments go to the tests.
# Needs strace, systemd-analyze and a minute.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo=${CARGO:-cargo}
place=$(mktemp -d "${TMPDIR:-/tmp}/parlord-confinement.XXXXXX")
trap 'rm -rf "$place"' EXIT

# The names in a set of system calls, and in the sets that it holds.
names_in() {
    local name
    while read -r name; do
        case $name in
        '#'* | '') ;;
        @*) names_in "$name" ;;
        *) printf '%s\n' "$name" ;;
        esac
    done < <(systemd-analyze syscall-filter --no-pager "$1" 2>/dev/null | tail -n +2)
}

# What the unit allows, its lines taken in their order as systemd takes them. @default is always in.
names_in @default | sort -u >"$place/allowed"
while read -r value; do
    for name in ${value#\~}; do
        case $name in
        @*) names_in "$name" ;;
        *) printf '%s\n' "$name" ;;
        esac
    done | sort -u >"$place/named"
    case $value in
    \~*) comm -23 "$place/allowed" "$place/named" >"$place/next" ;;
    *) sort -u "$place/allowed" "$place/named" >"$place/next" ;;
    esac
    mv "$place/next" "$place/allowed"
done < <(sed -n 's/^SystemCallFilter=//p' packaging/parlord.service)
sed -n 's/^RestrictAddressFamilies=//p' packaging/parlord.service | tr ' ' '\n' >"$place/families"

# Keeps what the daemons among the traced processes do: a daemon is what runs `parlord … serve`, with
# all of its threads. A thread may be heard of before its parent tells that it made it, so all is kept
# for each and put together at the end.
cat >"$place/daemons.awk" <<'AWK'
function value(line, name,   found) {
    if (!match(line, "\"" name "=[^\"]*\"")) return ""
    found = substr(line, RSTART, RLENGTH)
    gsub("^\"" name "=|\"$", "", found)
    return found
}
function argument(line, name,   found) {
    if (!match(line, "\"" name "\", \"[^\"]*\"")) return ""
    found = substr(line, RSTART, RLENGTH)
    gsub("^\"" name "\", \"|\"$", "", found)
    return found
}
function within(path, directory) {
    return directory != "" && (path == directory || index(path, directory "/") == 1)
}
{
    pid = $1
    line = substr($0, length(pid) + 1)
    sub(/^ +/, "", line)
}
line ~ /^(---|\+\+\+)/ { next }
match(line, /^<\.\.\. (clone|clone3|fork|vfork) resumed>.* = [0-9]+$/) || \
match(line, /^(clone|clone3|fork|vfork)\(.* = [0-9]+$/) {
    child = line
    sub(/.* = /, "", child)
    parent[child] = pid
}
# A call counts once it has returned. Of one that its process was killed in, strace may tell a number and
# arguments that it never had, those of another thread's call among them.
line ~ /^[a-z0-9_]+\(.* <unfinished \.\.\.>$/ {
    sub(/ *<unfinished \.\.\.>$/, "", line)
    begun[pid] = line
    next
}
match(line, /^<\.\.\. [a-z0-9_]+ resumed>/) {
    name = substr(line, 6, RLENGTH - 14)
    rest = substr(line, RLENGTH + 1)
    line = index(begun[pid], name "(") == 1 ? begun[pid] rest : name "(" rest
    delete begun[pid]
}
line !~ /^[a-z0-9_]+\(/ { next }
{
    name = line
    sub(/\(.*/, "", name)
}
line ~ /= \?$/ && name !~ /^exit(_group)?$/ { next }
name == "execve" {
    delete calls[pid]; delete writes[pid]; delete families[pid]
    serves[pid] = line ~ /^execve\("[^"]*\/parlord", \[/ && line ~ /, "serve"/
    data[pid] = argument(line, "--data")
    if (data[pid] == "") data[pid] = value(line, "STATE_DIRECTORY")
    runtime[pid] = value(line, "RUNTIME_DIRECTORY")
    beside[pid] = argument(line, "--config")
    sub(/\/[^\/]*$/, "", beside[pid])
    next
}
index(calls[pid] " ", " " name " ") == 0 { calls[pid] = calls[pid] " " name }
name == "socket" && match(line, /AF_[A-Z0-9]+/) {
    families[pid] = families[pid] " " substr(line, RSTART, RLENGTH)
}
name == "bind" && line !~ /sun_path=/ { next }
name ~ /^open(at|at2)?$/ && line !~ /O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND/ { next }
name ~ /^(open|openat|openat2|creat|mkdir|mkdirat|rename|renameat|renameat2|unlink|unlinkat|rmdir|symlink|symlinkat|link|linkat|chmod|fchmodat|fchmodat2|chown|lchown|fchownat|truncate|utime|utimes|utimensat|mknod|mknodat|setxattr|lsetxattr|bind)$/ {
    rest = line
    while (match(rest, /"([^"\\]|\\.)*"/)) {
        writes[pid] = writes[pid] SUBSEP name " " substr(rest, RSTART + 1, RLENGTH - 2)
        rest = substr(rest, RSTART + RLENGTH)
    }
}
function daemon_of(pid,   steps) {
    for (steps = 0; !(pid in serves) && (pid in parent) && steps < 8; steps++) pid = parent[pid]
    return serves[pid] ? pid : ""
}
END {
    for (pid in serves) if (serves[pid]) print "daemon", pid
    for (pid in calls) {
        owner = daemon_of(pid)
        if (owner == "") continue
        count = split(calls[pid], parts, " ")
        for (i = 1; i <= count; i++) print "call", parts[i]
        count = split(families[pid], parts, " ")
        for (i = 1; i <= count; i++) print "family", parts[i]
        count = split(writes[pid], parts, SUBSEP)
        for (i = 1; i <= count; i++) {
            if (parts[i] == "") continue
            path = parts[i]
            sub(/^[^ ]* /, "", path)
            if (within(path, data[owner])) print "write data"
            else if (within(path, runtime[owner])) print "write runtime"
            else if (path == beside[owner] "/socket") print "write listen.unix"
            else if (path == beside[owner] "/file.log" || parts[i] == "mkdir " beside[owner])
                print "write log"
            # A configuration of the log is checked with this in place of each of its files; log4rs
            # makes sure of the directory first, which every system has.
            else if (path == "/dev/null" || parts[i] == "mkdir /dev") print "write nothing"
            else print "elsewhere", parts[i]
        }
    }
}
AWK

# The service has a user of its own, and the superuser's daemon does other things.
stories=$("$cargo" test --locked -p parlord --test it --no-run --message-format=json |
    sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' | grep '/it-')
as_user=()
[ "$(id -u)" -ne 0 ] || as_user=(unshare --user --map-user=1000 --map-group=1000)
mkdir "$place/tmp"
TMPDIR=$place/tmp HOME=$place/tmp "${as_user[@]}" strace -f -qq -e signal=none \
    -e 'abbrev=!execve' -s 256 -o "|awk -f '$place/daemons.awk' >'$place/found'" \
    "$stories" "$@" >"$place/told" 2>&1 || told=$?
# strace slows the daemons down and interrupts the stories' reads, so that one that watches the clock may
# fail here. What its daemon did until then counts; that the stories hold is for `make test` to see.
grep -q '^test result: ' "$place/told" || {
    cat "$place/told" >&2
    echo "the stories were not told: exit status ${told:-0}" >&2
    exit 1
}
sed -n 's/^test result: .* \([0-9]* passed\); \([0-9]*\) failed;.*/stories under strace: \1, \2 failed/p
    s/^test \(.*\) \.\.\. FAILED$/    \1/p' "$place/told" | sort -r

sed -n 's/^call //p' "$place/found" | sort | uniq >"$place/calls"
sed -n 's/^family //p' "$place/found" | sort | uniq >"$place/used-families"
daemons=$(grep -c '^daemon ' "$place/found" || true)
[ "$daemons" -gt 0 ] || { echo 'no daemon was seen, so nothing was looked at' >&2; exit 1; }
printf '%s daemons made %s different system calls:\n' "$daemons" "$(wc -l <"$place/calls")"
paste -s -d ' ' "$place/calls" | fold -s -w 100
printf 'sockets: %s\n' "$(paste -s -d ' ' "$place/used-families")"
printf 'written: %s times in the data directory, %s in the runtime directory, %s at listen.unix,\n' \
    "$(grep -c '^write data' "$place/found" || true)" \
    "$(grep -c '^write runtime' "$place/found" || true)" \
    "$(grep -c '^write listen.unix' "$place/found" || true)"
# A story has a log4rs file that names a log beside it; under the unit that takes ReadWritePaths=.
printf '    and %s at a log that log4rs was told of\n' "$(grep -c '^write log' "$place/found" || true)"

faults=0
none() {
    local what=$1
    if [ -s "$place/faults" ]; then
        faults=1
        printf '%s:\n' "$what" >&2
        sed 's/^/    /' "$place/faults" >&2
    fi
}
comm -23 "$place/calls" "$place/allowed" >"$place/faults"
none 'system calls that SystemCallFilter= does not allow'
grep -vxFf "$place/families" "$place/used-families" >"$place/faults" || true
none 'sockets that RestrictAddressFamilies= does not allow'
sed -n 's/^elsewhere //p' "$place/found" | sort | uniq -c >"$place/faults"
none 'written elsewhere'
[ "$faults" -eq 0 ] || exit 1
echo 'all of it is what parlord.service allows'
