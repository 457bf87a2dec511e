#!/usr/bin/env python3
"""What exactness costs: a fill with its journal, audits and proof beside the same fill without a journal, and a
fill during which slots are moved, in turns on the same servers.

The audits of once a second cannot be turned off, so they are part of both sides."""

import tempfile
import threading
import time
from pathlib import Path

import lab

# What journal, audits and proof cost is seen with ten million keys: 10 GB with the larger ones.
CASES = [lab.Case(256, 512, 10_000_000), lab.Case(32, 64, 10_000_000)]
# Slots that are moved from the first master to the second, beginning when so much of the fill is there.
RESHARD_CASE = lab.Case(256, 512, 1_500_000)
SLOTS = 800
BEGUN = 0.05

# What is to be reached: journal, audit and proof take less than 3 %.
COST_AIM = 0.03


def whole(record):
    """Seconds from the first key to the verdict."""
    seconds = record["seconds"]
    return sum(seconds[stage] for stage in ["fill", "audit", "proof", "repair"])


def fill(arguments, cluster, case, options=()):
    """Fills; returns the row, with the whole time."""
    row, record = lab.fillbench(arguments.fillbench, cluster.port, case, options)
    return row | {"whole_seconds": whole(record)}


def with_journal(arguments, cluster, case):
    """Fills with an output folder, and so with a journal, on a disk and not in memory."""
    with tempfile.TemporaryDirectory(dir=lab.ROOT / "target") as folder:
        row = fill(arguments, cluster, case, ["--out", Path(folder) / "run"])
        # The folder is gone, and its name says nothing to anybody.
        return row | {"command_line": row["command_line"].replace(folder, "DIR")}


def ids(cluster):
    """Node ids of the first two masters."""
    return [cluster.cli(port, "CLUSTER", "MYID") for port in cluster.ports[:2]]


def reshard(cluster, giver, taker):
    """Moves slots as an operator would; returns how long that took."""
    since = time.monotonic()
    lab.call(["redis-cli", "--cluster", "reshard", f"127.0.0.1:{cluster.port}", "--cluster-from", giver,
              "--cluster-to", taker, "--cluster-slots", SLOTS, "--cluster-yes"])
    return time.monotonic() - since


def resharded(arguments, cluster, case):
    """Fills while slots are moved, and moves them back; returns the row, with how long the first move took."""
    giver, taker = ids(cluster)
    took = []

    def move():
        while cluster.count() < BEGUN * case.keys:
            time.sleep(0.02)
        took.append(reshard(cluster, giver, taker))

    cluster.flush()
    mover = threading.Thread(target=move, daemon=True)
    mover.start()
    row = fill(arguments, cluster, case)
    mover.join(lab.RUN_TIMEOUT_SECONDS)
    if not took:
        raise lab.Failure("the slots were not moved")
    cluster.flush()
    reshard(cluster, taker, giver)
    return row | {"reshard_seconds": took[0]}


def measure(arguments, notebook, cluster, case, sides):
    """Runs all sides in turns; returns their rows."""
    lab.fillbench(arguments.fillbench, cluster.port, case)  # warms the servers
    rows = {name: [] for name in sides}
    for number, name in lab.turns(list(sides), arguments.repeats):
        rows[name].append(notebook.write(case, name, number, sides[name](arguments, cluster, case)))
    cluster.flush()
    return rows


def costs(rows):
    """For each round, how much longer a fill with journal and proof took than one without either."""
    plain = {row["round"]: row["seconds"] for row in rows["plain"]}
    return [row["whole_seconds"] / plain[row["round"]] - 1 for row in rows["journal"]]


def lengthened(rows):
    """For each round, by how much of the time that moving took it lengthened the fill."""
    plain = {row["round"]: row["whole_seconds"] for row in rows["plain"]}
    return [(row["whole_seconds"] - plain[row["round"]]) / row["reshard_seconds"] for row in rows["reshard"]]


def show(of, as_percent):
    """Median and span."""
    texts = [f"{value:.1%}" if as_percent else f"{value:.2f}" for value in of]
    return f"{texts[1]} ({texts[0]} to {texts[2]})"


def cost_line(case, rows):
    """What a fill's exactness costs, as a line of the table."""
    cost = lab.spread(costs(rows))
    verdict = "reached" if cost[1] < COST_AIM else "missed"
    return [case, "journal, audit and proof, of the fill's time", f"below {COST_AIM:.0%}", show(cost, True), verdict]


def reshard_line(case, rows):
    """What moving slots costs a fill, as a line of the table."""
    more = lab.spread(lengthened(rows))
    verdict = "reached" if more[1] < 1 else "missed"
    what = f"a fill is lengthened by moving {SLOTS} slots, of the time that this takes"
    return [case, what, "below 1", show(more, False), verdict]


def main():
    arguments = lab.parse(lab.parser(__doc__), CASES)
    with lab.Cluster(arguments.server, arguments.port, arguments.masters) as cluster:
        notebook = lab.Notebook("exact", cluster.version(), arguments.out)
        table = []
        for case in arguments.cases:
            sides = {"plain": fill, "journal": with_journal}
            table.append(cost_line(case, measure(arguments, notebook, cluster, case, sides)))
        # One master has nobody to give slots to.
        if cluster.masters > 1:
            sides = {"plain": fill, "reshard": resharded}
            table.append(reshard_line(RESHARD_CASE, measure(arguments, notebook, cluster, RESHARD_CASE, sides)))
    header = ["key/value bytes", "what", "aim", "seen, median (min to max)", ""]
    notebook.finish(f"What exactness costs, warm servers, {arguments.masters} master(s)", lab.table(header, table))


if __name__ == "__main__":
    lab.main(main)
