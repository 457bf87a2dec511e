#!/usr/bin/env bash
# Whether a new server is slower than the one before, for a CI job: fills both in turns, and has `fillbench compare`
# judge. Nothing else is needed than this script, fillbench and the servers.
#
#   benchmark/ci-regression.sh [OPTIONS] BASE NEW [-- FILL OPTIONS]
#
# BASE and NEW are server programs (redis-server or valkey-server, 7.0 or newer), started on loopback for this, or
# URLs as fillbench takes them (redis://, rediss://), of servers that may be emptied.
#
#   --runs N            runs of each server; fewer than eight never tell anything [600]
#   --minutes N         begin no pair of runs later than this, and judge what is there by then [30]
#   --pairs N           start the programs anew after so many runs of each [20]
#   --shuffle-seed N    what the order of each pair is drawn with [1]
#   --threshold PERCENT the smallest change that matters [3%]
#   --despite WHAT      what may differ, as of `fillbench compare` [server]
#   --inconclusive HOW  fail: exit with 5 if the machine was too noisy to tell; warn: say so, and exit with 0 [fail]
#   --out DIR           what is kept; a new or empty folder [regression]
#   --port PORT         of the first program, and one more for the second [17700]
#   --fillbench PROGRAM [the release build of this repository, or the one on PATH]
#   --yes               everything in the servers behind URLs may be deleted
#   --help              this text
#
# FILL OPTIONS say what is filled [--keys 150000 --key-size 64 --value-size 256 --command set]. A fill of a quarter of a
# second is long enough: many short ones tell more than a few long ones (PERFORMANCE.md).
#
# DIR holds base.csv and new.csv (a row for each run), comparison.json, report.md, and what programs said (*.log). The
# report is added to $GITHUB_STEP_SUMMARY where there is one.
#
# Exit codes: 0 no change, or better; 1 could not run; 2 bad usage, or not comparable; 4 a regression; 5 inconclusive;
# 130 interrupted.
set -euo pipefail

readonly ANSWER_SECONDS=20 END_SECONDS=20
REPOSITORY=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

runs=600 minutes=30 pairs=20 shuffle_seed=1 threshold=3% despite=server inconclusive=fail out=regression port=17700 consent=no
fillbench='' home='' child='' done_runs=0 programs=() fill_options=()
declare -A server=() target=([base]='' [new]='') is_program=()

