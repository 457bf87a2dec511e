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
    def seen(self, journal, reshard):
        sides = {"plain": rows(seconds=[10, 10, 10], whole_seconds=[11, 11, 11]),
                 "journal": rows(whole_seconds=journal),
                 "reshard": rows(whole_seconds=reshard, reshard_seconds=[4, 4, 4])}
        return [line[-2:] for line in exact.lines(CASE, sides)]

    def test_what_is_below_its_aim_is_reached(self):
        self.assertEqual(self.seen([10.1, 10.2, 10.9], [11, 13, 16]),
                         [["2.0% (1.0% to 9.0%)", "reached"], ["0.50 (0.00 to 1.25)", "reached"]])

    def test_what_is_not_is_missed(self):
        self.assertEqual(self.seen([10.1, 10.3, 10.4], [13, 15, 16]),
                         [["3.0% (1.0% to 4.0%)", "missed"], ["1.00 (0.50 to 1.25)", "missed"]])

    def test_one_master_has_nobody_to_give_slots_to(self):
        sides = {"plain": rows(seconds=[1], whole_seconds=[1]), "journal": rows(whole_seconds=[1])}
        self.assertEqual(len(list(exact.lines(CASE, sides))), 1)


class Whole(unittest.TestCase):
    def test_it_ends_with_the_verdict(self):
        seconds = {"flush": 9, "fill": 1, "audit": 2, "proof": 3, "repair": 4, "total": 99}
        self.assertEqual(exact.whole({"seconds": seconds}), 10)


if __name__ == "__main__":
    unittest.main()
