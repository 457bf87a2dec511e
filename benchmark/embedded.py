#!/usr/bin/env python3
"""fillbench's own server beside a real one, one node of each, filled with the same options in turns:
keys/s, memory per key, and what a server that keeps nothing is sent."""

import signal
import subprocess
import time

import lab

COMMANDS = ["set", "mset"]
START_TIMEOUT_SECONDS = 10


class Embedded(lab.Cluster):
    """`fillbench serve --standalone`, as long as the `with` block."""

    def __init__(self, program, port, options=()):
        super().__init__(program, port, 0)
        self.options, self.process = options, None

    def __enter__(self):
        command = [str(self.server), "serve", "--standalone", "--port", str(self.port), *self.options]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while self.process.poll() is None and time.monotonic() < deadline:
            try:
                if self.cli(self.port, "PING") == "PONG":
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


def measure(arguments, notebook, sides, case):
    """Runs the rounds of a case on all sides, and returns a table's lines."""
    lines = []
    for command in COMMANDS:
        rows = {name: [] for name in sides}

        def run(name):
            target = sides[name]
            target.flush()
            verdict = "discarded" if "--discard" in getattr(target, "options", ()) else "exact"
            row, record = lab.fillbench(arguments.fillbench, target.port, case, ["--command", command], verdict)
            target.flush()
            return row | {"bytes_per_key": bytes_per_key(record)}

        for name in sides:
            run(name)  # warms it
        for number, name in lab.turns(list(sides), arguments.repeats):
            row = run(name)
            written = notebook.write(case, f"{name} {command}", number, {k: v for k, v in row.items() if k != "bytes_per_key"})
            rows[name].append(row | written)
        lines.append([
            case,
            command.upper(),
            *(lab.rate(lab.median(rows[name], "keys_per_second")) for name in ["real", "embedded"]),
            lab.show_ratio(lab.ratio(rows, "embedded", "real")),
            *(f"{lab.median(rows[name], 'bytes_per_key'):.0f}" for name in ["real", "embedded"]),
            f"{lab.median(rows['discard'], 'wire_bytes_per_second') / 1e9:.2f}",
        ])
    return lines


def main():
    arguments = lab.parse(lab.parser(__doc__))
    with lab.Cluster(arguments.server, arguments.port, 0) as real, \
            Embedded(arguments.fillbench, arguments.port + 1) as embedded, \
            Embedded(arguments.fillbench, arguments.port + 2, ["--discard"]) as discard:
        notebook = lab.Notebook("embedded", real.version(), arguments.out)
        sides = {"real": real, "embedded": embedded, "discard": discard}
        lines = [line for case in arguments.cases for line in measure(arguments, notebook, sides, case)]
    header = ["key/value bytes", "command", f"{notebook.server}, keys/s", "embedded, keys/s",
              "embedded ÷ real, median (min to max)", "real, bytes/key", "embedded, bytes/key", "--discard, GB/s on the wire"]
    notebook.finish("fillbench's own server beside a real one, one node each, warm", lab.table(header, lines))


if __name__ == "__main__":
    lab.main(main)
