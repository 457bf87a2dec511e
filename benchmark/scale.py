#!/usr/bin/env python3
"""How the client's cost grows with the cluster: fillbench fills 1 to 64 masters that keep nothing, by 1 and
4 writers to each, with the same data in turns. Client CPU per GB, memory per writer, and the time to the first key."""

import contextlib
import datetime
import json
import resource
import statistics
import tempfile
import time
from pathlib import Path

import embedded
import lab

MASTERS = [1, 2, 4, 8, 16, 32, 64]
WRITERS = [1, 4]
# The same data whatever the masters: a run of it takes two seconds at least.
CASES = [lab.Case(256, 512, 10_000_000), lab.Case(1024, 8192, 1_000_000)]
# Starts are looked at in short fills of their own, since these write a log.
START_PART = 10
LOGGED = "fillbench::net=debug,fillbench::fill=debug"

# What is to be reached: CPU per GB within this share of its median over all numbers of masters; memory for each
# writer; seconds until all writers are at work.
FLAT_AIM = 0.10
WRITER_AIM_BYTES = 1 << 20
START_AIM_SECONDS = 1.0
KIB = 1 << 10


def moment(text):
    """Seconds since 1970 of a time that fillbench has written: RFC 3339, UTC."""
    # Python 3.9 knows no Z, and neither three nor nine digits behind the seconds.
    whole, _, part = text.removesuffix("Z").partition(".")
    seconds = datetime.datetime.strptime(whole, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=datetime.timezone.utc)
    return seconds.timestamp() + float(f"0.{part or 0}")


def connected(log, writers):
    """When the last of so many writers was connected, by a log of the fill, one JSON document a line."""
    lines = [json.loads(line) for line in log.splitlines()]
    at_work = next((place for place, line in enumerate(lines) if line["message"] == "shared out what is left"), None)
    if at_work is None:
        raise lab.Failure("the log does not say when the writers began")
    times = [moment(line["timestamp"]) for line in lines[at_work:] if line["message"] == "connected"]
    if len(times) < writers:
        raise lab.Failure(f"{len(times)} of {writers} writers connected, by the log")
    return max(times[:writers])


def fill(arguments, server, case, side, options=()):
    """One fill of one side; returns the row of it, and when it was begun."""
    masters, writers = side
    began = time.time()
    row, record = lab.fillbench(arguments.fillbench, server.port, case, ["--writers", writers, *options], "discarded")
    if record["target"]["masters"] != masters:
        raise lab.Failure(f"{record['target']['masters']} masters were filled, not {masters}")
    first_key = moment(record["fill_began_at"]) - began
    return row | {"masters": masters, "writers": writers, "first_key_seconds": first_key}, began


