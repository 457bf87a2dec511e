"""Tests of what needs no server: python3 -m unittest discover benchmark"""

import argparse
import csv
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import lab


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


class Run(unittest.TestCase):
    def test_programs_at_once_are_taken_together(self):
        with tempfile.TemporaryDirectory() as folder:
            paths = [Path(folder) / name for name in "ab"]
            for path in paths:
                path.write_text(f"it is {path.name};")
            ran = lab.run([["cat"], ["sh", "-c", "cat; echo no >&2; exit 3"]], paths)
        self.assertEqual((ran.code, ran.out, ran.err), (3, "it is a;it is b;", "no\n"))

    def test_processor_time_is_that_of_the_programs_and_not_the_time_that_passed(self):
        idle = lab.run([["sleep", "0.3"]])
        self.assertEqual(idle.code, 0)
        self.assertGreaterEqual(idle.seconds, 0.3)
        self.assertLess(idle.cpu_seconds, 0.2)
        count = "import time\nwhile time.process_time() < 0.2: pass"
        both = lab.run([[sys.executable, "-c", count]] * 2)
        self.assertGreaterEqual(both.cpu_seconds, 0.4)

    def test_what_takes_too_long_is_killed(self):
        ran = lab.run([["sleep", "60"], ["true"]], timeout=0.2)
        self.assertEqual(ran.code, -9)
        self.assertLess(ran.seconds, 30)

    def test_a_program_that_is_not_there_is_told(self):
        self.assertRaisesRegex(lab.Failure, "no-such-program", lab.run, [["sleep", "60"], ["no-such-program"]])

    def test_a_servers_processor_time_is_that_of_user_and_system(self):
        info = "# CPU\r\nused_cpu_sys:1.500000\r\nused_cpu_user:2.250000\r\nused_cpu_sys_children:9.0\r\n"
        self.assertEqual(lab.info_cpu(info), 3.75)


if __name__ == "__main__":
    unittest.main()
