"""What runs say about themselves, held against the rows they left."""

from collections import Counter
from collections.abc import Iterator

from tests.faults.contract import TABLES
from tests.faults.stores import Fields, Look

ENDED_WELL = frozenset({"SUCCEEDED", "PARTIAL"})
_SETTLED = ("archived", "already", "revised", "quarantined", "pending")


def explained(look: Look) -> Iterator[str]:
    """Every row names runs on record; it was not inserted by one that says it did nothing."""
    runs = {run["run_id"]: run for run in look.runs}
    for table, rows in look.tables.items():
        for name in sorted({str(row[by]) for row in rows for by in ("run_id", "revised_by") if row[by] is not None}):
            if name not in runs:
                yield f"{table} has rows of a run that is not on record: {name}"
            elif runs[name]["status"] == "SKIPPED" or runs[name]["job"] != TABLES[table].job:
                yield f"{table} has rows of {name}, a run of {runs[name]['job']} that was {runs[name]['status']}"


def honest(look: Look) -> Iterator[str]:
    """Counts balance, and are those of the rows."""
    written = Counter(row["run_id"] for rows in look.tables.values() for row in rows)
    revised = Counter(row["revised_by"] for rows in look.tables.values() for row in rows)
    for run in look.runs:
        yield from (f"run {run['run_id']} ({run['status']}) {what}" for what in _lies(run, written, revised))


def _lies(run: Fields, written: Counter[str], revised: Counter[str]) -> Iterator[str]:
    counts, name = run["counts"], run["run_id"]
    if (run["finished_at"] is None) != (run["status"] == "RUNNING"):
        yield f"finished at {run['finished_at']}"
    if run["status"] != "RUNNING" and counts["read"] != sum(counts[one] for one in _SETTLED):
        yield f"does not add up: {dict(counts)}"
    if run["status"] not in ENDED_WELL or run["dry_run"]:
        return
    if (run["status"] == "PARTIAL") != bool(counts["quarantined"] or counts["pending"]):
        yield f"left {counts['quarantined']} in quarantine and {counts['pending']} pending"
    if run["job"] in {table.job for table in TABLES.values()}:
        if counts["archived"] != written[name]:
            yield f"says {counts['archived']} rows were archived; {written[name]} are there"
        if counts["revised"] < revised[name]:
            yield f"says {counts['revised']} rows were revised; {revised[name]} are there"


def at_rest(look: Look) -> Iterator[str]:
    """Nobody holds a lease, nothing waits for its commit, no run claims to be running."""
    for name, lease in look.leases.items():
        if lease.get("owner") is not None:
            yield f"the lease {name} is held by {lease['owner']}"
        if lease.get("intent") is not None:
            yield f"the lease {name} holds an intent of {lease['intent']['run_id']}"
    for run in look.runs:
        if run["status"] == "RUNNING":
            yield f"run {run['run_id']} says it is running"
