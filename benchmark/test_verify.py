"""Tests of verify.py that need no server: python3 -m unittest discover benchmark"""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import lab
import verify

CASE = lab.Case(256, 512, 3_000_000)


def rows(*keys_per_second):
    """A side's rows, one for each rate."""
    return [{"round": number, "keys_per_second": rate} for number, rate in enumerate(keys_per_second)]


class Aims(unittest.TestCase):
    def test_each_is_reached_or_missed_by_the_median_of_its_own_ratio(self):
        sides = {"fill": rows(1e6, 2e6, 1e6), "exists": rows(2e6, 4e6, 9e6), "value": rows(15e5, 16e5, 3e5),
                 "redis-benchmark GET": rows(1e6, 1e6, 1e6), "valkey-benchmark GET": rows(1e6, 2e6, 1e6)}
        seen = {line[1]: line[-2:] for line in verify.aims({CASE: sides})}
        self.assertEqual(seen, {
            "verify --check exists ÷ fill": ["2.000 (2.000 to 9.000)", "reached"],
            "verify --check value ÷ redis-benchmark GET": ["1.500 (0.300 to 1.600)", "reached"],
            "verify --check value ÷ valkey-benchmark GET": ["0.800 (0.300 to 1.500)", "missed"],
        })


class Lines(unittest.TestCase):
    def test_each_side_has_its_settings_and_its_span(self):
        line = list(verify.lines(CASE, {"fill": "defaults"}, {"fill": rows(1e6, 3e6, 2e6)}))
        self.assertEqual(line, [[CASE, "fill, defaults", "2,000k (1,000k to 3,000k)"]])


class Benchmark(unittest.TestCase):
    def line(self, masters, command):
        line = verify.benchmark("redis-benchmark", lab.Cluster("redis-server", 7000, masters), CASE, 100, 2, command, 5)
        option = {name: line[line.index(name) + 1] for name in ["-n", "-r", "-P", "--threads"]}
        return option, line[line.index(command):]

    def test_as_many_keys_can_be_chosen_as_the_case_has(self):
        for masters, keys in [(3, 3_000_000 // 16384), (0, 3_000_000)]:
            option, words = self.line(masters, "GET")
            self.assertEqual(option, {"-n": 5, "-r": keys, "-P": 100, "--threads": 2})
            self.assertEqual(len(words), 2)

    def test_what_is_read_is_what_was_written(self):
        (_, written), (_, read) = self.line(3, "SET"), self.line(3, "GET")
        self.assertEqual(written[1], read[1])
        self.assertEqual(len(written[2]), 512)


class Hits(unittest.TestCase):
    def test_the_share_is_that_of_the_reads_in_between(self):
        self.assertEqual(verify.hit_share((100, 100), (190, 110)), 0.9)
        self.assertEqual(verify.hit_share((5, 5), (5, 5)), 0)


if __name__ == "__main__":
    unittest.main()
