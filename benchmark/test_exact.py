"""Tests of exact.py that need no server: python3 -m unittest discover benchmark"""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import exact
import lab

CASE = lab.Case(32, 64, 1_000_000)


def rows(**columns):
    """A side's rows, one for each value of its columns."""
    return [{"round": number, **dict(zip(columns, values))} for number, values in enumerate(zip(*columns.values()))]


class Lines(unittest.TestCase):
    def cost(self, journal):
        sides = {"plain": rows(seconds=[10, 10, 10], whole_seconds=[11, 11, 11]), "journal": rows(whole_seconds=journal)}
        return exact.cost_line(CASE, sides)[-2:]

    def reshard(self, reshard):
        sides = {"plain": rows(seconds=[10, 10, 10], whole_seconds=[11, 11, 11]),
                 "reshard": rows(whole_seconds=reshard, reshard_seconds=[4, 4, 4])}
        return exact.reshard_line(CASE, sides)[-2:]

    def test_what_is_below_its_aim_is_reached(self):
        self.assertEqual(self.cost([10.1, 10.2, 10.9]), ["2.0% (1.0% to 9.0%)", "reached"])
        self.assertEqual(self.reshard([11, 13, 16]), ["0.50 (0.00 to 1.25)", "reached"])

    def test_what_is_not_is_missed(self):
        self.assertEqual(self.cost([10.1, 10.3, 10.4]), ["3.0% (1.0% to 4.0%)", "missed"])
        self.assertEqual(self.reshard([13, 15, 16]), ["1.00 (0.50 to 1.25)", "missed"])


class Whole(unittest.TestCase):
    def test_it_ends_with_the_verdict(self):
        seconds = {"flush": 9, "fill": 1, "audit": 2, "proof": 3, "repair": 4, "total": 99}
        self.assertEqual(exact.whole({"seconds": seconds}), 10)


if __name__ == "__main__":
    unittest.main()
