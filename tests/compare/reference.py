#!/usr/bin/env python3
"""The values of reference.rs, as scipy 1.17.1 computes them: pip install scipy==1.17.1, and run this. Where values are
equal, all arrangements are gone through here: scipy has the normal distribution for them."""

from itertools import combinations

import numpy as np
from scipy.stats import bootstrap, mannwhitneyu, rankdata

BASE = [102.1, 99.4, 101.7, 98.2, 100.3, 97.6, 103.5]
NEW = [95.2, 98.9, 94.1, 99.0, 96.3, 93.7, 97.1]
LONG_BASE = [i * 37 % 101 + 0.25 for i in range(40)]
LONG_NEW = [i * 53 % 101 + 6.5 for i in range(45)]

TESTS = {
    "separate": ([1, 2, 3, 4, 5], [6, 7, 8, 9, 10], "exact"),
    "overlapping": (BASE, NEW, "exact"),
    "unequal": (BASE, NEW[:4], "exact"),
    "tiny": ([3, 1], [2, 4, 5], "exact"),
    "ties": ([1, 2, 2, 3, 5, 5, 7], [2, 3, 4, 5, 6, 8, 9], "ties"),
    "many ties": ([100] * 4 + [110] * 3, [100] * 2 + [110] * 5, "ties"),
    "long": (LONG_BASE, LONG_NEW, "exact"),
}
INTERVALS = {
    "overlapping": (BASE, NEW),
    "unequal": (BASE, NEW[:4]),
    "even": (BASE[:6], NEW[:6]),
    "long": (LONG_BASE, LONG_NEW),
}


def change(base, new, axis=-1):
    return 100 * (np.median(new, axis=axis) / np.median(base, axis=axis) - 1)


def with_ties(base, new):
    """Twice the share of all arrangements whose rank sum is as far out on the same side, or further."""
    ranks = rankdata([*base, *new])
    seen = sum(ranks[:len(base)])
    sums = np.array([sum(chosen) for chosen in combinations(ranks, len(base))])
    return min(1, 2 * min(np.mean(sums <= seen), np.mean(sums >= seen)))


for name, (base, new, method) in TESTS.items():
    exact = method == "exact"
    print(name, mannwhitneyu(base, new, alternative="two-sided", method=method).pvalue if exact else with_ties(base, new))
for name, sides in INTERVALS.items():
    random = np.random.default_rng(1)
    found = bootstrap(sides, change, n_resamples=400_000, method="percentile", confidence_level=0.99, batch=20_000, rng=random)
    print(name, change(*sides), *found.confidence_interval)
