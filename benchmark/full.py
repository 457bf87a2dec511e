"""What programs say when a server refuses their writes: one master gets full in the middle of each fill, and
then it is counted which keys are there. For peers.py."""

import socket
import tempfile
import threading
import time

import lab

CASE = lab.Case(256, 512, 1_000_000)
# The first master gets full when it has this share of the keys that it should have.
FULL_AT = 1 / 3
# Whoever has not ended by then is ended.
TIMEOUT_SECONDS = 120


class Filler(threading.Thread):
    """Has a server refuse writes for want of memory (`maxmemory`, nothing evicted) as soon as it has so many keys."""

    def __init__(self, port, keys):
        super().__init__(daemon=True)
        self.port, self.keys = port, keys
        self.over, self.done = threading.Event(), False

    def run(self):
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            answers = connection.makefile("rb")

            def ask(line):
                connection.sendall(line + b"\r\n")
                return answers.readline()

            while not self.over.is_set():
                if int(ask(b"DBSIZE")[1:]) >= self.keys:
                    self.done = ask(b"CONFIG SET maxmemory 1 maxmemory-policy noeviction").startswith(b"+")
                    return
                time.sleep(0.0005)


def run(cluster, case, peer, job):
    """Runs a program while the first master gets full; returns the row of it."""
    cluster.flush()
    filler = Filler(cluster.port, int(case.keys / len(cluster.ports) * FULL_AT))
    filler.start()
    try:
        ran = lab.run(job.commands, job.inputs, TIMEOUT_SECONDS)
    finally:
        filler.over.set()
        filler.join()
        left = cluster.count()
        cluster.cli(cluster.port, "CONFIG", "SET", "maxmemory", "0")
    if not filler.done:
        raise lab.Failure(f"{peer.name} ended before port {cluster.port} was full: give it more keys")
    return {"program": peer.name, "seconds": ran.seconds, "exit_code": ran.code, "said": peer.said(ran),
            "missing_told": peer.missing(ran), "keys_left": left}


def line(case, settings, row):
    """A line of the table."""
    told = row["missing_told"]
    return [row["program"], settings, f"{row['keys_left']:,}", f"{case.keys - row['keys_left']:,}",
            "says no number" if told is None else f"{told:,}", row["exit_code"], row["said"]]


def section(notebook, cluster, case, programs):
    """Runs all, each once with the first of its settings; returns the page's section."""
    found = []
    for peer, program in programs:
        name, settings = peer.settings[0]
        with tempfile.TemporaryDirectory() as folder:
            row = run(cluster, case, peer, peer.job(program, cluster, case, folder, *settings))
        said = f"exit code {row['exit_code']}, {row['keys_left']:,} keys are there"
        notebook.write(case, f"full: {peer.name}", 0, {name: row[name] for name in row if name != "missing_told"}, said)
        found.append(line(case, name, row))
    cluster.flush()
    header = ["program", "settings", "keys left behind", "missing", "missing, by its own word", "exit code", "what it said"]
    return (f"\n## A master gets full: {case.key_size}/{case.value_size} bytes, {case.keys:,} keys\n\n"
            "When the first master has a third of its keys, its `maxmemory` is reached, and it refuses writes from then on. "
            f"Each program runs once.\n\n{lab.table(header, found)}")