say() { printf 'ci-regression.sh: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
usage() { say "$*"; say "try --help"; exit 2; }
help() { sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"; }

# whole NAME VALUE LEAST MOST: ends the script unless the value is a whole number between these
whole() {
    if ! [[ $2 =~ ^[0-9]{1,9}$ ]] || ((10#$2 < $3 || 10#$2 > $4)); then
        usage "$1 is a whole number from $3 to $4, not \`$2\`"
    fi
}

read_arguments() {
    local given=() word
    while (($#)); do
        case $1 in
        --help | -h) help; exit 0 ;;
        --yes) consent=yes; shift; continue ;;
        --shuffle-seed)
            (($# > 1)) || usage "$1 needs a value"
            shuffle_seed=$2
            shift 2; continue ;;
        --) shift; fill_options=("$@"); break ;;
        --runs | --minutes | --pairs | --threshold | --despite | --inconclusive | --out | --port | --fillbench)
            (($# > 1)) || usage "$1 needs a value"
            printf -v "${1#--}" %s "$2"
            shift 2; continue ;;
        -*) usage "there is no option $1" ;;
        esac
        given+=("$1")
        shift
    done
    ((${#given[@]} == 2)) || usage "two servers are needed, BASE and NEW, and ${#given[@]} are named"
    programs=("${given[@]}")
    ((${#fill_options[@]})) || fill_options=(--keys 150000 --key-size 64 --value-size 256 --command set)
    whole --runs "$runs" 1 10000
    whole --minutes "$minutes" 1 1440
    whole --pairs "$pairs" 1 10000
    whole --port "$port" 1024 65534
    whole --shuffle-seed "$shuffle_seed" 0 32767
    RANDOM=$shuffle_seed
    [[ $threshold =~ ^[0-9]{1,2}(\.[0-9]{1,3})?%?$ && $threshold == *[1-9]* ]] ||
        usage "--threshold is percents like 3%, not \`$threshold\`"
    threshold=${threshold%\%}%
    [[ ,$despite =~ ^(,(server|machine|target|points|verdict|client|rate|resumed))*$ || -z $despite ]] ||
        usage "--despite is server, machine, target, points, verdict, client, rate or resumed, with commas between, not \`$despite\`"
    [[ $inconclusive == fail || $inconclusive == warn ]] || usage "--inconclusive is fail or warn, not \`$inconclusive\`"
    [[ -n $out ]] || usage "--out needs a folder"
    # They stand in the report, which many read.
    for word in "${fill_options[@]}"; do
        case $word in
        -a* | -u* | --pass | --pass=* | --password | --password=* | --uri | --uri=*)
            usage "a password does not belong into FILL OPTIONS: write it into the URL, or into REDISCLI_AUTH" ;;
        esac
    done
}

# Everything that can be known before the first server is started.
look_around() {
    local side place=0 program
    for side in base new; do
        program=${programs[place++]}
        target[$side]=$program
        if [[ $program == *://* ]]; then
            is_program[$side]=no
            [[ $consent == yes ]] || usage "the servers behind URLs are emptied again and again: say --yes if they may be"
        else
            is_program[$side]=yes
            program=$(type -P -- "$program") || usage "there is no program ${target[$side]}: name a server, or a URL"
            # The servers are started elsewhere.
            target[$side]=$(cd "$(dirname -- "$program")" && pwd)/$(basename -- "$program")
        fi
    done
    if [[ $fillbench ]]; then
        fillbench=$(type -P -- "$fillbench") || usage "there is no program like the one of --fillbench"
    elif [[ -x $REPOSITORY/target/release/fillbench ]]; then
        fillbench=$REPOSITORY/target/release/fillbench
    else
        fillbench=$(type -P fillbench) ||
            usage "there is no fillbench: build it (cargo build --release), or name it with --fillbench"
    fi
    if [[ -e $out ]]; then
        [[ -d $out && -z $(ls -A -- "$out") ]] || usage "--out $out is there, and not an empty folder: name another one"
    fi
    mkdir -p -- "$out" || die "--out $out cannot be made"
    home=$(mktemp -d)
}

# A server's name without what nobody else may know.
shown() { sed -E 's#//.*@#//#' <<<"${target[$1]}"; }

listens() { (: <>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
answers() {
    (
        exec 3<>"/dev/tcp/127.0.0.1/$1"
        printf 'PING\r\n' >&3
        IFS= read -r -t 1 line <&3
        [[ $line == +PONG* ]]
    ) 2>/dev/null
}

port_of() { if [[ $1 == base ]]; then echo "$port"; else echo $((port + 1)); fi; }

# start SIDE: starts its program, and waits until it answers
start() {
    local side=$1 number deadline=$((SECONDS + ANSWER_SECONDS))
    number=$(port_of "$side")
    ! listens "$number" || die "something listens on port $number already: name another --port"
    mkdir -p "$home/$side"
    # Emptied in the foreground, or that would be done beside the next fill.
    "${target[$side]}" --port "$number" --bind 127.0.0.1 --dir "$home/$side" --save '' --appendonly no \
        --lazyfree-lazy-user-flush no >>"$out/$side-server.log" 2>&1 &
    server[$side]=$!
    until answers "$number"; do
        kill -0 "${server[$side]}" 2>/dev/null || die "$(shown "$side") has ended: $(last_of "$side-server.log")"
        ((SECONDS < deadline)) || die "$(shown "$side") does not answer within $ANSWER_SECONDS s: $(last_of "$side-server.log")"
        sleep 0.05
    done
}

# Fills that end well say nothing, so the first error is that of the last fill.
error_of_fill() { grep -m 1 'error:' -- "$out/fills.log" || last_of fills.log; }
last_of() { tail -n 3 -- "$out/$1" | tr '\n' ' '; }

# end PROCESS: ends a process that this script has started
end() {
    local deadline=$((SECONDS + END_SECONDS))
    kill "$1" 2>/dev/null || true
    while kill -0 "$1" 2>/dev/null; do
        ((SECONDS < deadline)) || kill -KILL "$1" 2>/dev/null || true
        sleep 0.05
    done
    wait "$1" 2>/dev/null || true
}

end_servers() {
    local side
    for side in "${!server[@]}"; do end "${server[$side]}"; done
    server=()
}

# However the script ends, nothing that it has started is left.
# shellcheck disable=SC2317  # a trap calls it
clean_up() {
    local status=$?
    trap - EXIT
    trap '' INT TERM HUP
    [[ -z $child ]] || end "$child"
    end_servers
    [[ -z $home ]] || rm -rf -- "$home"
    exit "$status"
}

# fill SIDE OPTIONS...: one fill, whose row goes where the options say
fill() {
    local side=$1 to status=0
    shift
    if [[ ${is_program[$side]} == yes ]]; then to=(-h 127.0.0.1 -p "$(port_of "$side")"); else to=(-u "${target[$side]}"); fi
    # In the background, so that a signal is obeyed at once.
    "$fillbench" "${to[@]}" "${fill_options[@]}" --flush --yes --quiet "$@" >>"$out/fills.log" 2>&1 </dev/null &
    child=$!
    wait "$child" || status=$?
    child=''
    case $status in
    0) ;;
    2) usage "a fill of $(shown "$side") was refused: $(error_of_fill)" ;;
    *) die "a fill of $(shown "$side") ended with $status: $(error_of_fill)" ;;
    esac
}

# Puts both sides into `sides`, in an order that a coin decides: the test asks how likely the signs of the changes are
# if each could have been the other, and no drift of the machine can fool a coin (docs/live.md).
toss() { if ((RANDOM % 2)); then sides=(base new); else sides=(new base); fi; }

# Ends the programs and starts them anew, in an order that is drawn: where memory comes to lie is chance.
renew() {
    local side sides
    end_servers
    toss
    for side in "${sides[@]}"; do
        [[ ${is_program[$side]} == no ]] || start "$side"
        # New memory is slow.
        fill "$side"
    done
}

# Fills both servers in turns, each pair in an order of its own.
measure() {
    local number side sides deadline=$((60 * minutes)) has_programs=no
    [[ ${is_program[base]}${is_program[new]} == nono ]] || has_programs=yes
    for ((number = 0; number < runs && SECONDS < deadline; number++)); do
        if ((number % pairs == 0)); then
            ((number == 0)) || say "$number of $runs runs of each, after $(clock)"
            if ((number == 0)) || [[ $has_programs == yes ]]; then renew; fi
        fi
        toss
        for side in "${sides[@]}"; do fill "$side" --csv "$out/$side.csv"; done
    done
    done_runs=$number
    if ((number < runs)); then say "--minutes $minutes are over after $number of $runs runs of each"; fi
    end_servers
}

clock() { printf '%d:%02d min' $((SECONDS / 60)) $((SECONDS % 60)); }

compare() {
    "$fillbench" compare "$out/base.csv" "$out/new.csv" --paired --threshold "$threshold" ${despite:+--despite "$despite"} "$@"
}

report() {
    compare --format markdown || true
    echo
    printf -- '- %s\n' "Base: \`$(shown base)\`" "New: \`$(shown new)\`" \
        "$done_runs runs of each, in turns drawn with $shuffle_seed, in $(clock)" "Each run: \`fillbench ${fill_options[*]}\`"
}

judge() {
    local status=0
    compare --json >"$out/comparison.json" 2>"$out/compare.log" || status=$?
    case $status in
    0 | 4 | 5) ;;
    *) rm -f -- "$out/comparison.json"; cat -- "$out/compare.log" >&2; exit "$status" ;;
    esac
    report >"$out/report.md"
    compare || true
    [[ -z ${GITHUB_STEP_SUMMARY:-} ]] || cat -- "$out/report.md" >>"$GITHUB_STEP_SUMMARY"
    if ((status == 5)) && [[ $inconclusive == warn ]]; then
        say "inconclusive, which --inconclusive warn lets pass"
        [[ -z ${GITHUB_ACTIONS:-} ]] || echo "::warning title=fillbench::too noisy to tell whether the server is slower"
        status=0
    fi
    exit "$status"
}

read_arguments "$@"
look_around
trap clean_up EXIT
trap 'exit 130' INT TERM HUP
measure
judge
