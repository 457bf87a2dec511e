"""What the measuring scripts share: a throwaway cluster, running a program, taking turns, and
writing down what came of it. Python's standard library is all it needs."""

import argparse
import contextlib
import csv
import datetime
import json
import os
import platform
import shlex
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent

RUN_TIMEOUT_SECONDS = 1800


class Failure(Exception):
    """A measurement that could not be made, and why."""


@dataclass(frozen=True)
class Case:
    """What is filled: sizes in bytes, and how many keys."""

    key_size: int
    value_size: int
    keys: int

    def __str__(self):
        return f"{self.key_size}/{self.value_size}, {self.keys:,} keys"

    @classmethod
    def parse(cls, text):
        try:
            key_size, value_size, keys = (int(part.replace("_", "")) for part in text.split("/"))
        except ValueError:
            raise argparse.ArgumentTypeError(f"`{text}` is not KEY_SIZE/VALUE_SIZE/KEYS") from None
        return cls(key_size, value_size, keys)


CASES = [Case(256, 512, 3_000_000), Case(32, 64, 12_000_000)]


class Cluster:
    """Masters on loopback, from `port` on, that live as long as the `with` block."""

    def __init__(self, server, port, masters):
        self.server, self.port, self.masters = server, port, masters
        self.ports = range(port, port + max(masters, 1))

    def __enter__(self):
        call([HERE / "cluster.sh", "start", self.server, str(self.port), str(self.masters)])
        return self

    def __exit__(self, *_):
        call([HERE / "cluster.sh", "stop", str(self.port)])

    def cli(self, port, *words):
        return call(["redis-cli", "-p", str(port), *words]).strip()

    def count(self):
        """Keys over all masters."""
        return sum(int(self.cli(port, "DBSIZE")) for port in self.ports)

    def flush(self):
        """Empties all masters, and waits until they have given the memory back: servers since
        Valkey 8 would otherwise do that beside the next run."""
        for port in self.ports:
            self.cli(port, "FLUSHALL", "SYNC")
        if left := self.count():
            raise Failure(f"{left} keys are left after FLUSHALL: somebody else writes to port {self.port}")
        time.sleep(0.2)

    def cpu_seconds(self):
        """Processor time of all masters so far."""
        return sum(info_cpu(self.cli(port, "INFO", "cpu")) for port in self.ports)

    def version(self):
        """The server's name and version: `valkey 9.1.2`."""
        info = dict(line.split(":", 1) for line in self.cli(self.port, "INFO", "server").splitlines() if ":" in line)
        name = next(name for name in ["fillbench", "valkey", "redis"] if f"{name}_version" in info)
        return f"{name} {info[name + '_version'].strip()}"


def call(command):
    """Runs a program and returns what it printed."""
    command = [str(word) for word in command]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=RUN_TIMEOUT_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failure(f"{shlex.join(command)}: {error}") from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-2000:]
        raise Failure(f"{shlex.join(command)} ended with {done.returncode}: {said}")
    return done.stdout


def info_cpu(info):
    """Processor time of a server, out of its INFO."""
    fields = dict(line.split(":", 1) for line in info.splitlines() if ":" in line)
    return float(fields["used_cpu_user"]) + float(fields["used_cpu_sys"])


@dataclass(frozen=True)
class Ran:
    """What became of programs that ran at once: how the first of them ended that did not end well (0: all did;
    negative: by that signal), what all printed, the seconds from the first's start to the last's end, and the
    processor time that they took."""

    code: int
    out: str
    err: str
    seconds: float
    cpu_seconds: float


def run(commands, inputs=(), timeout=RUN_TIMEOUT_SECONDS):
    """Runs programs at once, the first with the first of the input files, and so on; returns what became of them.
    Those that take longer than so many seconds are killed."""
    children, codes, cpu_seconds = [], [], 0.0
    started = time.monotonic()
    with contextlib.ExitStack() as ending:
        for command, path in zip(commands, inputs or [os.devnull] * len(commands)):
            out, err = (ending.enter_context(tempfile.TemporaryFile()) for _ in range(2))
            try:
                with open(path, "rb") as file:
                    child = subprocess.Popen([str(word) for word in command], stdin=file, stdout=out, stderr=err)
            except OSError as error:
                raise Failure(f"{shlex.join(map(str, command))}: {error}") from None
            ending.callback(end, child)
            children.append((child, out, err))
        for child, _, _ in children:
            late = threading.Timer(max(started + timeout - time.monotonic(), 0), os.kill, [child.pid, signal.SIGKILL])
            late.start()
            try:
                _, status, usage = os.wait4(child.pid, 0)
            finally:
                late.cancel()
            child.returncode = os.waitstatus_to_exitcode(status)
            codes.append(child.returncode)
            cpu_seconds += usage.ru_utime + usage.ru_stime
        seconds = time.monotonic() - started
        printed, said = ("".join(read(child[place]) for child in children) for place in [1, 2])
        return Ran(next((code for code in codes if code), 0), printed, said, seconds, cpu_seconds)


