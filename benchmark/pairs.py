#!/usr/bin/env python3
"""fillbench beside the servers' ceiling: the same keys in the same order with the same command, once
generated on the fly and once out of memory, in turns on one cluster."""

from contextlib import nullcontext

import lab

# Command and order of each pair.
WAYS = [("mset", "slot"), ("set", "slot"), ("set", "stride")]


def measure_pair(arguments, notebook, case, command, order, cluster):
    """Runs one pair's rounds; returns the rows of each side. Without a running `cluster`, each run
    gets one that is started for it."""
    how = ["--command", command, "--order", order]

    def run(side):
        with nullcontext(cluster) if cluster else fresh(arguments) as target:
            target.flush()
            if side == "fillbench":
                return lab.fillbench(arguments.fillbench, target.port, case, how)
            return lab.ceiling(arguments.ceiling, target.port, case, how + group)

    # Warms the servers, and tells which group fillbench chooses.
    _, record = run("fillbench")
    group = ["--group", record["done"]["group_keys"]] if command == "mset" else []
    rows = {"ceiling": [], "fillbench": []}
    for number, side in lab.turns(list(rows), arguments.repeats):
        row = run(side)
        row = row[0] if side == "fillbench" else row
        rows[side].append(notebook.write(case, f"{side} {command} {order}", number, row))
    if cluster:
        cluster.flush()
    return rows, record["done"]["group_keys"]


def fresh(arguments):
    return lab.Cluster(arguments.server, arguments.port, arguments.masters)


def line(case, command, order, group, rows):
    ours = rows["fillbench"]
    return [
        case,
        f"{command.upper()}{f' of {group}' if command == 'mset' else ''}, {order} order",
        lab.rate(lab.median(rows["ceiling"], "keys_per_second")),
        lab.rate(lab.median(ours, "keys_per_second")),
        lab.show_ratio(lab.ratio(rows, "fillbench", "ceiling")),
        f"{lab.median(ours, 'cpu_seconds_per_gb'):.3f}",
        f"{lab.median(ours, 'peak_rss_bytes') / 2**20:.0f}",
        f"{lab.median(ours, 'audit_seconds'):.3f}",
        f"{lab.median(ours, 'proof_seconds'):.3f}",
    ]


def main():
    options = lab.parser(__doc__)
    options.add_argument("--cold", action="store_true", help="start the servers anew for each run")
    arguments = lab.parse(options)
    with fresh(arguments) as cluster:
        notebook = lab.Notebook("pairs-cold" if arguments.cold else "pairs", cluster.version(), arguments.out)
        lines = [] if arguments.cold else measure(arguments, notebook, cluster)
    if arguments.cold:
        lines = measure(arguments, notebook, None)
    header = ["key/value bytes", "how", "ceiling, keys/s", "fillbench, keys/s", "fillbench ÷ ceiling, median (min to max)",
              "client CPU s/GB", "peak RSS, MiB", "audit, s", "proof, s"]
    state = "servers started for each run" if arguments.cold else "warm servers"
    notebook.finish(f"fillbench beside the ceiling, {state}, {arguments.masters} master(s)", lab.table(header, lines))


def measure(arguments, notebook, cluster):
    lines = []
    for case in arguments.cases:
        for command, order in WAYS:
            rows, group = measure_pair(arguments, notebook, case, command, order, cluster)
            lines.append(line(case, command, order, group, rows))
    return lines


if __name__ == "__main__":
    lab.main(main)
