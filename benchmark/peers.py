#!/usr/bin/env python3
"""fillbench beside what one would otherwise take: the same sizes and counts by redis-benchmark,
valkey-benchmark, memtier_benchmark and `redis-cli --pipe`, each at the best of its settings, in turns on
one cluster: keys/s, processor time, and which keys are there. Then each once more, while a master gets full.

Those that are found are taken: on PATH, or where $REDIS_BENCHMARK, $VALKEY_BENCHMARK, $MEMTIER and $REDIS_CLI say."""

import csv
import json
import os
import re
import shutil
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Callable

import full
import lab
import stream

DEPTHS = [100, 1000]
THREADS = [1, 2]
# Commands of a stream for redis-cli: SET, or MSET of so many keys.
GROUPS = [1, 100]
# The best settings are found with so much less keys.
TRIES_DIVIDE = 4

# memtier_benchmark keeps at most 250 bytes of a key, and stalls on a cluster beyond that.
MEMTIER_KEY_BYTES_MAX = 229

# Words of whoever speaks of something that went wrong, and what looks like it and says that nothing did.
COMPLAINT = re.compile(r"\berrors?\b|\bOOM\b|\brefused\b|\bfailed\b|\baborted\b", re.IGNORECASE)
NO_COMPLAINT = re.compile(r"\berrors?: *0\b|\b0 (\w+ )?errors?\b", re.IGNORECASE)
COMPLAINT_SHOWN = 110


@dataclass(frozen=True)
class Job:
    """What is run: programs at once, with the files that they read, and what making these took."""

    commands: list
    inputs: tuple = ()
    making_seconds: float = 0.0
    making_cpu_seconds: float = 0.0


@dataclass(frozen=True, eq=False)
class Peer:
    """A program, and how it is found, run and understood."""

    name: str
    # The variable of the environment that may name it.
    variable: str
    # Its settings: what they are called, and what `job` takes.
    settings: list
    # (program, cluster, case, folder for files, *settings) -> Job
    job: Callable
    # Keys/s out of what it printed; none where it tells none.
    rate: Callable
    # What it said of its keys, out of a Ran.
    said: Callable
    # How many keys are missing, by its own word, out of a Ran; None where it says nothing of that.
    missing: Callable = lambda ran: None
    # Bytes of its keys in a case.
    key_bytes: Callable = lambda case: case.key_size
    # What goes into the row beside, out of a Ran.
    more: Callable = lambda command, ran: {}

    def found(self):
        """The path of the program; None if it is not there."""
        return shutil.which(os.environ.get(self.variable, self.name.split()[0]))


def benchmark(program, cluster, case, depth, threads):
    """The command line of redis-benchmark and valkey-benchmark; `{tag}` becomes one of the master's
    tags, and `__rand_int__` twelve digits."""
    key = "k" * max(case.key_size - len("{tag}:") - 12, 0) + "{tag}:__rand_int__"
    return [program, "-p", cluster.port, *(["--cluster"] if cluster.masters else []), "-n", case.keys,
            "-r", 1_000_000_000, "-c", 2 * len(cluster.ports), "-P", depth,
            *(["--threads", threads] if threads > 1 else []), "--csv", "-q", "SET", key, "x" * case.value_size]


def benchmark_rate(printed):
    """Keys/s out of `"SET","1234.56",…`."""
    return float(list(csv.reader(printed.strip().splitlines()))[-1][1])


def memtier(program, cluster, case, depth, threads):
    """The command line of memtier_benchmark: its keys one after another, each once."""
    first, per_client = 100_000_000, case.keys // threads
    prefix = "k" * (memtier_key_bytes(case) - len(str(first)))
    return [program, "-h", "127.0.0.1", "-p", cluster.port, *(["--cluster-mode"] if cluster.masters else []),
            "--hide-histogram", "-t", threads, "-c", 1, "-n", per_client, f"--pipeline={depth}", "--ratio=1:0",
            "-d", case.value_size, "-R", f"--key-prefix={prefix}", "--key-pattern=P:P",
            f"--key-minimum={first}", f"--key-maximum={first + case.keys - 1}"]


def memtier_key_bytes(case):
    """Bytes of its keys."""
    return min(case.key_size, MEMTIER_KEY_BYTES_MAX)


def memtier_rate(printed):
    """Keys/s out of the table's line for SETs."""
    return next(float(line.split()[1]) for line in printed.splitlines() if line.startswith("Sets"))


def pipe(program, cluster, case, folder, group):
    """A `redis-cli --pipe` for each master, at once, each with a stream of its own master's keys."""
    paths = [Path(folder) / f"{port}.resp" for port in cluster.ports]
    slots_of = [range(stream.SLOTS)]
    if cluster.masters:
        slots_of = [stream.own_slots(cluster.cli(port, "CLUSTER", "NODES")) for port in cluster.ports]
    started, cpu_started = time.monotonic(), time.process_time()
    stream.write(paths, case, slots_of, group)
    took = time.monotonic() - started, time.process_time() - cpu_started
    return Job([[program, "-p", port, "--pipe"] for port in cluster.ports], tuple(paths), *took)


