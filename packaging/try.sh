#!/usr/bin/env bash
# Lets you try Parlor without touching anything of yours: a private daemon on a free loopback port,
# two members who talk, and the full-screen client in their room. Everything is kept in a temporary
# place, and nothing of it is left when you quit. Without a terminal the same conversation is played
# with the commands for scripts.
#   packaging/try.sh [DIR]
# DIR has the programs, where they are not to be built.
set -euo pipefail
cd "$(dirname "$0")/.."

programs=${1:-}
if [ -z "$programs" ]; then
    cargo=${CARGO:-cargo}
    "$cargo" build --release --locked --bin parlord --bin parlor
    target=$("$cargo" metadata --locked --format-version 1 --no-deps |
        sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
    programs=$target/release
fi
parlord=$programs/parlord
parlor=$programs/parlor

place=$(mktemp -d "${TMPDIR:-/tmp}/parlor-try.XXXXXX")
room=lounge
daemon=
members=

clean_up() {
    trap - EXIT INT TERM HUP
    # The members are a process group of their own, with whatever they run at the moment.
    [ -z "$members" ] || kill -- "-$members" 2>/dev/null || true
    [ -z "$daemon" ] || kill "$daemon" 2>/dev/null || true
    wait 2>/dev/null || true
    rm -rf "$place"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

fail() {
    printf 'try: %s\n' "$1" >&2
    cat "$place/parlord.log" >&2 || true
    exit 1
}

# Has `home` be what to put before a command: a home of one's own for each user, so that none of your
# keys and settings are seen.
at_home_of() {
    home=(env "HOME=$place/$1" "XDG_CONFIG_HOME=$place/$1/config" "XDG_STATE_HOME=$place/$1/state"
        "XDG_CACHE_HOME=$place/$1/cache" "XDG_DATA_HOME=$place/$1/data")
}

# Runs the client as a user who never sees a question.
as() {
    local who=$1
    shift
    at_home_of "$who"
    "${home[@]}" "$parlor" -p "$port" -o StrictHostKeyChecking=accept-new -o BatchMode=yes \
        "$who@127.0.0.1" "$@"
}

mkdir "$place"/{host,ada,bert,you}
printf '[accounts]\nsign_up = "open"\n' >"$place/parlord.toml"
mkfifo "$place/announcements"
at_home_of host
"${home[@]}" "$parlord" --config "$place/parlord.toml" --data "$place/data" \
    serve --listen 127.0.0.1:0 </dev/null >"$place/announcements" 2>"$place/parlord.log" &
daemon=$!
exec 3<"$place/announcements"
port=
while [ -z "$port" ] && IFS= read -r -t 60 line <&3; do
    printf '%s\n' "$line"
    if [[ $line =~ listening\ on\ 127\.0\.0\.1:([0-9]+) ]]; then
        port=${BASH_REMATCH[1]}
    fi
done
[ -n "$port" ] || fail 'the daemon did not start:'

for who in ada bert you; do
    as "$who" signup --password-stdin <<<'a password only for trying' >/dev/null
done
as ada create "$room" --entry open >/dev/null
as bert join "$room"
as you join "$room"

# Who says what, the conversation that you walk into.
conversation() {
    cat <<'TALK'
ada Hi Bert! Is that the new chat you keep talking about?
bert It is. One binary, one file, on the machine under my desk.
ada And what did I just agree to when I signed up?
bert To nothing. Your password never left your machine, and from now on a key logs you in.
ada Nice. If your desk catches fire in the middle of a sentence?
bert What it has acknowledged is on disk. The rest your client sends again, and nothing twice.
ada I like it. Oh, and we have company :)
TALK
}

if ! { [ -t 0 ] && [ -t 1 ]; }; then
    while read -r who text; do
        printf '$ parlor %s@127.0.0.1:%s send %s "%s"\n' "$who" "$port" "$room" "$text"
        as "$who" send "$room" "$text" </dev/null
    done < <(conversation)
    printf '$ parlor you@127.0.0.1:%s tail %s\n' "$port" "$room"
    as you tail "$room" -n 20
    exit 0
fi

# They take their time, as people do, and then answer what you say, a few times.
talk() {
    while read -r who text; do
        sleep 2
        as "$who" send "$room" "$text"
    done < <(conversation)
    local answers=('Welcome! Try /help, or F1.' 'Well said.' 'Ctrl-C twice, and all of this is gone.')
    as bert tail "$room" -f -n 0 --json | while read -r heard && [ "${#answers[@]}" -gt 0 ]; do
        if [[ $heard == *'"author":"you"'* ]]; then
            sleep 1
            as bert send "$room" "${answers[0]}"
            answers=("${answers[@]:1}")
        fi
    done
}
set -m
talk </dev/null >"$place/members.log" 2>&1 &
members=$!
set +m

at_home_of you
"${home[@]}" "$parlor" -p "$port" you@127.0.0.1