def end(child):
    """Ends a program that has not ended by itself."""
    if child.returncode is None:
        child.kill()
        child.wait()


def read(file):
    """All that a program printed into this file."""
    file.seek(0)
    return file.read().decode(errors="replace")


def sizes(case):
    """The options of a case, which fillbench and ceiling share."""
    return ["--keys", case.keys, "--key-size", case.key_size, "--value-size", case.value_size]


def shown(command):
    """A command as it is typed in this repository, wherever that is and its programs are."""
    words = [str(word).removeprefix(f"{ROOT}/") for word in command]
    return shlex.join(Path(word).name if word.startswith("/") and os.access(word, os.X_OK) else word for word in words)


def filling(program, port, case, options=()):
    """The command line of fillbench that fills a case, and prints its record."""
    return [program, "-h", "127.0.0.1", "-p", port, *sizes(case), *options, "--flush", "--yes", "--json"]


def fillbench(program, port, case, options=(), verdict="exact"):
    """Fills with fillbench, which has to come to this verdict; returns the row of it, and its whole record."""
    command = filling(program, port, case, options)
    record = json.loads(call(command))
    if record["verdict"] != verdict:
        raise Failure(f"fillbench's verdict is {record['verdict']}: {record['error']}")
    return fillbench_row(command, record), record


def fillbench_row(command, record):
    """The row of a fill whose record this is."""
    wire_bytes = record["done"]["wire_bytes"]
    return {
        "program": "fillbench",
        "keys_per_second": record["rates"]["keys_per_second"],
        "wire_bytes_per_second": record["rates"]["wire_bytes_per_second"],
        "seconds": record["seconds"]["fill"],
        "cpu_seconds_per_gb": record["client"]["cpu_seconds"] / (wire_bytes / 1e9),
        "peak_rss_bytes": record["client"]["peak_rss_bytes"],
        "audit_seconds": record["seconds"]["audit"],
        "proof_seconds": record["seconds"]["proof"],
        "limited_by": record["limited_by"],
        "command_line": shown(command),
    }


def ceiling(program, port, case, options=()):
    """Fills with the ceiling program, and returns the row of it."""
    command = [program, "--address", f"127.0.0.1:{port}", *sizes(case), *options, "--json"]
    found = json.loads(call(command))
    wanted = ["keys_per_second", "wire_bytes_per_second", "seconds", "cpu_seconds_per_gb"]
    row = {"program": "ceiling", "command_line": shown(command)}
    return row | {name: found[name] for name in wanted}


def turns(sides, rounds):
    """Takes each side once a round, every other round backwards (A B, B A, A B, …), so that a drift
    of the machine falls on all sides alike. Yields (round, side)."""
    for number in range(rounds):
        for side in sides if number % 2 == 0 else reversed(sides):
            yield number, side


def spread(values):
    """(least, middle, most)."""
    values = list(values)
    return min(values), statistics.median(values), max(values)


def ratio(rows, above, below):
    """(least, middle, most) of one side's keys/s over the other's, round by round: both sides of a
    round met the same machine."""
    return spread(one["keys_per_second"] / other["keys_per_second"]
                  for one in rows[above] for other in rows[below] if one["round"] == other["round"])


def median(rows, name):
    return statistics.median(row[name] for row in rows)


def rate(value):
    """Keys a second as the tables show them: `1,444k`."""
    return f"{value / 1e3:,.0f}k"


def show_ratio(of):
    least, middle, most = of
    return f"{middle:.3f} ({least:.3f} to {most:.3f})"


def table(header, rows):
    """A table in Markdown; all columns but the first two are numbers."""
    marks = ["---" if place < 2 else "---:" for place in range(len(header))]
    return "\n".join("| " + " | ".join(str(cell) for cell in row) + " |" for row in [header, marks, *rows])


def machine():
    """This machine in a line."""
    model = platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), model)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (f"{model}, {len(os.sched_getaffinity(0))} cores, {memory:.0f} GiB, "
            f"{platform.system()} {platform.release()}, load {os.getloadavg()[0]:.2f} before the first run")


