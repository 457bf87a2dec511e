"""Reads the tables of a sweep with DuckDB, without a word about their columns, checks their types, and prints the rows of
a query."""

import sys
from pathlib import Path

import duckdb

folder = Path(sys.argv[1])
db = duckdb.connect()
for table in ["runs", "intervals", "latency"]:
    db.execute(f"CREATE TABLE {table} AS SELECT * FROM read_csv('{folder / table}.csv')")


def types(table):
    return {name: kind for name, kind, *_ in db.execute(f"DESCRIBE {table}").fetchall()}


def check(table, expected):
    found = types(table)
    for kind, names in expected.items():
        for name in names.split():
            assert found[name] == kind, f"{table}.{name} is {found[name]}, and not {kind}"


check(
    "runs",
    {
        "VARCHAR": "run verdict command order reply limited_by target_kind target_server sweep schema warnings",
        "BIGINT": "key_size value_size keys payload_bytes pipeline_depth window writers threads point repeat "
        "latency_us_p50 latency_us_p99_9 account_planned account_proven account_missing client_peak_rss_bytes "
        "asked_keys asked_writers servers_used_bytes_after incidents",
        "DOUBLE": "keys_per_second payload_bytes_per_second latency_us_mean seconds_fill seconds_total "
        "client_cpu_seconds servers_cpu_user_seconds asked_rate_keys_per_second warm_up_percent",
        "BOOLEAN": "tls flush serial asked_force",
    },
)
assert types("runs")["started_at"].startswith("TIMESTAMP"), types("runs")["started_at"]
check(
    "intervals",
    {
        "VARCHAR": "run master",
        "BIGINT": "keys payload_bytes latency_us_count latency_us_p50 latency_us_max",
        "DOUBLE": "start_seconds seconds keys_per_second latency_us_mean",
    },
)
check("latency", {"VARCHAR": "run", "BIGINT": "value_us count cumulative_count", "DOUBLE": "percentile"})

# The run's id joins the tables; what a run that failed has there is a part.
for table, part, total in [("intervals", "keys", "keys"), ("latency", "count", "latency_us_count")]:
    others = db.execute(
        f"SELECT run FROM runs WHERE verdict = 'exact' AND {total} IS DISTINCT FROM "
        f"(SELECT sum({part}) FROM {table} WHERE {table}.run = runs.run)"
    ).fetchall()
    assert others == [], f"{table} does not add up: {others}"

# What else is to be found out.
for row in db.execute(sys.argv[2]).fetchall():
    print(*row, sep=" | ")