def pipe_replies(printed):
    """(errors, replies) of all redis-cli that printed this."""
    found = re.findall(r"^errors: (\d+), replies: (\d+)$", printed, re.MULTILINE)
    return sum(int(errors) for errors, _ in found), sum(int(replies) for _, replies in found)


def pipe_said(ran):
    """Its own words, added up."""
    errors, replies = pipe_replies(ran.out)
    return f"errors: {errors}, replies: {replies}"


def complaint(ran):
    """The first line in which a program speaks of something that went wrong, or `nothing`."""
    for line in f"{ran.out}\n{ran.err}".splitlines():
        if COMPLAINT.search(line) and not NO_COMPLAINT.search(line):
            line = " ".join(line.split())
            return f"`{line}`" if len(line) <= COMPLAINT_SHOWN else f"`{line[:COMPLAINT_SHOWN]}…`"
    return "nothing"


def fillbench_record(ran):
    """The record that fillbench printed; None where it gave up before there was one."""
    try:
        return json.loads(ran.out)
    except ValueError:
        return None


def fillbench_said(ran):
    """Its verdict, and how it knows."""
    record = fillbench_record(ran)
    if not record:
        return complaint(ran)
    account = record["account"]
    counts = [f"{account[name]:,} {name}" for name in ["proven", "missing", "wrong"] if account[name]]
    return f"{record['verdict']}: {', '.join(counts)}"


def fillbench_missing(ran):
    """Keys that it looked for and that were not there."""
    record = fillbench_record(ran)
    return record and record["account"]["missing"]


def one(command):
    """How a program that is one process is run: its job, out of its command line."""
    return lambda program, cluster, case, folder, *settings: Job([command(program, cluster, case, *settings)])


DEPTHS_AND_THREADS = [(f"pipelines of {depth}, {threads} thread(s)", (depth, threads))
                      for depth in DEPTHS for threads in THREADS]

FILLBENCH = Peer("fillbench", "", [("defaults", ())],
                 one(lambda program, cluster, case: lab.filling(program, cluster.port, case)),
                 lambda printed: json.loads(printed)["rates"]["keys_per_second"], fillbench_said, fillbench_missing,
                 more=lambda command, ran: lab.fillbench_row(command, json.loads(ran.out)))
PEERS = [
    Peer("redis-benchmark", "REDIS_BENCHMARK", DEPTHS_AND_THREADS, one(benchmark), benchmark_rate, complaint),
    Peer("valkey-benchmark", "VALKEY_BENCHMARK", DEPTHS_AND_THREADS, one(benchmark), benchmark_rate, complaint),
    Peer("memtier_benchmark", "MEMTIER", DEPTHS_AND_THREADS, one(memtier), memtier_rate, complaint,
         key_bytes=memtier_key_bytes),
    Peer("redis-cli --pipe", "REDIS_CLI",
         [("SET" if group == 1 else f"MSET of {group}", (group,)) for group in GROUPS], pipe, lambda printed: None,
         pipe_said, lambda ran: pipe_replies(ran.out)[0]),
]


def shorter(command):
    """A command line for the eye: long keys and values cut."""
    words = [os.path.basename(command[0]), *map(str, command[1:])]
    return " ".join(word if len(word) < 40 else f"{word[:20]}…{word[-20:]}" for word in words)


def run_peer(command, read_rate):
    """Runs a program and returns the row of it, with the keys/s that it tells itself."""
    peer = Peer(os.path.basename(command[0]), "", [], None, read_rate, complaint)
    return run_job(peer, Job([command]), None)


def run_job(peer, job, cluster, keys=None):
    """Runs a peer and returns the row of it, with the keys/s that it tells itself, or else those of the clock, and
    the processor time of the masters, too, where there is a cluster."""
    before = cluster.cpu_seconds() if cluster else None
    ran = lab.run(job.commands, job.inputs)
    if ran.code:
        raise lab.Failure(f"{shorter(job.commands[0])} ended with {ran.code}: {(ran.err or ran.out).strip()[-2000:]}")
    row = {"server_cpu_seconds": cluster.cpu_seconds() - before} if cluster else {}
    try:
        found = peer.rate(ran.out) or keys / ran.seconds
    except (IndexError, StopIteration, ValueError):
        raise lab.Failure(f"{peer.name} printed no rate: {ran.out[-500:]!r}") from None
    made = {"making_seconds": job.making_seconds, "making_cpu_seconds": job.making_cpu_seconds} if job.inputs else {}
    row |= {"program": peer.name, "command_line": shorter(job.commands[0])} | peer.more(job.commands[0], ran) | made
    return row | {"keys_per_second": found, "seconds": ran.seconds, "client_cpu_seconds": ran.cpu_seconds,
                  "exit_code": ran.code, "said": peer.said(ran)}


