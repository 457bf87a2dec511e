"""Tests of what needs no server: python3 -m unittest discover benchmark"""

import argparse
import csv
import sys
import tempfile
import unittest
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).resolve().parent))

import lab
import peers


class Turns(unittest.TestCase):
    def test_every_other_round_goes_backwards(self):
        self.assertEqual("".join(side for _, side in lab.turns("AB", 3)), "ABBAAB")
        self.assertEqual([number for number, _ in lab.turns("AB", 2)], [0, 0, 1, 1])


class Ratio(unittest.TestCase):
    def test_is_taken_within_each_round(self):
        rows = {
            "a": [{"round": 0, "keys_per_second": 10}, {"round": 1, "keys_per_second": 90}, {"round": 2, "keys_per_second": 30}],
            "b": [{"round": 1, "keys_per_second": 100}, {"round": 0, "keys_per_second": 20}, {"round": 2, "keys_per_second": 10}],
        }
        self.assertEqual(lab.ratio(rows, "a", "b"), (0.5, 0.9, 3.0))


class Cases(unittest.TestCase):
    def test_a_case_is_two_sizes_and_a_count(self):
        self.assertEqual(lab.Case.parse("256/512/3_000_000"), lab.Case(256, 512, 3_000_000))
        for text in ["256/512", "a/b/c", ""]:
            self.assertRaises(argparse.ArgumentTypeError, lab.Case.parse, text)


class Shown(unittest.TestCase):
    def test_a_command_does_not_say_where_the_repository_is(self):
        self.assertEqual(lab.shown([lab.ROOT / "target/release/fillbench", "-p", 7000]), "target/release/fillbench -p 7000")
        self.assertEqual(lab.shown(["/usr/bin/env", "a b", "/usr/bin/none"]), "env 'a b' /usr/bin/none")


class Notebook(unittest.TestCase):
    def test_a_run_is_in_the_file_before_the_next_begins(self):
        with tempfile.TemporaryDirectory() as folder:
            notebook = lab.Notebook("pairs", "valkey 9.1.2", Path(folder))
            notebook.write(lab.Case(1, 2, 3), "ceiling", 0, {"keys_per_second": 5.0})
            with open(notebook.path, encoding="utf-8") as file:
                row = next(csv.DictReader(file))
            notebook.file.close()
        self.assertEqual((row["server"], row["side"], row["keys"], row["keys_per_second"]), ("valkey 9.1.2", "ceiling", "3", "5.0"))

    def test_what_fills_nothing_has_a_row_without_a_case(self):
        with tempfile.TemporaryDirectory() as folder:
            notebook = lab.Notebook("embedded", "redis 7.0.15", Path(folder))
            written = notebook.write(None, "real", 2, {"idle_bytes": 7}, "7 bytes")
            with open(notebook.path, encoding="utf-8") as file:
                row = next(csv.DictReader(file))
            notebook.file.close()
        self.assertEqual((row["case"], row["keys"], row["idle_bytes"]), ("", "", "7"))
        self.assertEqual(written, {"idle_bytes": 7, "round": 2})


class Peers(unittest.TestCase):
    def test_rates_are_read_from_what_the_peers_print(self):
        printed = '"test","rps","avg"\n"SET k,{tag}:1 xx","1234.50","0.1"\n'
        self.assertEqual(peers.benchmark_rate(printed), 1234.5)
        self.assertEqual(peers.memtier_rate("Type Ops/sec\n----\nSets     99.25   ---\nTotals  1\n"), 99.25)

    def test_keys_have_the_size_asked(self):
        cluster = SimpleNamespace(port=7000, ports=range(7000, 7003), masters=3)
        key = peers.benchmark("b", cluster, lab.Case(32, 64, 10), 100, 1)[-2]
        # {tag} becomes a tag of as many characters, and the placeholder as many digits.
        self.assertEqual(len(key.replace("__rand_int__", "0" * 12)), 32)
        line = peers.memtier("m", cluster, lab.Case(256, 64, 10), 100, 2)
        prefix = next(word for word in line if str(word).startswith("--key-prefix=")).split("=")[1]
        self.assertEqual(len(prefix + "100000000"), peers.MEMTIER_KEY_BYTES_MAX)


if __name__ == "__main__":
    unittest.main()
