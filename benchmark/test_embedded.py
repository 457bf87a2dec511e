"""Tests of embedded.py that need no server: python3 -m unittest discover benchmark"""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import embedded
import lab

CASE = lab.Case(256, 512, 10)


def rows(keys_per_second, bytes_per_key=None, wire_bytes_per_second=None):
    """A side's rows, one for each rate."""
    return [
        {"round": number, "keys_per_second": rate, "bytes_per_key": bytes_per_key,
         "wire_bytes_per_second": wire_bytes_per_second, "cpu_seconds_per_gb": 0.25}
        for number, rate in enumerate(keys_per_second)
    ]


def sides(ours, discard=3.6e9, bytes_per_key=800):
    return {
        "real": rows([100e3, 200e3, 400e3], 1000),
        "embedded": rows(ours, bytes_per_key),
        "discard": rows([1, 1, 1], None, discard),
    }


def seen(fills, idle_mib=10):
    """What is said of each aim."""
    idle = {"real": [{"idle_bytes": 50 << 20}], "embedded": [{"idle_bytes": idle_mib << 20}]}
    return {line[0]: line[-1] for line in embedded.aims(fills, idle)}


class Aims(unittest.TestCase):
    def test_each_is_reached_or_missed_by_its_own_figure(self):
        good, slow = [150e3, 300e3, 600e3], [150e3, 298e3, 590e3]
        reached = seen({(CASE, "mset"): sides(good)})
        self.assertEqual(set(reached.values()), {"reached"})
        for change, what in [
            (sides(slow), "MSET 256/512, keys/s ÷ real"),
            (sides(good, bytes_per_key=1001), "MSET 256/512, bytes/key"),
            (sides(good, discard=3.4e9), "MSET 256/512, --discard, GB/s"),
        ]:
            self.assertEqual(seen({(CASE, "mset"): change}), reached | {what: "missed"})
        idle = "2,000 idle connections, MiB"
        self.assertEqual(seen({(CASE, "mset"): sides(good)}, idle_mib=32), reached | {idle: "missed"})

    def test_what_is_thrown_away_has_an_aim_for_msets_of_256_and_512_bytes_alone(self):
        for how in [(lab.Case(32, 64, 10), "mset"), (CASE, "set")]:
            others = {how: sides([1e6, 1e6, 1e6], discard=1e9)}
            self.assertFalse([what for what in seen(others) if "--discard" in what])


class Line(unittest.TestCase):
    def test_rates_are_medians_and_the_ratio_has_its_span(self):
        line = embedded.line(CASE, "set", sides([150e3, 300e3, 800e3]))
        self.assertEqual(line[1:], ["SET", "200k", "300k", "1.500 (1.500 to 2.000)", "1000", "800",
                                    "3.60 (3.60 to 3.60)", "0.250"])


class BytesPerKey(unittest.TestCase):
    def test_is_what_the_server_grew_by(self):
        record = {"servers": [{"used_bytes_before": 100, "used_bytes_after": 1100}], "done": {"keys": 10}}
        self.assertEqual(embedded.bytes_per_key(record), 100)


if __name__ == "__main__":
    unittest.main()
