#!/usr/bin/env python3
"""Tries the gate on what gate.py has recorded: how often `fillbench compare` calls runs slower that are not, and
misses those that are, and how many runs and minutes it needs to tell them apart."""

import argparse
import concurrent.futures
import csv
import datetime
import json
import math
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import lab

VERDICTS = ["regression", "inconclusive", "no change", "better"]
COMPARE_TIMEOUT_SECONDS = 600
# Which server of a pair is slowed down in some runs.
SLOWED = 1
# What decides nothing is left out, because its intervals take most of the time.
UNDECIDING = {"latency_us_count": "0", "servers_cpu_user_seconds": "", "client_cpu_seconds": "nan"}
# What fillbench reads of a run today and a recording of an earlier version lacks. None of it decides anything.
LATER = {"address": "", "target_replicas": "0", "account_repaired": "0", "program_version": "", "error_message": "",
         "error_cure": "", "warnings": "", "incidents": "0", "payload_bytes_per_second": "0.0",
         "interval_keys_per_second_min": "0.0", "interval_keys_per_second_median": "0.0",
         "interval_keys_per_second_max": "0.0", "client_peak_rss_bytes": "0"}
# What is to be reached, of 100 comparisons: how many at least or at most are called regressions.
AIMS = {"A": ("at most 1", lambda found, jobs: found <= 0.01 * jobs),
        "B": ("at least 95", lambda found, jobs: found >= 0.95 * jobs),
        "C": ("at most 5", lambda found, jobs: found <= 0.05 * jobs)}


@dataclass(frozen=True)
class Trial:
    """What is compared with runs of A: those of another side, slower by `percent` than they were."""

    side: str
    percent: float = 0.0

    def __str__(self):
        return f"{self.side} against A" if not self.percent else f"A made {self.percent:g} % slower, against A"


def read(paths):
    """The recordings' rounds that are whole, session by session, in the order of time: each is a row by
    (server, side)."""
    sessions, header = [], None
    for path in paths:
        found = {}
        with open(path, newline="", encoding="utf-8") as file:
            table = csv.DictReader(file)
            if header not in (None, table.fieldnames):
                raise lab.Failure(f"{path} has other columns than {paths[0]}")
            header = table.fieldnames
            for row in table:
                rounds = found.setdefault(int(row["session"]), {})
                rounds.setdefault(int(row["round"]), {})[(int(row["server"]), row["side"])] = row
        most = max((len(one) for rounds in found.values() for one in rounds.values()), default=0)
        sessions += [[one for _, one in sorted(rounds.items()) if len(one) == most] for _, rounds in sorted(found.items())]
    sessions = [rounds for rounds in sessions if rounds]
    if not sessions:
        raise lab.Failure("nothing is recorded there")
    return header, sessions


def drawn(sessions, runs, chance):
    """The rounds of one job: whole sessions drawn by chance, one after another until there are enough rounds. What
    follows each other in a session stays together."""
    rounds = []
    while len(rounds) < runs:
        rounds += oriented(chance.choice(sessions), chance)
    return rounds[:runs]


def in_a_row(sessions, runs, chance):
    """The rounds of as many jobs as there are in the recording, none of them twice."""
    rounds = [one for session in sessions for one in oriented(session, chance)]
    return [rounds[first:first + runs] for first in range(0, len(rounds) - runs + 1, runs)]


def oriented(session, chance):
    """A session's rounds, each with the server that is the base: by chance, since both are the same program."""
    base = chance.randrange(2)
    return [(base, one) for one in session]


