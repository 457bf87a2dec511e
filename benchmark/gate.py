#!/usr/bin/env python3
"""Records what the gate's verdicts are tried on: short fills of two servers of the same program, in turns, of which
one is slowed down in some runs and left alone in others. gate_judge.py then asks `fillbench compare`."""

import argparse
import contextlib
import csv
import random
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import lab

EMBEDDED = "embedded"
START_TIMEOUT_SECONDS = 10
ANSWER_TIMEOUT_SECONDS = 30

# What the recording adds to a run: which pair of servers it belongs to, in which round, as which turn, on which
# server, and as which side.
ABOUT = ["session", "round", "turn", "server", "side"]
# What `fillbench compare` reads of a run, and what is good to know besides; the other columns would make the table
# three times as large.
KEPT = ["run", "started_at", "verdict", "key_size", "value_size", "keys", "payload_bytes", "command", "group_keys",
        "pipeline_depth", "window", "writers", "threads", "keys_per_second", "latency_us_count", "latency_us_mean", "latency_us_p50",
        "latency_us_p90", "latency_us_p99", "latency_us_p99_9", "latency_us_max", "limited_by", "seconds_fill",
        "seconds_total", "client_cpu_seconds", "client_waiting_share", "client_pacing_share", "host_cpu_model",
        "host_os", "host_cpus", "host_memory_bytes", "target_kind", "target_mode", "target_server", "target_version",
        "target_masters", "servers_cpu_user_seconds", "servers_cpu_system_seconds", "account_planned", "tls",
        "ttl_seconds", "serial", "flush", "asked_pipeline_depth", "asked_writers", "asked_window", "asked_threads",
        "asked_wait_replicas", "asked_until_memory", "asked_command", "asked_order", "asked_reply", "asked_discard",
        "asked_rate_keys_per_second", "asked_rate_bytes_per_second", "resumed_times", "schema", "address", "target_replicas",
        "account_repaired", "program_version", "error_message", "error_cure", "warnings", "incidents",
        "payload_bytes_per_second", "interval_keys_per_second_min", "interval_keys_per_second_median",
        "interval_keys_per_second_max", "client_peak_rss_bytes"]


@dataclass(frozen=True)
class Slowness:
    """A server stands still for `stall_ms` once in `period_ms`."""

    name: str
    stall_ms: float
    period_ms: float

    @classmethod
    def parse(cls, text):
        try:
            name, numbers = text.split("=")
            stall, period = (float(number) for number in numbers.split("/"))
        except ValueError:
            raise argparse.ArgumentTypeError(f"`{text}` is not NAME=STALL_MS/PERIOD_MS") from None
        if not (name.isalnum() and name != "A" and 0 < stall < period <= 1000):
            raise argparse.ArgumentTypeError(f"`{text}`: the name is a word other than A, and 0 < STALL < PERIOD <= 1000")
        return cls(name, stall, period)


