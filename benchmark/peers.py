#!/usr/bin/env python3
"""fillbench beside what one would otherwise take: the same sizes and counts by redis-benchmark,
valkey-benchmark and memtier_benchmark, each at the best of its settings, in turns on one cluster.

Those that are found are taken: on PATH, or where $REDIS_BENCHMARK, $VALKEY_BENCHMARK and $MEMTIER say."""

import csv
import itertools
import os
import shutil
import time

import lab

DEPTHS = [100, 1000]
THREADS = [1, 2]

# memtier_benchmark keeps at most 250 bytes of a key, and stalls on a cluster beyond that.
MEMTIER_KEY_BYTES_MAX = 229


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
    prefix = "k" * (min(case.key_size, MEMTIER_KEY_BYTES_MAX) - len(str(first)))
    return [program, "-h", "127.0.0.1", "-p", cluster.port, *(["--cluster-mode"] if cluster.masters else []),
            "--hide-histogram", "-t", threads, "-c", 1, "-n", per_client, f"--pipeline={depth}", "--ratio=1:0",
            "-d", case.value_size, "-R", f"--key-prefix={prefix}", "--key-pattern=P:P",
            f"--key-minimum={first}", f"--key-maximum={first + case.keys - 1}"]


def memtier_rate(printed):
    """Keys/s out of the table's line for SETs."""
    return next(float(line.split()[1]) for line in printed.splitlines() if line.startswith("Sets"))


# Name, how it is found, its command line, its keys/s.
PEERS = [
    ("redis-benchmark", "REDIS_BENCHMARK", benchmark, benchmark_rate),
    ("valkey-benchmark", "VALKEY_BENCHMARK", benchmark, benchmark_rate),
    ("memtier_benchmark", "MEMTIER", memtier, memtier_rate),
]


def run_peer(command, read_rate):
    """Runs a peer and returns the row of it, with the keys/s that it tells itself."""
    started = time.monotonic()
    printed = lab.call(command)
    seconds = time.monotonic() - started
    try:
        found = read_rate(printed)
    except (IndexError, StopIteration, ValueError):
        raise lab.Failure(f"{command[0]} printed no rate: {printed[-500:]!r}") from None
    words = [os.path.basename(command[0]), *map(str, command[1:])]
    shown = " ".join(word if len(word) < 40 else f"{word[:20]}…{word[-20:]}" for word in words)
    return {"program": os.path.basename(command[0]), "keys_per_second": found, "seconds": seconds, "command_line": shown}


def contestants(arguments, notebook, cluster, case):
    """(name, how to run it) of fillbench, and of each peer at the best of its settings here."""
    yield "fillbench", "defaults", lambda: lab.fillbench(arguments.fillbench, cluster.port, case)[0]
    for name, variable, command, read_rate in PEERS:
        program = shutil.which(os.environ.get(variable, name))
        if not program:
            continue
        tried = {}
        for depth, threads in itertools.product(DEPTHS, THREADS):
            cluster.flush()
            line = command(program, cluster, case, depth, threads)
            settings = f"pipelines of {depth}, {threads} thread(s)"
            row = notebook.write(case, f"try {name} {settings}", 0, run_peer(line, read_rate))
            tried[row["keys_per_second"]] = settings, line
        settings, line = tried[max(tried)]
        yield name, settings, lambda line=line, read_rate=read_rate: run_peer(line, read_rate)


def compare(arguments, notebook, cluster, case):
    """Runs all in turns; returns the table's lines."""
    cluster.flush()
    lab.fillbench(arguments.fillbench, cluster.port, case)  # warms the servers
    sides = {name: (settings, run) for name, settings, run in contestants(arguments, notebook, cluster, case)}
    rows = {name: [] for name in sides}
    for number, name in lab.turns(list(sides), arguments.repeats):
        cluster.flush()
        row = sides[name][1]() | {"keys_left": cluster.count()}
        rows[name].append(notebook.write(case, name, number, row))
    cluster.flush()
    for name, (settings, _) in sides.items():
        least, middle, most = lab.spread(row["keys_per_second"] for row in rows[name])
        left = sorted({row["keys_left"] for row in rows[name]})
        yield [
            case,
            f"{name}, {settings}",
            f"{lab.rate(middle)} ({lab.rate(least)} to {lab.rate(most)})",
            lab.show_ratio(lab.ratio(rows, "fillbench", name)),
            f"{left[0]:,}" if len(left) == 1 else f"{left[0]:,} to {left[-1]:,}",
        ]


def main():
    options = lab.parser(__doc__)
    arguments = lab.parse(options, [lab.Case(256, 512, 6_000_000), lab.Case(32, 64, 6_000_000)])
    with lab.Cluster(arguments.server, arguments.port, arguments.masters) as cluster:
        notebook = lab.Notebook("peers", cluster.version(), arguments.out)
        lines = [line for case in arguments.cases for line in compare(arguments, notebook, cluster, case)]
    header = ["key/value bytes", "program", "keys/s, median (min to max)", "fillbench ÷ it, median (min to max)", "keys left behind"]
    notebook.finish(f"fillbench beside its peers, warm servers, {arguments.masters} master(s)", lab.table(header, lines))


if __name__ == "__main__":
    lab.main(main)