class Notebook:
    """Writes every run into a CSV as soon as it is done, so that a late failure loses nothing, and
    the tables into a Markdown file beside it at the end."""

    COLUMNS = ["at", "server", "machine", "case", "key_size", "value_size", "keys", "side", "round", "program",
               "keys_per_second", "wire_bytes_per_second", "seconds", "cpu_seconds_per_gb", "peak_rss_bytes",
               "audit_seconds", "proof_seconds", "limited_by", "keys_left", "bytes_per_key", "idle_connections",
               "idle_bytes", "hit_share", "whole_seconds", "reshard_seconds", "masters", "writers", "first_key_seconds",
               "connected_seconds", "client_cpu_seconds", "server_cpu_seconds", "making_seconds", "making_cpu_seconds",
               "exit_code", "said", "command_line"]

    def __init__(self, name, server, folder):
        self.started, self.server, self.machine = now(), server, machine()
        folder.mkdir(parents=True, exist_ok=True)
        stamp = self.started.translate(str.maketrans("", "", "-:"))
        self.path = folder / f"{name}-{server.replace(' ', '-')}-{stamp}.csv"
        self.file = open(self.path, "x", newline="", encoding="utf-8")
        self.csv = csv.DictWriter(self.file, self.COLUMNS)
        self.csv.writeheader()

    def write(self, case, side, number, row, said=None):
        """Takes the row of one run, and returns it with its round. Where nothing was filled there is no
        case, and what came of it is `said`."""
        row = row | {"round": number}
        about = {"at": now(), "server": self.server, "machine": self.machine, "side": side}
        self.csv.writerow(about | ({"case": str(case)} | asdict(case) if case else {}) | row)
        self.file.flush()
        said = said or f"{rate(row['keys_per_second'])} keys/s"
        print(f"{case or 'nothing filled'}: {side}, round {number}: {said}", file=sys.stderr)
        return row

    def finish(self, title, text):
        """Prints the tables and puts them beside the CSV."""
        self.file.close()
        page = (f"# {title}\n\n- Server: {self.server}\n- Machine: {self.machine}\n- Started: {self.started}\n"
                f"- Written by: `{shown([Path(sys.argv[0]).name, *sys.argv[1:]])}`\n"
                f"- Every run and its command line: `{self.path.name}`\n\n{text}\n")
        self.path.with_suffix(".md").write_text(page, encoding="utf-8")
        print(page)


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def parser(description, serves_itself=False):
    """The options that all scripts share; without those of another server and of the ceiling where fillbench
    serves itself."""
    options = argparse.ArgumentParser(description=description)
    if not serves_itself:
        options.add_argument("server", help="a redis-server or valkey-server to start, 7.0 or newer")
    options.add_argument("--port", type=int, default=17600, help="first port of the cluster [%(default)s]")
    if not serves_itself:
        options.add_argument("--masters", type=int, default=3, help="0: one plain server [%(default)s]")
        options.add_argument("--ceiling", default=ROOT / "target/release/examples/ceiling", help="[%(default)s]")
    options.add_argument("--repeats", type=int, default=5, help="rounds, in each of which every side runs once [%(default)s]")
    options.add_argument("--case", type=Case.parse, action="append", metavar="KEY_SIZE/VALUE_SIZE/KEYS", dest="cases",
                         help="what to fill; may be repeated [256-byte keys with 512-byte values, and 32 with 64]")
    options.add_argument("--fillbench", default=ROOT / "target/release/fillbench", help="[%(default)s]")
    options.add_argument("--out", type=Path, default=ROOT / "results", help="folder for what is found [%(default)s]")
    return options


def parse(options, cases=CASES):
    """Reads the command line, and sees that the programs are there."""
    arguments = options.parse_args()
    arguments.cases = arguments.cases or cases
    if arguments.repeats < 1:
        options.error("--repeats must be at least 1")
    wanted = [("redis-cli", "install it"), (arguments.fillbench, "cargo build --release")]
    if hasattr(arguments, "server"):
        wanted += [(arguments.server, "name a server that is there"),
                   (arguments.ceiling, "cargo build --release --example ceiling")]
    for program, cure in wanted:
        if not shutil.which(program):
            options.error(f"{program} is not there: {cure}")
    return arguments


def main(run):
    """Runs a script; what goes wrong is told in a line, and the servers are stopped however it ends."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        run()
    except Failure as failure:
        sys.exit(f"{Path(sys.argv[0]).name}: {failure}")
    except KeyboardInterrupt:
        sys.exit(130)
