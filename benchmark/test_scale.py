"""Tests of scale.py that need no server: python3 -m unittest discover benchmark"""

import argparse
import contextlib
import io
import json
import sys
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parent))

import lab
import scale

CASE = lab.Case(256, 512, 10)
SIDES = [(1, 1), (8, 1), (64, 1), (1, 4), (8, 4), (64, 4)]


def rows(costs=(0.2, 0.3, 0.4), peak_mib=40.0, first_key=0.05, connected=0.08):
    """A side's rows, one for each cost: the machine is slower from round to round."""
    return [
        {"round": number, "keys_per_second": 1e6, "wire_bytes_per_second": 8e8, "cpu_seconds_per_gb": cost,
         "peak_rss_bytes": int(peak_mib * 2**20), "first_key_seconds": first_key, "connected_seconds": connected}
        for number, cost in enumerate(costs)
    ]


def found(**changes):
    """Rows of all sides; 0.25 MiB more for each writer. `changes` are rows by `mMwW`."""
    usual = {side: rows(peak_mib=40 + side[0] * side[1] / 4) for side in SIDES}
    changed = {side: changes.get(f"m{side[0]}w{side[1]}", usual[side]) for side in SIDES}
    return {CASE: (changed, changed)}


def said(found):
    return {line[0]: line[-1] for line in scale.aims(found)}


class Moments(unittest.TestCase):
    def test_are_read_with_any_number_of_digits(self):
        self.assertEqual(scale.moment("1970-01-02T00:00:01Z"), 86401)
        for digits in ["5", "500", "500000", "500000000"]:
            self.assertEqual(scale.moment(f"1970-01-01T00:00:01.{digits}Z"), 1.5)


class Connected(unittest.TestCase):
    @staticmethod
    def log(*messages):
        lines = [{"timestamp": f"1970-01-01T00:00:{second:02}.250Z", "message": message}
                 for second, message in enumerate(messages)]
        return "\n".join(map(json.dumps, lines))

    def test_is_the_last_writer_and_neither_who_asked_before_nor_after(self):
        log = self.log("connected", "connected", "shared out what is left", "connected", "connected",
                       "a writer ended", "connected")
        self.assertEqual(scale.connected(log, 2), 4.25)

    def test_says_if_the_log_does_not_tell(self):
        for log in [self.log("connected"), self.log("shared out what is left", "connected")]:
            with self.assertRaises(lab.Failure):
                scale.connected(log, 2)


class Fill(unittest.TestCase):
    def test_the_first_key_is_counted_from_before_the_process(self):
        record = {"target": {"masters": 8}, "fill_began_at": "1970-01-01T00:01:40.250000Z"}
        with mock.patch.object(scale.time, "time", return_value=100.0), \
                mock.patch.object(lab, "fillbench", return_value=({"keys_per_second": 1.0}, record)) as ran:
            arguments = argparse.Namespace(fillbench="fillbench")
            row, began = scale.fill(arguments, argparse.Namespace(port=7), CASE, (8, 4))
            self.assertEqual((row["first_key_seconds"], row["masters"], row["writers"], began), (0.25, 8, 4, 100.0))
            self.assertEqual(ran.call_args.args, ("fillbench", 7, CASE, ["--writers", 4], "discarded"))
            with self.assertRaises(lab.Failure):
                scale.fill(arguments, argparse.Namespace(port=7), CASE, (16, 4))


class Flatness(unittest.TestCase):
    def test_is_taken_within_each_round_and_by_writers(self):
        fills = {(1, 1): rows((0.2, 0.4)), (8, 1): rows((0.3, 0.6)), (64, 1): rows((0.33, 0.6)),
                 (1, 4): rows((9.0, 9.0))}
        flat = scale.flatness(fills, 1)
        self.assertEqual(list(flat), [1, 8, 64])
        self.assertAlmostEqual(flat[1][1], 2 / 3)
        self.assertEqual(flat[8], (1, 1, 1))
        for seen, wanted in zip(flat[64], (1.0, 1.05, 1.1)):
            self.assertAlmostEqual(seen, wanted)

    def test_a_machine_that_gets_slower_is_flat(self):
        self.assertEqual({ratio for ratio in scale.flatness(found()[CASE][0], 4).values()}, {(1, 1, 1)})


class Memory(unittest.TestCase):
    def test_is_the_difference_over_the_writers_that_are_more(self):
        fills = found()[CASE][0]
        self.assertEqual(scale.bytes_more(fills, (64, 1), (64, 4)), 2**18)
        self.assertEqual(scale.bytes_more(fills, (1, 1), (64, 1)), 2**18)


class Aims(unittest.TestCase):
    def test_each_is_reached_or_missed_by_its_own_figures(self):
        reached = said(found())
        self.assertEqual(set(reached.values()), {"reached"})
        cost = "256/512, writers to each: 4, client CPU s/GB over that of the middle number of masters"
        first = "256/512: s from the process's start to the first key, 64 masters, 4 writers each"
        last = "256/512: s from the process's start to the last writer, 64 masters, 4 writers each"
        more_writers = "256/512: memory of a writer more to each of 64 masters, KiB"
        whole = "256/512: memory of the whole process over its 256 writers, KiB"
        for change, what in [
            (rows((0.23, 0.34, 0.45), peak_mib=104), {cost}),
            (rows((0.17, 0.25, 0.35), peak_mib=104), {cost}),
            (rows(first_key=1.0, peak_mib=104), {first}),
            (rows(connected=1.0, peak_mib=104), {last}),
            (rows(peak_mib=250), {more_writers}),
            (rows(peak_mib=256), {more_writers, whole}),
        ]:
            self.assertEqual(said(found(m64w4=change)), reached | dict.fromkeys(what, "missed"))
        master = "256/512: memory of a master more, with its writer, KiB"
        dear = said(found(m64w1=rows(peak_mib=104)))
        self.assertEqual(dear[master], "missed")


class Tables(unittest.TestCase):
    def test_a_line_has_as_many_cells_as_the_header(self):
        fills, starts = found()[CASE]
        table = list(scale.lines(fills, starts))
        self.assertEqual([line[:2] for line in table[:4]], [[1, 1], [8, 1], [64, 1], [1, 4]])
        self.assertEqual({len(line) for line in table}, {len(scale.HEADER)})
        self.assertEqual(table[0][4:8], ["0.300 (0.200 to 0.400)", "1.000", "40.2", "40.25"])


class Names(unittest.TestCase):
    def test_one_is_no_more_than_one(self):
        self.assertEqual(scale.name((1, 4)), "1 master, 4 writers each")
        self.assertEqual(scale.name((8, 1)), "8 masters, 1 writer each")


class Options(unittest.TestCase):
    def test_no_other_server_is_asked_for_nor_the_ceiling(self):
        options = lab.parser("", serves_itself=True)
        with mock.patch.object(sys, "argv", ["scale.py", "--fillbench", "true"]), \
                mock.patch.object(lab.shutil, "which", side_effect=lambda program: str(program) != "missing"):
            self.assertEqual(lab.parse(options, [CASE]).cases, [CASE])
        with mock.patch.object(sys, "argv", ["scale.py", "--fillbench", "missing"]), \
                mock.patch.object(lab.shutil, "which", side_effect=lambda program: str(program) != "missing"), \
                contextlib.redirect_stderr(io.StringIO()), self.assertRaises(SystemExit):
            lab.parse(options, [CASE])

    def test_numbers_of_masters_are_in_order_and_once(self):
        self.assertEqual(scale.numbers("64,1,8,8"), [1, 8, 64])


if __name__ == "__main__":
    unittest.main()
