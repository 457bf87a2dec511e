#!/usr/bin/env python3
"""fillbench's own server beside a real one, one node of each, filled with the same options in turns:
keys/s, memory per key, what a server that keeps nothing is sent, and what idle connections cost."""

import contextlib
import dataclasses
import functools
import resource
import signal
import socket
import subprocess
import time

import lab

COMMANDS = ["set", "mset"]
# Both servers hold one case at a time, beside each other: 3 GB, and a run takes a second at least.
CASES = [lab.Case(256, 512, 1_000_000), lab.Case(32, 64, 4_000_000)]
# What a server throws away is over soon: it is sent so many times the keys.
DISCARD_TIMES = 8
START_TIMEOUT_SECONDS = 10

IDLE_CONNECTIONS = 2000
IDLE_ROUNDS = 3
# Files that this script and the servers, which take its limit over, have open besides.
OTHER_FILES = 200

# What is to be reached, for each figure.
RATE_AIM = 1.5
DISCARD_AIM_GB = 3.5
IDLE_AIM_MIB = 32


class Embedded(lab.Cluster):
    """`fillbench serve` with one node, as long as the `with` block."""

    def __init__(self, program, port, options):
        super().__init__(program, port, 0)
        self.options, self.process = options, None

    def __enter__(self):
        command = [str(self.server), "serve", "--port", str(self.port), *self.options]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while self.process.poll() is None and time.monotonic() < deadline:
            try:
                # Another server may have the port, and answer.
                if self.cli(self.port, "PING") == "PONG" and self.process.poll() is None:
                    return self
            except lab.Failure:
                time.sleep(0.05)
        self.__exit__()
        raise lab.Failure(f"{command} did not answer: {self.process.stderr.read().strip()}")

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        self.process.wait(lab.RUN_TIMEOUT_SECONDS)


def bytes_per_key(record):
    """What the server says it took for each key, its own overhead included."""
    server = record["servers"][0]
    return (server["used_bytes_after"] - server["used_bytes_before"]) / record["done"]["keys"]


def rss_bytes(server):
    """What a server's process has in memory, as the system counts it."""
    info = server.cli(server.port, "INFO", "server").splitlines()
    pid = next(line.split(":")[1] for line in info if line.startswith("process_id:"))
    return int(lab.call(["ps", "-o", "rss=", "-p", pid])) * 1024


def connect(port):
    """A connection that was used once."""
    connection = socket.create_connection(("127.0.0.1", port), START_TIMEOUT_SECONDS)
    connection.sendall(b"PING\r\n")
    if connection.recv(16) != b"+PONG\r\n":
        raise lab.Failure(f"a connection to port {port} was refused")
    return connection


def idle_bytes(server):
    """Bytes that a server which has just been started grows by for idle connections."""
    with server, contextlib.ExitStack() as connections:
        # The first connection, and the first INFO, make it grow for themselves.
        connections.enter_context(connect(server.port))
        rss_bytes(server)
        before = rss_bytes(server)
        for _ in range(IDLE_CONNECTIONS):
            connections.enter_context(connect(server.port))
        return rss_bytes(server) - before


def measure_idle(notebook, starts):
    """Idle connections, on servers started for each round; returns the rows of each side."""
    rows = {name: [] for name in starts}
    for number, name in lab.turns(list(starts), IDLE_ROUNDS):
        cost = idle_bytes(starts[name]())
        row = {"program": "python", "idle_connections": IDLE_CONNECTIONS, "idle_bytes": cost}
        rows[name].append(notebook.write(None, name, number, row, f"{cost / 2**20:.1f} MiB for {IDLE_CONNECTIONS:,} connections"))
    return rows


def fill(arguments, sides, case, command, name):
    """One fill of one side; returns the row of it."""
    target, options = sides[name], ["--command", command]
    target.flush()
    if name == "discard":
        many = dataclasses.replace(case, keys=case.keys * DISCARD_TIMES)
        return lab.fillbench(arguments.fillbench, target.port, many, options, "discarded")[0] | {"keys": many.keys}
    row, record = lab.fillbench(arguments.fillbench, target.port, case, options)
    # What a side keeps would leave the others less room.
    target.flush()
    return row | {"bytes_per_key": bytes_per_key(record)}


