"""Tests of gate.py and gate_judge.py that need no server: python3 -m unittest discover benchmark"""

import argparse
import csv
import random
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import gate
import gate_judge
import lab


def row(rate, turn=0):
    return {"run": "recorded", "keys_per_second": str(rate), "seconds_total": "0.5", "turn": str(turn)}


def whole_round(rate=100.0):
    """One round: A on both servers, and both slower sides on the second."""
    return {(0, "A"): row(rate, 2), (1, "A"): row(rate + 1, 1), (1, "B"): row(rate * 0.95, 3), (1, "C"): row(rate * 0.99, 0)}


def sessions(count=3, rounds=4):
    return [[whole_round(100 * session + number + 1) for number in range(rounds)] for session in range(count)]


class Slowness(unittest.TestCase):
    def test_it_is_read(self):
        self.assertEqual(gate.Slowness.parse("B=1.3/26"), gate.Slowness("B", 1.3, 26))

    def test_what_is_none_is_refused(self):
        for text in ["", "B", "B=1", "A=1/20", "B=0/20", "B=20/20", "B=1/2000", "B=x/20", "B-=1/20"]:
            with self.assertRaises(argparse.ArgumentTypeError, msg=text):
                gate.Slowness.parse(text)


class Recording(unittest.TestCase):
    def written(self, folder, rows):
        path = Path(folder) / "recording.csv"
        with open(path, "w", newline="", encoding="utf-8") as file:
            table = csv.DictWriter(file, ["session", "round", "server", "side", "keys_per_second"])
            table.writeheader()
            table.writerows(rows)
        return path

    def test_rounds_that_are_not_whole_are_left_out(self):
        rows = [{"session": session, "round": number, "server": server, "side": "A", "keys_per_second": 1}
                for session, number, server in [(0, 0, 1), (0, 0, 0), (0, 1, 0), (1, 0, 0), (1, 0, 1)]]
        with tempfile.TemporaryDirectory() as folder:
            _, found = gate_judge.read([self.written(folder, rows)])
        self.assertEqual([len(session) for session in found], [1, 1])

    def test_nothing_is_no_recording(self):
        with tempfile.TemporaryDirectory() as folder, self.assertRaises(lab.Failure):
            gate_judge.read([self.written(folder, [])])


class Jobs(unittest.TestCase):
    def test_sessions_stay_together(self):
        found = gate_judge.drawn(sessions(), 10, random.Random(1))
        rates = [float(one[(0, "A")]["keys_per_second"]) for _, one in found]
        self.assertEqual(len(rates), 10)
        for first in (0, 4):
            self.assertEqual([rate - rates[first] for rate in rates[first:first + 4]], [0, 1, 2, 3])

    def test_stretches_share_no_round(self):
        found = gate_judge.in_a_row(sessions(), 5, random.Random(1))
        rates = [one[(0, "A")]["keys_per_second"] for job in found for _, one in job]
        self.assertEqual(([len(job) for job in found], len(set(rates))), ([5, 5], 10))

    def test_each_server_is_the_base_now_and_then(self):
        chance = random.Random(1)
        self.assertEqual({gate_judge.oriented([whole_round()], chance)[0][0] for _ in range(20)}, {0, 1})

    def test_what_is_slowed_down_is_compared_with_the_same_server(self):
        base, new = gate_judge.sides([(0, whole_round())], gate_judge.Trial("B"))
        self.assertEqual([float(side[0]["keys_per_second"]) for side in (base, new)], [101, 95])

    def test_a_is_compared_with_the_other_server(self):
        for place, rates in [(0, [100, 101]), (1, [101, 100])]:
            base, new = gate_judge.sides([(place, whole_round())], gate_judge.Trial("A"))
            self.assertEqual([float(side[0]["keys_per_second"]) for side in (base, new)], rates)
        _, new = gate_judge.sides([(0, whole_round(99))], gate_judge.Trial("A", 5))
        self.assertAlmostEqual(float(new[0]["keys_per_second"]), 95)

    def test_runs_are_in_the_order_that_was_drawn(self):
        for side, base_first in [("B", True), ("C", False)]:
            base, new = gate_judge.sides([(0, whole_round())], gate_judge.Trial(side))
            self.assertEqual(base[0]["started_at"] < new[0]["started_at"], base_first)

    def test_each_run_has_a_name_of_its_own(self):
        base, new = gate_judge.sides([(0, whole_round())] * 3, gate_judge.Trial("A"))
        self.assertEqual(len({one["run"] for one in base + new}), 6)


class Outcome(unittest.TestCase):
    def line(self, side, regressions):
        outcomes = [("regression", -5.0)] * regressions + [("inconclusive", -1.0)] * (100 - regressions)
        row = gate_judge.tally(gate_judge.Trial(side), 200, "drawn", outcomes)
        return gate_judge.line(row, 0.5)

    def test_aims_are_reached_or_missed(self):
        for side, regressions, verdict in [("A", 1, "reached"), ("A", 2, "missed"), ("B", 95, "reached"),
                                           ("B", 94, "missed"), ("C", 5, "reached"), ("C", 6, "missed")]:
            self.assertEqual(self.line(side, regressions)[-1], verdict, f"{side} {regressions}")

    def test_minutes_are_those_of_both_sides(self):
        self.assertEqual(self.line("A", 0)[3], "3.3")

    def test_how_much_slower_it_was_is_told(self):
        percent, error = gate_judge.achieved([[whole_round(100), whole_round(200)]], "B")
        self.assertAlmostEqual(percent, 100 * ((95 / 101 * 190 / 201) ** 0.5 - 1))
        self.assertGreater(error, 0)


if __name__ == "__main__":
    unittest.main()