class Server:
    """One server on loopback that nobody else uses, real or fillbench's own, for as long as the `with` block."""

    def __init__(self, program, fillbench, port, folder):
        self.port, self.is_embedded = port, program == EMBEDDED
        if self.is_embedded:
            self.command = [str(fillbench), "serve", "--standalone", "--port", str(port)]
        else:
            # Emptied in the foreground, or it would be done beside the next fill.
            self.command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
                            "--dir", str(folder), "--lazyfree-lazy-user-flush", "no"]
        self.process = None

    def __enter__(self):
        with contextlib.suppress(OSError), self.connect():
            raise lab.Failure(f"something listens on port {self.port} already: name another --port")
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while self.process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(OSError), self.connect() as connection:
                ask(connection, "PING")
                return self
            time.sleep(0.02)
        self.__exit__()
        raise lab.Failure(f"{lab.shown(self.command)} did not answer within {START_TIMEOUT_SECONDS} s")

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(ANSWER_TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def connect(self):
        connection = socket.create_connection(("127.0.0.1", self.port), ANSWER_TIMEOUT_SECONDS)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def stand_still(self, milliseconds):
        """Stops it for so long, from outside: what another client has a server execute, a fill takes account of.
        Returns how many seconds that came to."""
        since = time.monotonic()
        self.process.send_signal(signal.SIGSTOP)
        time.sleep(milliseconds / 1000)
        self.process.send_signal(signal.SIGCONT)
        return time.monotonic() - since

    @contextlib.contextmanager
    def slowed(self, slowness):
        """Lets it stand still again and again, if at all, for as long as the `with` block."""
        if slowness is None:
            yield
            return
        over, share = threading.Event(), slowness.stall_ms / slowness.period_ms

        def slow():
            due = time.monotonic()
            while not over.wait(max(0.0, due - time.monotonic())):
                # One that was longer than meant is followed by a longer time without, so that the share holds.
                due += self.stand_still(slowness.stall_ms) / share

        thread = threading.Thread(target=slow, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


def ask(connection, *words):
    """Sends one command, and reads its answer, a line."""
    parts = [f"${len(word)}\r\n{word}\r\n" for word in words]
    connection.sendall(f"*{len(words)}\r\n{''.join(parts)}".encode())
    answer = b""
    while not answer.endswith(b"\r\n"):
        piece = connection.recv(4096)
        if not piece:
            raise lab.Failure(f"{' '.join(words)}: the connection was closed")
        answer += piece
    if not answer.startswith(b"+"):
        raise lab.Failure(f"{' '.join(words)}: {answer.decode(errors='replace').strip()}")


def fill(arguments, server, slowness, folder):
    """One fill; returns its row of fillbench's own table."""
    table = Path(folder) / "run.csv"
    table.unlink(missing_ok=True)
    command = [arguments.fillbench, "-h", "127.0.0.1", "-p", server.port, *lab.sizes(arguments.case), *arguments.options,
               "--flush", "--yes", "--quiet", "--csv", table]
    with server.slowed(slowness):
        lab.call(command)
    with open(table, newline="", encoding="utf-8") as file:
        return next(csv.DictReader(file))


def session(arguments, folder, deadline):
    """Starts two servers and warms them; yields (round, turn, place, side, row) of one run after another."""
    sides = [(0, None), (1, None), *((1, slowness) for slowness in arguments.slow)]
    with contextlib.ExitStack() as stack:
        servers = []
        for place in range(2):
            home = Path(folder) / f"server-{place}"
            home.mkdir(exist_ok=True)
            servers.append(stack.enter_context(
                Server(arguments.server, arguments.fillbench, arguments.port + place, home)))
            fill(arguments, servers[-1], None, folder)
        for number in range(arguments.rounds):
            arguments.random.shuffle(sides)
            for turn, (place, slowness) in enumerate(sides):
                row = fill(arguments, servers[place], slowness, folder)
                yield number, turn, place, slowness.name if slowness else "A", row
            if time.monotonic() > deadline:
                return


def record(arguments, folder):
    """Records session after session, each run as soon as it is over; returns all rows."""
    rows, deadline = [], time.monotonic() + 60 * arguments.minutes
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    with open(arguments.out, "x", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, ABOUT + KEPT, extrasaction="ignore", lineterminator="\n")
        table.writeheader()
        for number in range(arguments.sessions):
            for at_round, turn, place, side, row in session(arguments, folder, deadline):
                row |= {"session": number, "round": at_round, "turn": turn, "server": place, "side": side}
                table.writerow(row)
                file.flush()
                rows.append(row)
            print(f"session {number + 1} of at most {arguments.sessions}: {summary(rows[-arguments.rounds * 4:])}",
                  file=sys.stderr)
            if time.monotonic() > deadline:
                break
    return rows


def summary(rows):
    """Each side's median rate, against the first server's, and how far runs are apart."""
    texts, base = [], None
    for key in sorted({(row["server"], row["side"]) for row in rows}):
        rates = [float(row["keys_per_second"]) for row in rows if (row["server"], row["side"]) == key]
        base = base or statistics.median(rates)
        spread = statistics.quantiles(rates, n=4) if len(rates) > 1 else [rates[0]] * 3
        limits = {row["limited_by"] for row in rows if (row["server"], row["side"]) == key}
        texts.append(f"{key[1]}{key[0]} {lab.rate(statistics.median(rates))} {statistics.median(rates) / base - 1:+.1%} "
                     f"(IQR {(spread[2] - spread[0]) / statistics.median(rates):.1%}, {len(rates)}, {'/'.join(sorted(limits))})")
    return ", ".join(texts)


def parse():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("server", help=f"a redis-server or valkey-server to start, or `{EMBEDDED}`: fillbench serve")
    options.add_argument("--out", type=Path, required=True, help="the table to write; it must not be there yet")
    options.add_argument("--case", type=lab.Case.parse, default=lab.Case(32, 64, 1_000_000),
                         metavar="KEY_SIZE/VALUE_SIZE/KEYS", help="what to fill [%(default)s]")
    options.add_argument("--slow", type=Slowness.parse, action="append", default=[], metavar="NAME=STALL_MS/PERIOD_MS",
                         help="a side whose server stands still for so long, again and again; may be repeated")
    options.add_argument("--rounds", type=int, default=40, help="rounds for each pair of servers [%(default)s]")
    options.add_argument("--sessions", type=int, default=1000, help="pairs of servers, at most [%(default)s]")
    options.add_argument("--minutes", type=float, default=10, help="no round begins later than this [%(default)s]")
    options.add_argument("--seed", type=int, default=1, help="of the order within each round [%(default)s]")
    options.add_argument("--port", type=int, default=17600, help="of the first server, and one more [%(default)s]")
    options.add_argument("--fillbench", default=lab.ROOT / "target/release/fillbench", help="[%(default)s]")
    options.epilog = "What follows `--` are options of each fill."
    words = sys.argv[1:]
    place = words.index("--") if "--" in words else len(words)
    arguments = options.parse_args(words[:place])
    arguments.options = words[place + 1:]
    for program in [arguments.fillbench, *([] if arguments.server == EMBEDDED else [arguments.server])]:
        if not shutil.which(program):
            options.error(f"{program} is not there")
    if arguments.rounds < 1 or arguments.sessions < 1:
        options.error("--rounds and --sessions must be at least 1")
    arguments.random = random.Random(arguments.seed)
    return arguments


def main():
    arguments = parse()
    with tempfile.TemporaryDirectory() as folder:
        rows = record(arguments, folder)
    print(f"{len(rows)} runs: {summary(rows)}")


if __name__ == "__main__":
    lab.main(main)
