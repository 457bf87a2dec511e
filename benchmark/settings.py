#!/usr/bin/env python3
"""fillbench left to itself beside the best settings that can be found for it: a grid of pipeline
depths, writers and windows is tried, and the best of it then runs in turns with the defaults."""

import itertools

import lab


def numbers(text):
    return [int(part) for part in text.split(",")]


def compare(arguments, notebook, cluster, case):
    """Tries the grid, then runs the best of it in turns with the defaults; returns a table's line."""

    def run(settings):
        cluster.flush()
        return lab.fillbench(arguments.fillbench, arguments.port, case, settings)[0]

    run([])  # warms the servers
    grid = {}
    for depth, writers, window in itertools.product(arguments.depths, arguments.writers, arguments.windows):
        name = f"depth {depth}, writers {writers}, window {window}"
        grid[name] = ["--pipeline-depth", depth, "--writers", writers, "--window", window]
    tried = {name: [] for name in grid}
    for number, name in lab.turns(list(grid), arguments.tries):
        tried[name].append(notebook.write(case, f"try {name}", number, run(grid[name])))
    best = max(grid, key=lambda name: lab.median(tried[name], "keys_per_second"))

    # The best of many tries was lucky too: only a second meeting says how good it is.
    sides = {"defaults": [], best: grid[best]}
    rows = {side: [] for side in sides}
    for number, side in lab.turns(list(sides), arguments.repeats):
        rows[side].append(notebook.write(case, side, number, run(sides[side])))
    cluster.flush()
    return [
        case,
        best,
        lab.rate(lab.median(rows[best], "keys_per_second")),
        lab.rate(lab.median(rows["defaults"], "keys_per_second")),
        lab.show_ratio(lab.ratio(rows, "defaults", best)),
    ]


def main():
    options = lab.parser(__doc__)
    options.add_argument("--depths", type=numbers, default=[100, 400, 2000, 8000], help="keys [100,400,2000,8000]")
    options.add_argument("--writers", type=numbers, default=[1, 2], help="per master [1,2]")
    options.add_argument("--windows", type=numbers, default=[1, 2, 4], help="pipelines in flight per writer [1,2,4]")
    options.add_argument("--tries", type=int, default=2, help="runs of each point of the grid [%(default)s]")
    arguments = lab.parse(options)
    with lab.Cluster(arguments.server, arguments.port, arguments.masters) as cluster:
        notebook = lab.Notebook("settings", cluster.version(), arguments.out)
        lines = [compare(arguments, notebook, cluster, case) for case in arguments.cases]
    header = ["key/value bytes", "best settings tried", "best, keys/s", "defaults, keys/s",
              "defaults ÷ best, median (min to max)"]
    notebook.finish(f"fillbench's defaults beside its best settings, {arguments.masters} master(s)",
                    lab.table(header, lines))


if __name__ == "__main__":
    lab.main(main)
