"""Reads an interval log with the Python port of HdrHistogram, and prints what it holds: intervals,
start time, whether the first byte came after it, pipelines, their median and their maximum."""

import sys

from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

total = HdrHistogram(1, 600_000_000, 3)
reader = HistogramLogReader(sys.argv[1], total)
intervals = 0
while reader.add_next_interval_histogram():
    intervals += 1
print(
    intervals,
    reader.start_time_sec,
    reader.base_time_sec > reader.start_time_sec,
    total.get_total_count(),
    total.get_value_at_percentile(50),
    total.get_max_value(),
)
