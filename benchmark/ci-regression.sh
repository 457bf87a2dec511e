#!/usr/bin/env bash
# Whether a new server is slower than the one before, for a CI job: `fillbench compare --live` as such a job wants it,
# with its verdict where a CI shows it. Nothing else is needed than this script, fillbench and the servers.
#
#   benchmark/ci-regression.sh [OPTIONS] BASE NEW [-- OPTIONS OF fillbench compare --live]
#
# BASE and NEW are server programs (redis-server or valkey-server, 7.0 or newer), started on loopback for this, or
# URLs as fillbench takes them (redis://, rediss://), of servers that may be emptied.
#
#   --runs N            the most runs of each server: it ends earlier where a look settles it [1000]
#   --minutes N         begin no run later than this, and judge what is there by then [30]
#   --threshold PERCENT the smallest change that matters [3%]
#   --inconclusive HOW  fail: exit with 5 if the machine was too noisy to tell; warn: say so, and exit with 0 [fail]
#   --out DIR           what is kept; a new or empty folder [regression]
#   --fillbench PROGRAM [the release build of this repository, or the one on PATH]
#   --yes               everything in the servers behind URLs may be deleted
#   --help              this text
#
# What follows -- goes before what is chosen here: --fill-time 0.5s, so that each fill is long enough to be judged,
# --key-size 64 --value-size 256 --command set, and for programs --spawn=standalone --renew 5, because where memory
# comes to lie is chance, and has to have many (docs/live.md).
#
# DIR holds the runs (base, new), comparison.json and comparison.md, which is added to $GITHUB_STEP_SUMMARY where there
# is one.
#
# Exit codes: 0 no change, or better; 1 could not run; 2 bad usage, or not comparable; 3 a server does not keep what it
# is sent; 4 a regression; 5 inconclusive; 130 interrupted.
set -euo pipefail

REPOSITORY=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

runs=1000 minutes=30 threshold=3% inconclusive=fail out=regression consent=no
fillbench='' servers=() more=() stopped=no

say() { printf 'ci-regression.sh: %s\n' "$*" >&2; }
usage() { say "$*"; say "try --help"; exit 2; }
help() { sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"; }
is_url() { [[ $1 == *://* ]]; }

read_arguments() {
    while (($#)); do
        case $1 in
        --help | -h) help; exit 0 ;;
        --yes) consent=yes; shift ;;
        --) shift; more=("$@"); break ;;
        --runs | --minutes | --threshold | --inconclusive | --out | --fillbench)
            (($# > 1)) || usage "$1 needs a value"
            printf -v "${1#--}" %s "$2"
            shift 2 ;;
        -*) usage "there is no option $1: what fillbench is to be told stands behind --" ;;
        *) servers+=("$1"); shift ;;
        esac
    done
    ((${#servers[@]} == 2)) || usage "two servers are needed, BASE and NEW, and ${#servers[@]} are named"
    [[ $minutes =~ ^[1-9][0-9]{0,3}$ ]] || usage "--minutes is a whole number from 1, not \`$minutes\`"
    [[ $inconclusive == fail || $inconclusive == warn ]] || usage "--inconclusive is fail or warn, not \`$inconclusive\`"
}

find_programs() {
    local server
    if is_url "${servers[0]}" && is_url "${servers[1]}"; then
        [[ $consent == yes ]] || usage "the servers behind URLs are emptied again and again: say --yes if they may be"
    elif is_url "${servers[0]}" || is_url "${servers[1]}"; then
        usage "BASE and NEW are two programs, or two URLs"
    else
        for server in "${servers[@]}"; do
            type -P -- "$server" >/dev/null || usage "there is no program $server: name a server, or a URL"
        done
    fi
    if [[ -z $fillbench ]]; then
        fillbench=$REPOSITORY/target/release/fillbench
        [[ -x $fillbench ]] || fillbench=fillbench
    fi
    type -P -- "$fillbench" >/dev/null ||
        usage "there is no $fillbench: build it (cargo build --release), or name it with --fillbench"
}

# chosen OPTION... -- WORD...: the words, unless one of the options was given
chosen() {
    local options=() option word
    while [[ $1 != -- ]]; do options+=("$1"); shift; done
    shift
    for option in "${options[@]}"; do
        for word in "${more[@]}"; do [[ $word != "$option" && $word != "$option="* ]] || return 0; done
    done
    command+=("$@")
}

# Ends with its exit code, and not before it has ended.
compare() {
    local command=("$fillbench" compare --live --quiet --out "$out") child status=0
    if is_url "${servers[0]}"; then
        command+=(--yes)
    else
        command+=(--server-binary "${servers[0]}" --server-binary "${servers[1]}")
        chosen --spawn -- --spawn=standalone
        chosen --renew -- --renew 5
    fi
    chosen --max-runs -- --max-runs "$runs"
    chosen --max-time -- --max-time "${minutes}m"
    chosen --threshold -- --threshold "$threshold"
    chosen --key-size -- --key-size 64
    chosen --value-size -- --value-size 256
    chosen --command -- --command set
    chosen --data -d --keys --fill-time -- --fill-time 0.5s
    command+=("${more[@]}")
    ! is_url "${servers[0]}" || command+=("${servers[@]}")
    # In the background, so that a signal is obeyed at once.
    "${command[@]}" &
    child=$!
    trap 'stopped=yes; kill "$child" 2>/dev/null || true' INT TERM HUP
    while true; do
        status=0
        wait "$child" || status=$?
        # A signal ends the waiting before the program has ended.
        kill -0 "$child" 2>/dev/null || break
    done
    [[ $stopped == no ]] || return 130
    return "$status"
}

# annotate KIND TEXT: says it where GitHub shows it
annotate() { [[ -z ${GITHUB_ACTIONS:-} ]] || echo "::$1 title=fillbench::$2"; }

read_arguments "$@"
find_programs
status=0 earlier=no
# What another comparison left there is refused by this one, and no summary of it.
[[ ! -e $out/comparison.md ]] || earlier=yes
compare || status=$?
[[ -z ${GITHUB_STEP_SUMMARY:-} || $earlier == yes || ! -f $out/comparison.md ]] || cat -- "$out/comparison.md" >>"$GITHUB_STEP_SUMMARY"
case $status in
3) annotate error "a server does not keep what it is sent" ;;
5)
    if [[ $inconclusive == warn ]]; then
        say "inconclusive, which --inconclusive warn lets pass"
        annotate warning "too noisy to tell whether the server is slower"
        status=0
    fi
    ;;
esac
exit "$status"
