"""Tests of peers.py, stream.py and full.py that need no server: python3 -m unittest discover benchmark"""

import json
import sys
import tempfile
import unittest
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).resolve().parent))

import full
import lab
import peers
import stream

CASE = lab.Case(256, 512, 3_000_000)


def ran(out="", err="", code=0):
    """A program that ended so."""
    return lab.Ran(code, out, err, 2.0, 0.5)


def peer(name):
    """One of them, by its name."""
    return next(peer for peer in [peers.FILLBENCH, *peers.PEERS] if peer.name == name)


def record(verdict, missing):
    """What fillbench prints of a fill, as far as it is read here."""
    account = {"planned": 10, "proven": 10 - missing, "missing": missing, "wrong": 0}
    return json.dumps({"verdict": verdict, "account": account, "rates": {"keys_per_second": 7.5}})


class Rates(unittest.TestCase):
    def test_are_read_from_what_the_peers_print(self):
        printed = '"test","rps","avg"\n"SET k,{tag}:1 xx","1234.50","0.1"\n'
        self.assertEqual(peers.benchmark_rate(printed), 1234.5)
        self.assertEqual(peers.memtier_rate("Type Ops/sec\n----\nSets     99.25   ---\nTotals  1\n"), 99.25)
        self.assertEqual(peers.FILLBENCH.rate(record("exact", 0)), 7.5)

    def test_who_tells_none_has_that_of_the_clock(self):
        pipe = SimpleNamespace(name="cat", rate=lambda printed: None, said=lambda ran: "so", more=lambda command, ran: {})
        with tempfile.NamedTemporaryFile() as file:
            job = peers.Job([["cat"]], (file.name,), 0.5, 0.25)
            row = peers.run_job(pipe, job, None, 1000)
        self.assertAlmostEqual(row["keys_per_second"] * row["seconds"], 1000)
        self.assertEqual((row["making_seconds"], row["making_cpu_seconds"], row["said"], row["exit_code"]), (0.5, 0.25, "so", 0))
        self.assertNotIn("server_cpu_seconds", row)

    def test_a_peer_that_fails_or_tells_no_rate_is_no_measurement(self):
        self.assertRaisesRegex(lab.Failure, "ended with 3: oh", peers.run_peer, ["sh", "-c", "echo oh; exit 3"], peers.benchmark_rate)
        self.assertRaisesRegex(lab.Failure, "printed no rate", peers.run_peer, ["true"], peers.benchmark_rate)


class CommandLines(unittest.TestCase):
    def test_keys_have_the_size_asked(self):
        cluster = SimpleNamespace(port=7000, ports=range(7000, 7003), masters=3)
        key = peers.benchmark("b", cluster, lab.Case(32, 64, 10), 100, 1)[-2]
        # {tag} becomes a tag of as many characters, and the placeholder as many digits.
        self.assertEqual(len(key.replace("__rand_int__", "0" * 12)), 32)
        line = peers.memtier("m", cluster, lab.Case(256, 64, 10), 100, 2)
        prefix = next(word for word in line if str(word).startswith("--key-prefix=")).split("=")[1]
        self.assertEqual(len(prefix + "100000000"), peers.MEMTIER_KEY_BYTES_MAX)

    def test_each_setting_is_one_that_the_job_takes(self):
        cluster = SimpleNamespace(port=7000, ports=range(7000, 7003), masters=3)
        for one in [peers.FILLBENCH, *peers.PEERS[:3]]:
            for _, settings in one.settings:
                commands = one.job("program", cluster, lab.Case(32, 64, 10), None, *settings).commands
                self.assertEqual([command[0] for command in commands], ["program"])

    def test_redis_cli_has_a_process_and_a_stream_for_each_master(self):
        half = stream.SLOTS // 2
        nodes = {7000: f"a 127.0.0.1:7000@1 myself,master - 0 0 1 connected 0-{half - 1}\n",
                 7001: f"b 127.0.0.1:7001@1 myself,master - 0 0 2 connected {half}-{stream.SLOTS - 1}\n"}
        cluster = SimpleNamespace(masters=2, ports=[7000, 7001], cli=lambda port, *words: nodes[port])
        with tempfile.TemporaryDirectory() as folder:
            job = peers.pipe("redis-cli", cluster, lab.Case(32, 64, stream.SLOTS * 2), folder, 1)
            counts = [path.read_bytes().count(b"\r\nSET\r\n") for path in job.inputs]
        self.assertEqual(job.commands, [["redis-cli", "-p", 7000, "--pipe"], ["redis-cli", "-p", 7001, "--pipe"]])
        self.assertEqual(counts, [stream.SLOTS, stream.SLOTS])
        self.assertGreater(job.making_seconds, 0)