def sides(rounds, trial):
    """The rows of the base and of what is compared with it."""
    base, new = [], []
    for number, (place, one) in enumerate(rounds):
        # What was slowed down is compared with the same server left alone: nothing else is between them.
        of_base, of_new = (place, 1 - place) if trial.side == "A" else (SLOWED, SLOWED)
        of_base, of_new = one[(of_base, "A")], one[(of_new, trial.side)]
        # One job's runs follow each other, wherever they were recorded, and are in the order that was drawn then.
        base_first = int(of_base["turn"]) < int(of_new["turn"])
        base_at, new_at = (at(2 * number + later) for later in ((0, 1) if base_first else (1, 0)))
        base.append(of_base | UNDECIDING | {"run": f"base-{number}", "started_at": base_at})
        rate = float(of_new["keys_per_second"]) * (1 - trial.percent / 100)
        new.append(of_new | UNDECIDING | {"run": f"new-{number}", "started_at": new_at, "keys_per_second": repr(rate)})
    return base, new


def at(second):
    """A time that is so many seconds after another."""
    return (datetime.datetime(2000, 1, 1) + datetime.timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def judge(arguments, header, rounds, trial):
    """Has fillbench compare the two sides; returns its verdict and how many percent the median has changed."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / "base.csv", Path(folder) / "new.csv"]
        for path, rows in zip(paths, sides(rounds, trial)):
            with open(path, "w", newline="", encoding="utf-8") as file:
                table = csv.DictWriter(file, [*header, *(name for name in LATER if name not in header)])
                table.writeheader()
                table.writerows(LATER | row for row in rows)
        command = [arguments.fillbench, "compare", *paths, "--threshold", f"{arguments.threshold}%", "--json",
                   *([] if arguments.independent else ["--paired"])]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False,
                              timeout=COMPARE_TIMEOUT_SECONDS)
    if done.returncode not in (0, 4, 5):
        raise lab.Failure(f"fillbench compare ended with {done.returncode}: {done.stderr.strip()}")
    found = json.loads(done.stdout)
    return found["verdict"].replace("_", " "), found["points"][0]["metrics"][0]["change_percent"]


def try_all(arguments, header, sessions, trial, runs):
    """All jobs of a trial with so many runs of each side; a row of the table."""
    chance = random.Random(f"{arguments.seed} {trial} {runs}")
    return judge_all(arguments, header, trial, runs, "drawn", [drawn(sessions, runs, chance) for _ in range(arguments.jobs)])


def judge_all(arguments, header, trial, runs, how, jobs):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return tally(trial, runs, how, list(pool.map(lambda job: judge(arguments, header, job, trial), jobs)))


def tally(trial, runs, how, outcomes):
    verdicts = [verdict for verdict, _ in outcomes]
    row = {"trial": str(trial), "runs": runs, "how": how, "jobs": len(outcomes)}
    row |= {verdict: verdicts.count(verdict) for verdict in VERDICTS}
    changes = [change for _, change in outcomes]
    return row | {"change_percent_median": statistics.median(changes),
                  "change_percent_sd": statistics.stdev(changes) if len(changes) > 1 else math.nan}


def achieved(sessions, side):
    """How much less a side reached than A did on the same server, in percent, and the standard error of that: the
    mean of logarithms over rounds."""
    ratios = []
    for one in (one for session in sessions for one in session):
        slowed, alone = (float(one[(SLOWED, which)]["keys_per_second"]) for which in [side, "A"])
        ratios.append(math.log(slowed / alone))
    return (100 * math.expm1(statistics.mean(ratios)), 100 * statistics.stdev(ratios) / math.sqrt(len(ratios)))


def noise(sessions):
    """How far runs of A are apart, as a share of their median: the interquartile range; and the seconds that a run
    takes in all."""
    rows = [row for session in sessions for one in session for (_, side), row in one.items() if side == "A"]
    rates = [float(row["keys_per_second"]) for row in rows]
    low, middle, high = statistics.quantiles(rates, n=4)
    return (high - low) / middle, statistics.median(float(row["seconds_total"]) for row in rows)


def parse():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("recordings", nargs="+", type=Path, help="tables that gate.py has written, of one server")
    options.add_argument("--runs", default="50,100,200,400,600", help="runs of each side to try [%(default)s]")
    options.add_argument("--slower", default="", help="percents by which runs of A are made slower, too, for instance 3,4,5")
    options.add_argument("--jobs", type=int, default=100, help="comparisons for each [%(default)s]")
    options.add_argument("--threshold", type=float, default=3, help="percent, as of fillbench compare [%(default)s]")
    options.add_argument("--independent", action="store_true", help="leave out --paired, as if runs were not in turns")
    options.add_argument("--out", type=Path, help="the tables [the first recording's name, with .md]")
    options.add_argument("--seed", type=int, default=1, help="of what is drawn [%(default)s]")
    options.add_argument("--fillbench", default=lab.ROOT / "target/release/fillbench", help="[%(default)s]")
    arguments = options.parse_args()
    try:
        arguments.runs = [int(one) for one in arguments.runs.split(",")]
        arguments.slower = [float(one) for one in arguments.slower.split(",") if one]
    except ValueError:
        options.error("--runs and --slower are numbers with commas between")
    if min(arguments.runs) < 1 or arguments.jobs < 1 or any(not 0 < one < 100 for one in arguments.slower):
        options.error("--runs and --jobs are at least 1, and --slower is between 0 and 100")
    if not shutil.which(arguments.fillbench):
        options.error(f"{arguments.fillbench} is not there: cargo build --release")
    return arguments


def line(row, spacing):
    """A line of the table of trials; `spacing` is how many seconds lie between two runs of a job."""
    aim, is_reached = AIMS.get(row["trial"][0], ("", None)) if "made" not in row["trial"] else ("", None)
    verdict = "" if is_reached is None else "reached" if is_reached(row["regression"], row["jobs"]) else "missed"
    return [row["trial"], row["how"], row["runs"], f"{2 * row['runs'] * spacing / 60:.1f}", row["jobs"],
            *(row[name] for name in VERDICTS), f"{row['change_percent_median']:+.1f} ± {row['change_percent_sd']:.1f}",
            aim, verdict]


def page(arguments, sessions, rows):
    """The tables in Markdown."""
    one = next(iter(sessions[0][0].values()))
    slow = sorted({side for _, side in sessions[0][0]} - {"A"})
    wide, seconds = noise(sessions)
    facts = [
        f"- Server: {one['target_server']} {one['target_version']}",
        f"- Machine: {one['host_cpu_model']}, {one['host_cpus']} cores, {one['host_os']}",
        f"- Recorded: {one['started_at']}, {sum(len(session) for session in sessions)} rounds on {len(sessions)} pairs of"
        f" servers, {one['keys']} keys of {one['key_size']}/{one['value_size']} bytes, {one['command']}",
        f"- Noise: the middle half of A's runs spans {wide:.1%} of their median; a run takes {seconds:.2f} s",
        *(f"- {side} was slower than A by {-percent:.1f} % (standard error {error:.1f})"
          for side, (percent, error) in ((side, achieved(sessions, side)) for side in slow)),
        f"- Written by: `{lab.shown([Path(sys.argv[0]).name, *sys.argv[1:]])}`",
    ]
    header = ["what", "rounds", "runs a side", "minutes", "jobs", *VERDICTS, "change, % (± sd)", "aim, of 100",
              ""]
    return "\n".join(["# What the gate can tell", "", *facts, "", lab.table(header, [line(row, seconds) for row in rows])])


def main():
    arguments = parse()
    header, sessions = read(arguments.recordings)
    slow = sorted({side for _, side in sessions[0][0]} - {"A"})
    trials = [Trial("A"), *(Trial(side) for side in slow), *(Trial("A", percent) for percent in arguments.slower)]
    path, rows = arguments.out or arguments.recordings[0].with_suffix(".md"), []
    for runs in arguments.runs:
        for trial in trials:
            if jobs := in_a_row(sessions, runs, random.Random(arguments.seed)):
                rows.append(judge_all(arguments, header, trial, runs, "in a row", jobs))
            rows.append(try_all(arguments, header, sessions, trial, runs))
            print(rows[-1], file=sys.stderr)
    text = page(arguments, sessions, rows)
    path.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    lab.main(main)
