"""Source = archived + quarantined + pending: every due document is exactly one of them, at its newest revision."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from tests.faults.contract import TABLES, Table
from tests.faults.reading import day_of_account
from tests.faults.stores import Fields, Look, Source

_CONFIGURATION = (
    "active",
    "timeframe",
    "asset_class",
    "assets",
    "risk_params",
    "confluence_config",
    "pattern_overrides",
)
"""The fields that make a strategy's configuration."""


def whole(look: Look, as_of: datetime, refused: Mapping[str, str]) -> Iterator[str]:
    """Hold every document of the jobs that ran to the balance, and the quarantine to what must be in it.

    Args:
        look: What the stores hold, with nothing under way and a clean run of each job behind them.
        as_of: When the clean runs took place, by their own account.
        refused: Path and reason of every document that must be in quarantine.
    """
    jobs = {run["job"] for run in look.runs}
    for name, table in TABLES.items():
        if table.collection and table.job in jobs:
            yield from _collection(look, table, look.tables.get(name, ()), as_of, refused)
    if "strategies" in jobs:
        yield from _strategies(look, refused)
    yield from _quarantine(look, refused)


def _collection(
    look: Look, table: Table, rows: Sequence[Fields], as_of: datetime, refused: Mapping[str, str]
) -> Iterator[str]:
    held = {row["source_path"]: row["source_rev"] for row in rows}
    refusals = _unresolved(look)
    for path, document in look.sources.get(table.collection or "", {}).items():
        archived = held.get(path) == document.revision
        quarantined = path in refusals and refusals[path]["source_rev"] == document.revision
        due = False if path in refused else table.due(document.fields, as_of)
        if archived and path in refusals:
            yield f"{path} is archived and in quarantine"
        if due is None and not quarantined:
            yield f"{path} is broken and not in quarantine"
        if due and not archived and not quarantined:
            yield f"{path} is due at {document.revision} and neither archived nor in quarantine ({held.get(path)})"
        if due is False and archived:
            yield f"{path} is archived at {document.revision} though it is not due"


def _strategies(look: Look, refused: Mapping[str, str]) -> Iterator[str]:
    """The newest version of every strategy is what its document says now; versions count 1, 2, … without a repeat."""
    versions: dict[str, list[Fields]] = {}
    for row in sorted(look.tables.get("dim_strategies", ()), key=lambda row: row["valid_from"]):
        versions.setdefault(row["strategy_id"], []).append(row)
    for name, rows in versions.items():
        if [row["version"] for row in rows] != [*range(1, len(rows) + 1)]:
            yield f"strategy {name} has the versions {[row['version'] for row in rows]}"
        if any(one["config_hash"] == other["config_hash"] for one, other in itertools.pairwise(rows)):
            yield f"strategy {name} has two versions of one configuration in a row"
    for path, document in look.sources.get("dim_strategies", {}).items():
        newest = versions.get(path.partition("/")[2], [])[-1:]
        if path not in refused and [row["config"] for row in newest] != [_configuration(document)]:
            yield f"{path} says another configuration than its newest version"


def _configuration(document: Source) -> dict[str, Any]:
    return {name: value for name in _CONFIGURATION if (value := document.fields.get(name)) is not None}


def _quarantine(look: Look, refused: Mapping[str, str]) -> Iterator[str]:
    documents = {path: one for found in look.sources.values() for path, one in found.items()}
    refusals = _unresolved(look)
    for path, reason in refused.items():
        if path not in refusals:
            yield f"{path} is not in quarantine"
        elif refusals[path]["reason"] != reason:
            yield f"{path} is in quarantine for {refusals[path]['reason']}, not for {reason}"
        elif path in documents and refusals[path]["source_rev"] != documents[path].revision:
            yield f"{path} is in quarantine at another revision than its document has"
    for path, one in refusals.items():
        if path in documents and path not in refused and one["source_rev"] == documents[path].revision:
            yield f"{path} is in quarantine for {one['reason']} and should not be"


def _unresolved(look: Look) -> dict[str, Fields]:
    return {one["path"]: one for one in look.quarantine if one["resolved_at"] is None}


def receipts(look: Look) -> Iterator[str]:
    """What was retired is in its table at its revision or a newer one, and gone."""
    documents = {path: one for found in look.sources.values() for path, one in found.items()}
    for one in look.receipts:
        rule, key = TABLES[one["table"]], tuple(one["key"])
        rows = look.tables.get(one["table"], ())
        held = [row["source_rev"] for row in rows if tuple(str(row[name]) for name in rule.key) == key]
        if not held or max(held) < one["source_rev"]:
            yield f"{one['path']} was retired at {one['source_rev']}, but {one['table']} holds {held}"
        if one["path"] in documents and documents[one["path"]].revision <= one["source_rev"]:
            yield f"{one['path']} has a receipt and is still there"


def snapshots(look: Look) -> Iterator[str]:
    """Each run that snapped an account left a row of its day."""
    days = {row["ds"] for row in look.tables.get("snapshot_accounts", ())}
    for run in look.runs:
        counts = run["counts"]
        done = counts["archived"] + counts["already"] + counts["revised"]
        well = run["status"] in {"SUCCEEDED", "PARTIAL"} and not run["dry_run"]
        if run["job"] == "account-snapshot" and well and done and day_of_account(run["as_of"]) not in days:
            yield f"run {run['run_id']} snapped {day_of_account(run['as_of'])}, of which there is no row"