def parsed(data):
    """The commands of a stream, each a list of its words: a reader that knows the protocol and nothing else."""
    found, at = [], 0

    def number(mark):
        nonlocal at
        end = data.index(b"\r\n", at)
        assert data[at:at + 1] == mark, data[at:end]
        value, at = int(data[at + 1:end]), end + 2
        return value

    while at < len(data):
        words = []
        for _ in range(number(b"*")):
            size = number(b"$")
            words.append(data[at:at + size])
            assert data[at + size:at + size + 2] == b"\r\n"
            at += size + 2
        found.append(words)
    return found


class Streams(unittest.TestCase):
    # A few slots have a key more than the others.
    CASE = lab.Case(40, 24, 2 * stream.SLOTS + 100)

    def commands(self, slots, group):
        return parsed(b"".join(stream.commands(self.CASE, slots, group, stream.tags(), bytes(range(256)) * 40)))

    def test_hold_every_key_once_and_each_in_a_slot_of_its_master(self):
        keys = []
        for slots in [range(5461), range(5461, 10922), range(10922, stream.SLOTS)]:
            for command, key, value in self.commands(slots, 1):
                self.assertEqual((command, len(key), len(value)), (b"SET", 40, 24))
                tag = key[key.index(b"{") + 1:key.index(b"}")]
                self.assertIn(stream.slot(tag), slots)
                keys.append(key)
        self.assertEqual((len(keys), len(set(keys))), (self.CASE.keys, self.CASE.keys))

    def test_groups_are_of_one_slot(self):
        sizes = []
        for command, *pairs in self.commands(range(90, 110), 2):
            self.assertEqual(command, b"MSET")
            tags = {key[key.index(b"{") + 1:key.index(b"}")] for key in pairs[::2]}
            self.assertEqual(len(tags), 1)
            sizes.append(len(pairs) // 2)
        # Ten slots of three keys, and ten of two.
        self.assertEqual(sorted(sizes), [1] * 10 + [2] * 20)

    def test_slots_are_those_of_the_cluster_specification(self):
        self.assertEqual(stream.slot(b"123456789"), 0x31C3 % stream.SLOTS)
        self.assertEqual([stream.slot(tag) for tag in stream.tags()], list(range(stream.SLOTS)))

    def test_keys_that_are_too_short_are_told(self):
        short = lab.Case(stream.KEY_BYTES_MIN - 1, 1, 1)
        self.assertRaises(ValueError, list, stream.commands(short, range(1), 1, stream.tags(), b"x" * 9))

    def test_a_masters_slots_are_read_from_its_own_line(self):
        nodes = ("a1 127.0.0.1:7001@17001 master - 0 1 2 connected 5-9\n"
                 "b2 127.0.0.1:7000@17000 myself,master - 0 1 1 connected 0-2 4 10-11 [3->-a1]\n")
        self.assertEqual(stream.own_slots(nodes), [0, 1, 2, 4, 10, 11])


class Words(unittest.TestCase):
    """What programs say of their keys, from what they really printed."""

    PIPED = ("All data transferred. Waiting for the last reply...\nLast reply received from server.\n"
             "errors: 0, replies: 2000\nAll data transferred. Waiting for the last reply...\n"
             "Last reply received from server.\nerrors: 17, replies: 1000\n")

    def test_redis_cli_counts_errors_and_replies_of_each_process(self):
        self.assertEqual(peers.pipe_replies(self.PIPED), (17, 3000))
        self.assertEqual(peers.pipe_said(ran(self.PIPED)), "errors: 17, replies: 3000")
        self.assertEqual(peer("redis-cli --pipe").missing(ran(self.PIPED)), 17)

    def test_fillbench_has_a_verdict_and_counts(self):
        self.assertEqual(peers.fillbench_said(ran(record("exact", 0))), "exact: 10 proven")
        self.assertEqual(peers.fillbench_said(ran(record("missing", 4), code=3)), "missing: 6 proven, 4 missing")
        self.assertEqual(peers.fillbench_missing(ran(record("missing", 4), code=3)), 4)
        refused = ran("", "error: it does not fit\n", 1)
        self.assertEqual(peers.fillbench_said(refused), "`error: it does not fit`")
        self.assertIsNone(peers.fillbench_missing(refused))

    def test_a_complaint_is_told_from_its_absence(self):
        oom = "OOM command not allowed when used memory > 'maxmemory'."
        self.assertEqual(peers.complaint(ran("", f"Error from server 127.0.0.1:7000: {oom}\n")),
                         f"`Error from server 127.0.0.1:7000: {oom}`")
        self.assertEqual(peers.complaint(ran('"SET","9.50"\n', "errors: 0, replies: 5\n0 conn errors\nterrors\n")), "nothing")
        self.assertEqual(len(peers.complaint(ran("error " * 90))), peers.COMPLAINT_SHOWN + 3)
        self.assertIsNone(peer("redis-benchmark").missing(ran("Error")))


class Lines(unittest.TestCase):
    """The arithmetic of the tables."""

    def rows(self, name, **more):
        """Three runs, of 3,000,000 keys of 256/512 bytes: 2.304 GB."""
        return [{"program": name, "round": number, "keys_per_second": rate, "seconds": 3e6 / rate, "client_cpu_seconds": 1.152,
                 "server_cpu_seconds": 4.608, "keys_left": 3_000_000 - number, "exit_code": 0, "said": "nothing"} | more
                for number, rate in enumerate([1e6, 2e6, 3e6])]

    def test_processor_time_is_for_each_gigabyte_of_keys_and_values(self):
        rows = {"fillbench": self.rows("fillbench"), "redis-benchmark": self.rows("redis-benchmark")}
        line, = peers.lines(CASE, peer("redis-benchmark"), "so", rows)
        self.assertEqual(line, ["redis-benchmark", "so", "2,000k (1,000k to 3,000k)", "1.000 (1.000 to 1.000)", "2,000k", "0.50",
                                "2.00", "2,999,998 to 3,000,000", "0; nothing"])
        self.assertEqual(len(line), len(peers.HEADER))

    def test_keys_of_memtier_are_as_long_as_they_are(self):
        rows = {"fillbench": self.rows("fillbench"), "memtier_benchmark": self.rows("memtier_benchmark")}
        line, = peers.lines(CASE, peer("memtier_benchmark"), "so", rows)
        self.assertEqual(line[5], f"{1.152 / (3e6 * (229 + 512) / 1e9):.2f}")

    def test_making_a_stream_is_told_beside_sending_it(self):
        name = "redis-cli --pipe"
        rows = {"fillbench": self.rows("fillbench"), name: self.rows(name, making_seconds=1.5, making_cpu_seconds=1.152)}
        without, with_it = peers.lines(CASE, peer(name), "SET", rows)
        self.assertEqual((without[1], without[2], without[5]), ("SET", "2,000k (1,000k to 3,000k)", "0.50"))
        # 3, 1.5 and 1 s of sending, each with 1.5 s of making before.
        self.assertEqual((with_it[1], with_it[2]), ("SET, and making the stream", "1,000k (667k to 1,200k)"))
        self.assertEqual((with_it[3], with_it[5], with_it[6]), ("2.000 (1.500 to 2.500)", "1.00", "2.00"))

    def test_a_full_master_is_told_by_what_is_there_and_by_what_was_said(self):
        case = lab.Case(256, 512, 1_000_000)
        row = {"program": "p", "keys_left": 777_778, "exit_code": 1, "said": "errors: 222222", "missing_told": 222_222}
        self.assertEqual(full.line(case, "SET", row), ["p", "SET", "777,778", "222,222", "222,222", 1, "errors: 222222"])
        self.assertEqual(full.line(case, "SET", row | {"missing_told": None})[4], "says no number")
        self.assertEqual(full.line(case, "SET", row | {"missing_told": 0})[4], "0")


if __name__ == "__main__":
    unittest.main()