def start(arguments, server, case, side):
    """One short fill with a log, which tells when its writers were connected; returns the row of it."""
    short = lab.Case(case.key_size, case.value_size, max(case.keys // START_PART, 1))
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        logged = ["--log", LOGGED, "--log-format", "json", "--log-file", log]
        row, began = fill(arguments, server, short, side, logged)
        last = connected(log.read_text(encoding="utf-8"), side[0] * side[1])
    # The folder is gone, and named differently each time.
    line = row["command_line"].replace(str(log), "LOG")
    return row | {"keys": short.keys, "connected_seconds": last - began, "command_line": line}


def name(side):
    words = [f"{count} {what}{'' if count == 1 else 's'}" for count, what in zip(side, ["master", "writer"])]
    return f"{', '.join(words)} each"


def measure(arguments, notebook, servers, case):
    """Runs the rounds of a case; returns the rows of fills and of starts, by (masters, writers)."""
    sides = [(masters, writers) for masters in servers for writers in WRITERS]
    fills, starts = {side: [] for side in sides}, {side: [] for side in sides}
    for side in sides:
        start(arguments, servers[side[0]], case, side)  # warms it
    for number, side in lab.turns(sides, arguments.repeats):
        row, _ = fill(arguments, servers[side[0]], case, side)
        fills[side].append(notebook.write(case, name(side), number, row))
    for number, side in lab.turns(sides, arguments.repeats):
        row = start(arguments, servers[side[0]], case, side)
        said = f"{row['first_key_seconds']:.3f} s to the first key, {row['connected_seconds']:.3f} s to the last writer"
        starts[side].append(notebook.write(case, f"start: {name(side)}", number, row, said))
    return fills, starts


def flatness(fills, writers):
    """For each number of masters, its client CPU per GB over the middle one of all numbers of masters, round by
    round: (least, middle, most). All sides of a round met the same machine."""
    rounds = {}
    for (masters, per_master), rows in fills.items():
        for row in rows if per_master == writers else []:
            rounds.setdefault(row["round"], {})[masters] = row["cpu_seconds_per_gb"]
    ratios = {}
    for costs in rounds.values():
        middle = statistics.median(costs.values())
        for masters, cost in costs.items():
            ratios.setdefault(masters, []).append(cost / middle)
    return {masters: lab.spread(ratio) for masters, ratio in sorted(ratios.items())}


def bytes_more(fills, few, many):
    """Bytes of memory that one of the writers takes which `many` has more than `few`; both are (masters, writers)."""
    memory = {side: lab.median(fills[side], "peak_rss_bytes") for side in (few, many)}
    return (memory[many] - memory[few]) / (many[0] * many[1] - few[0] * few[1])


def show(rows, column, digits):
    least, middle, most = lab.spread(row[column] for row in rows)
    return f"{middle:.{digits}f} ({least:.{digits}f} to {most:.{digits}f})"


def lines(fills, starts):
    """The table of a case."""
    flat = {writers: flatness(fills, writers) for writers in WRITERS}
    for side in sorted(fills, key=lambda side: (side[1], side[0])):
        masters, writers = side
        rows = fills[side]
        memory = lab.median(rows, "peak_rss_bytes")
        yield [
            masters,
            writers,
            lab.rate(lab.median(rows, "keys_per_second")),
            f"{lab.median(rows, 'wire_bytes_per_second') / 1e9:.2f}",
            show(rows, "cpu_seconds_per_gb", 3),
            f"{flat[writers][masters][1]:.3f}",
            f"{memory / 2**20:.1f}",
            f"{memory / (masters * writers) / 2**20:.2f}",
            show(rows, "first_key_seconds", 3),
            show(starts[side], "connected_seconds", 3),
        ]


HEADER = ["masters", "writers to each", "keys/s", "GB/s on the wire", "client CPU s/GB, median (min to max)",
          "÷ the middle of all masters", "peak RSS, MiB", "MiB over writers",
          "s to the first key, median (min to max)", "s to the last writer, median (min to max)"]


def aims(found):
    """Lines of a table: what was to be reached, what was, and whether. `found` has the rows of fills and of starts,
    by case."""

    def verdict(reached):
        return "reached" if reached else "missed"

    for case, (fills, starts) in found.items():
        where = f"{case.key_size}/{case.value_size}"
        few, many = min(masters for masters, _ in fills), max(masters for masters, _ in fills)
        for writers in WRITERS:
            middles = {masters: ratio[1] for masters, ratio in flatness(fills, writers).items()}
            least, most = (choose(middles, key=middles.get) for choose in (min, max))
            is_flat = 1 - FLAT_AIM <= middles[least] and middles[most] <= 1 + FLAT_AIM
            yield [f"{where}, writers to each: {writers}, client CPU s/GB over that of the middle number of masters",
                   f"{1 - FLAT_AIM:.2f} to {1 + FLAT_AIM:.2f}",
                   f"{middles[least]:.3f} (with {least}) to {middles[most]:.3f} (with {most})", verdict(is_flat)]
        pairs = [("a master more, with its writer", (few, WRITERS[0]), (many, WRITERS[0])),
                 (f"a writer more to each of {many} masters", (many, WRITERS[0]), (many, WRITERS[-1]))]
        for what, side, larger in pairs:
            if side != larger:
                cost = bytes_more(fills, side, larger)
                yield [f"{where}: memory of {what}, KiB", f"below {WRITER_AIM_BYTES // KIB}", f"{cost / KIB:.0f}",
                       verdict(cost < WRITER_AIM_BYTES)]
        largest = (many, WRITERS[-1])
        whole = lab.median(fills[largest], "peak_rss_bytes") / (largest[0] * largest[1])
        yield [f"{where}: memory of the whole process over its {largest[0] * largest[1]} writers, KiB",
               f"below {WRITER_AIM_BYTES // KIB}", f"{whole / KIB:.0f}", verdict(whole < WRITER_AIM_BYTES)]
        for what, rows, column in [("first key", fills, "first_key_seconds"), ("last writer", starts, "connected_seconds")]:
            seconds = lab.spread(row[column] for row in rows[largest])
            yield [f"{where}: s from the process's start to the {what}, {name(largest)}", f"below {START_AIM_SECONDS:g}",
                   show(rows[largest], column, 3), verdict(seconds[1] < START_AIM_SECONDS)]


def numbers(text):
    """Numbers of masters, as they are typed: `1,8,64`."""
    return sorted({int(word) for word in text.split(",")})


def main():
    options = lab.parser(__doc__, serves_itself=True)
    options.add_argument("--counts", type=numbers, default=MASTERS, metavar="N,N", help="numbers of masters [1,2,4,…,64]")
    arguments = lab.parse(options, CASES)
    # Clients and servers of all masters take this limit over.
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with contextlib.ExitStack() as running:
        servers, port = {}, arguments.port
        for masters in arguments.counts:
            served = ["--masters", str(masters), "--discard"]
            servers[masters] = running.enter_context(embedded.Embedded(arguments.fillbench, port, served))
            port += masters
        notebook = lab.Notebook("scale", next(iter(servers.values())).version(), arguments.out)
        found = {case: measure(arguments, notebook, servers, case) for case in arguments.cases}
    tables = [f"{case}:\n\n{lab.table(HEADER, lines(*rows))}" for case, rows in found.items()]
    tables.append(lab.table(["what", "aim", "seen", ""], aims(found)))
    notebook.finish("The client's cost over 1 to 64 masters that keep nothing, all in one server process", "\n\n".join(tables))


if __name__ == "__main__":
    lab.main(main)