def best(notebook, cluster, case, folder, peer, program):
    """The settings that are the fastest in one run of each: what they are called, and what `job` takes."""
    if len(peer.settings) == 1:
        return peer.settings[0]
    less, tried = replace(case, keys=case.keys // TRIES_DIVIDE), []
    for name, settings in peer.settings:
        job = peer.job(program, cluster, less, folder, *settings)
        cluster.flush()
        row = notebook.write(less, f"try {peer.name} {name}", 0, run_job(peer, job, cluster, less.keys))
        tried.append((row["keys_per_second"], name, settings))
    return max(tried)[1:]


def compare(arguments, notebook, cluster, case, programs):
    """Runs all in turns; returns the table's lines."""
    cluster.flush()
    lab.fillbench(arguments.fillbench, cluster.port, case)  # warms the servers
    with tempfile.TemporaryDirectory() as folder:
        sides = {}
        for peer, program in programs:
            name, settings = best(notebook, cluster, case, folder, peer, program)
            sides[peer] = name, peer.job(program, cluster, case, folder, *settings)
        rows = {peer.name: [] for peer, _ in programs}
        for number, peer in lab.turns(list(sides), arguments.repeats):
            cluster.flush()
            row = run_job(peer, sides[peer][1], cluster, case.keys) | {"keys_left": cluster.count()}
            rows[peer.name].append(notebook.write(case, peer.name, number, row))
    cluster.flush()
    return [line for peer, (name, _) in sides.items() for line in lines(case, peer, name, rows)]


def span(values):
    """Whole numbers from the least to the most, or the one that all are."""
    least, most = min(values), max(values)
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"


def with_making(row, keys):
    """The row, with making the stream beside sending it: keys/s by the clock, and processor time of both."""
    seconds = row["seconds"] + row["making_seconds"]
    return row | {"seconds": seconds, "keys_per_second": keys / seconds,
                  "client_cpu_seconds": row["client_cpu_seconds"] + row["making_cpu_seconds"]}


def lines(case, peer, settings, rows):
    """The table's lines of a peer: one, and another with making the stream where that is not in the first."""
    own = rows[peer.name]
    yield line(case, peer, settings, rows)
    if "making_seconds" in own[0]:
        with_it = [with_making(row, case.keys) for row in own]
        yield line(case, peer, f"{settings}, and making the stream", rows | {peer.name: with_it})


def line(case, peer, settings, rows):
    """A line of the table."""
    own = rows[peer.name]
    gigabytes = case.keys * (peer.key_bytes(case) + case.value_size) / 1e9
    least, middle, most = lab.spread(row["keys_per_second"] for row in own)
    return [
        peer.name,
        settings,
        f"{lab.rate(middle)} ({lab.rate(least)} to {lab.rate(most)})",
        lab.show_ratio(lab.ratio(rows, "fillbench", peer.name)),
        lab.rate(case.keys / lab.median(own, "seconds")),
        f"{lab.median(own, 'client_cpu_seconds') / gigabytes:.2f}",
        f"{lab.median(own, 'server_cpu_seconds') / gigabytes:.2f}",
        span([row["keys_left"] for row in own]),
        f"{own[-1]['exit_code']}; {own[-1]['said']}",
    ]


HEADER = ["program", "settings", "keys/s, median (min to max)", "fillbench ÷ it, median (min to max)",
          "keys/s by the clock", "client CPU, s/GB", "servers' CPU, s/GB", "keys left behind",
          "exit code; what it said of its keys"]


def version(program):
    """What a program calls itself, in a line."""
    ran = lab.run([[program, "--version"]])
    return (ran.out or ran.err).strip().splitlines()[0]


def main():
    options = lab.parser(__doc__)
    options.add_argument("--full", type=lab.Case.parse, default=full.CASE, metavar="KEY_SIZE/VALUE_SIZE/KEYS",
                         help="what is filled while a master gets full [256-byte keys with 512-byte values]")
    arguments = lab.parse(options, [lab.Case(256, 512, 6_000_000), lab.Case(32, 64, 6_000_000)])
    programs = [(FILLBENCH, arguments.fillbench)] + [(peer, peer.found()) for peer in PEERS if peer.found()]
    with lab.Cluster(arguments.server, arguments.port, arguments.masters) as cluster:
        notebook = lab.Notebook("peers", cluster.version(), arguments.out)
        text = [f"- {peer.name}: {version(program)}" for peer, program in programs]
        for case in arguments.cases:
            table = lab.table(HEADER, compare(arguments, notebook, cluster, case, programs))
            text.append(f"\n## {case.key_size}/{case.value_size} bytes, {case.keys:,} keys\n\n{table}")
        text.append(full.section(notebook, cluster, arguments.full, programs))
    notebook.finish(f"fillbench beside its peers, warm servers, {arguments.masters} master(s)", "\n".join(text))


if __name__ == "__main__":
    lab.main(main)