def measure(arguments, notebook, sides, case, command):
    """Runs the rounds of a case and command; returns the rows of each side."""
    run = functools.partial(fill, arguments, sides, case, command)
    rows = {name: [] for name in sides}
    for name in sides:
        run(name)  # warms it
    for number, name in lab.turns(list(sides), arguments.repeats):
        rows[name].append(notebook.write(case, f"{name} {command}", number, run(name)))
    return rows


def line(case, command, rows):
    """A line of the table of fills."""
    least, middle, most = lab.spread(row["wire_bytes_per_second"] / 1e9 for row in rows["discard"])
    return [
        case,
        command.upper(),
        *(lab.rate(lab.median(rows[name], "keys_per_second")) for name in ["real", "embedded"]),
        lab.show_ratio(lab.ratio(rows, "embedded", "real")),
        *(f"{lab.median(rows[name], 'bytes_per_key'):.0f}" for name in ["real", "embedded"]),
        f"{middle:.2f} ({least:.2f} to {most:.2f})",
        f"{lab.median(rows['discard'], 'cpu_seconds_per_gb'):.3f}",
    ]


def aims(fills, idle):
    """Lines of a table: what was to be reached, what was, and whether. `fills` are rows of each side by
    (case, command); `idle` are those of idle connections."""

    def verdict(reached):
        return "reached" if reached else "missed"

    for (case, command), rows in fills.items():
        where = f"{command.upper()} {case.key_size}/{case.value_size}"
        ratio = lab.ratio(rows, "embedded", "real")
        yield [f"{where}, keys/s ÷ real", f"at least {RATE_AIM}", lab.show_ratio(ratio), verdict(ratio[1] >= RATE_AIM)]
        ours, theirs = (lab.median(rows[name], "bytes_per_key") for name in ["embedded", "real"])
        yield [f"{where}, bytes/key", f"at most {theirs:.0f}", f"{ours:.0f}", verdict(ours <= theirs)]
        # By the command that fillbench chooses itself.
        if (case.key_size, case.value_size, command) == (256, 512, "mset"):
            gb = lab.median(rows["discard"], "wire_bytes_per_second") / 1e9
            yield [f"{where}, --discard, GB/s", f"at least {DISCARD_AIM_GB}", f"{gb:.2f}", verdict(gb >= DISCARD_AIM_GB)]
    cost = lab.median(idle["embedded"], "idle_bytes") / 2**20
    real = lab.median(idle["real"], "idle_bytes") / 2**20
    yield [f"{IDLE_CONNECTIONS:,} idle connections, MiB", f"below {IDLE_AIM_MIB}", f"{cost:.1f} (real: {real:.1f})",
           verdict(cost < IDLE_AIM_MIB)]


def main():
    arguments = lab.parse(lab.parser(__doc__), CASES)
    files = IDLE_CONNECTIONS + OTHER_FILES
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard != resource.RLIM_INFINITY and hard < files:
        raise lab.Failure(f"{files} open files are needed, and {hard} allowed: raise the limit (ulimit -Hn)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    start_real = functools.partial(lab.Cluster, arguments.server, arguments.port, 0)
    start_embedded = functools.partial(Embedded, arguments.fillbench, arguments.port + 1, ["--standalone"])
    with start_real() as real, start_embedded() as embedded, \
            Embedded(arguments.fillbench, arguments.port + 2, ["--masters", "1", "--discard"]) as discard:
        notebook = lab.Notebook("embedded", real.version(), arguments.out)
        sides = {"real": real, "embedded": embedded, "discard": discard}
        fills = {(case, command): measure(arguments, notebook, sides, case, command)
                 for case in arguments.cases for command in COMMANDS}
    idle = measure_idle(notebook, {"real": start_real, "embedded": start_embedded})
    header = ["key/value bytes", "command", f"{notebook.server}, keys/s", "embedded, keys/s",
              "embedded ÷ real, median (min to max)", "real, bytes/key", "embedded, bytes/key",
              "--discard, GB/s on the wire, median (min to max)", "--discard, client CPU s/GB"]
    tables = [lab.table(header, [line(*how, rows) for how, rows in fills.items()]),
              lab.table(["what", "aim", "seen", ""], aims(fills, idle))]
    notebook.finish("fillbench's own server beside a real one, one node each, warm", "\n\n".join(tables))


if __name__ == "__main__":
    lab.main(main)
