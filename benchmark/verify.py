#!/usr/bin/env python3
"""fillbench verify beside the fill that it looks at, and beside reading with redis-benchmark and
valkey-benchmark, each at the best of its settings: keys/s, in turns, on two clusters of the same servers.

Those that are found are taken: on PATH, or where $REDIS_BENCHMARK and $VALKEY_BENCHMARK say."""

import json

import lab
import peers

# Both clusters hold a case at a time: 5 GB with the larger one.
CASES = [lab.Case(256, 512, 2_000_000), lab.Case(32, 64, 8_000_000)]
READERS = ["redis-benchmark", "valkey-benchmark"]
# Keys that a benchmark reads are chosen at random, and so are those that it writes: of so many times the
# keys that there can be, all but one in 400 is there.
WRITES_PER_KEY = 6
HITS_AIM = 0.99
# The keys of a pipeline may have one tag together: with deeper ones, some tags would never come.
WRITE_DEPTH = 50
# They end on ticks of 250 ms, and read so many times the keys to last.
READS_PER_KEY = 2
SLOTS = 16384

# What is to be reached.
EXISTS_AIM = 2.0
VALUE_AIM = 1.5


def verification(program, port, case, check):
    """Verifies with fillbench, which has to find every key; returns the row of it."""
    command = [program, "verify", "-h", "127.0.0.1", "-p", port, *lab.sizes(case), "--check", check, "--json"]
    record = json.loads(lab.call(command))
    if record["verdict"] != "exact":
        raise lab.Failure(f"the verdict of fillbench verify is {record['verdict']}: {record['error']}")
    return {"program": "fillbench", "keys_per_second": record["keys_per_second"],
            "seconds": record["seconds"]["read"], "command_line": lab.shown(command)}


def benchmark(program, cluster, case, depth, threads, command, requests):
    """A command line of redis-benchmark or valkey-benchmark over as many keys as the case has: of a cluster's
    keys the tag is chosen at random as well, for each pipeline."""
    line = peers.benchmark(program, cluster, case, depth, threads)
    written = line.index("SET")
    keys = max(case.keys // SLOTS, 1) if cluster.masters else case.keys
    for option, value in [("-n", requests), ("-r", keys)]:
        line[line.index(option) + 1] = value
    return line if command == "SET" else [*line[:written], command, line[written + 1]]


def hits(cluster):
    """How many reads of all masters found a key, and how many found none, so far."""
    counts = {"keyspace_hits": 0, "keyspace_misses": 0}
    for port in cluster.ports:
        for line in cluster.cli(port, "INFO", "stats").splitlines():
            name, _, value = line.partition(":")
            if name in counts:
                counts[name] += int(value)
    return counts["keyspace_hits"], counts["keyspace_misses"]


def hit_share(before, after):
    """The share of the reads in between that found a key."""
    found, missed = (now - then for now, then in zip(after, before))
    return found / max(found + missed, 1)


def read(cluster, line):
    """Reads with a benchmark, which has to find its keys; returns the row of it."""
    before = hits(cluster)
    row = peers.run_peer(line, peers.benchmark_rate)
    share = hit_share(before, hits(cluster))
    if share < HITS_AIM:
        raise lab.Failure(f"{line[0]} found {share:.1%} of its keys: that is no reading of keys that are there")
    return row | {"hit_share": share}


def contestants(arguments, notebook, ours, theirs, case):
    """(name, settings, how to run it) of fillbench's fill and both verifications, and of each benchmark at
    the best of its settings here."""
    fillbench = arguments.fillbench
    yield "fill", "defaults", lambda: lab.fillbench(fillbench, ours.port, case)[0]
    for check in ["exists", "value"]:
        run = lambda check=check: verification(fillbench, ours.port, case, check)
        yield check, f"--check {check}", run
    for peer in peers.PEERS:
        name, program = peer.name, peer.found()
        if name not in READERS or not program:
            continue
        # Each reads what it wrote itself: their tags for the same slot may differ.
        lab.call(benchmark(program, theirs, case, WRITE_DEPTH, 1, "SET", WRITES_PER_KEY * case.keys))
        tried = {}
        for settings, (depth, threads) in peer.settings:
            line = benchmark(program, theirs, case, depth, threads, "GET", READS_PER_KEY * case.keys)
            row = notebook.write(case, f"try {name} GET {settings}", 0, read(theirs, line))
            tried[row["keys_per_second"]] = settings, line
        settings, line = tried[max(tried)]
        yield f"{name} GET", settings, lambda line=line: read(theirs, line)


def measure(arguments, notebook, ours, theirs, case):
    """Runs all in turns; returns the settings and the rows of each."""
    lab.fillbench(arguments.fillbench, ours.port, case)  # warms the servers, and is there to be looked at
    sides = {name: (settings, run) for name, settings, run in contestants(arguments, notebook, ours, theirs, case)}
    rows = {name: [] for name in sides}
    for number, name in lab.turns(list(sides), arguments.repeats):
        rows[name].append(notebook.write(case, name, number, sides[name][1]()))
    ours.flush()
    theirs.flush()
    return {name: settings for name, (settings, _) in sides.items()}, rows


def lines(case, settings, rows):
    """The lines of a case in the table of rates."""
    for name, of in rows.items():
        least, middle, most = lab.spread(row["keys_per_second"] for row in of)
        yield [case, f"{name}, {settings[name]}", f"{lab.rate(middle)} ({lab.rate(least)} to {lab.rate(most)})"]


def aims(cases):
    """Lines of a table: what was to be reached, what was, and whether. `cases` are the rows of each side, by
    case."""
    for case, rows in cases.items():
        compared = [("exists", "fill", EXISTS_AIM)]
        compared += [("value", name, VALUE_AIM) for name in rows if name.endswith(" GET")]
        for above, below, aim in compared:
            ratio = lab.ratio(rows, above, below)
            verdict = "reached" if ratio[1] >= aim else "missed"
            yield [case, f"verify --check {above} ÷ {below}", f"at least {aim}", lab.show_ratio(ratio), verdict]


def main():
    arguments = lab.parse(lab.parser(__doc__), CASES)
    masters = arguments.masters
    with lab.Cluster(arguments.server, arguments.port, masters) as ours, \
            lab.Cluster(arguments.server, arguments.port + max(masters, 1), masters) as theirs:
        notebook = lab.Notebook("verify", ours.version(), arguments.out)
        measured = {case: measure(arguments, notebook, ours, theirs, case) for case in arguments.cases}
    rates = [line for case, of in measured.items() for line in lines(case, *of)]
    reached = aims({case: rows for case, (_, rows) in measured.items()})
    tables = [lab.table(["key/value bytes", "what", "keys/s, median (min to max)"], rates),
              lab.table(["key/value bytes", "ratio", "aim", "seen, median (min to max)", ""], reached)]
    notebook.finish(f"fillbench verify beside filling and reading, warm servers, {masters} master(s)", "\n\n".join(tables))


if __name__ == "__main__":
    lab.main(main)
