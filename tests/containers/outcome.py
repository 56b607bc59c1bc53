"""What runs left in the stores, without what no two stacks have in common: ids of runs, and the clock.

It asks Firestore and BigQuery itself; of the code under test it uses the names of tables and collections only.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from google.cloud import firestore

from schemas.bigquery import columns
from schemas.job_runs import JobRun
from schemas.registry import TABLES
from schemas.table import ArchivedRow
from shared.documents import open_firestore
from shared.settings import Settings
from shared.warehouse import Warehouse, open_bigquery
from tests.emulator.stable_rows import stable

COLLECTIONS = ("live_positions", "rejected_signals", "live_signals", "dim_strategies", "quarantine", "retired")
OF_ONE_RUN = {"run_id", "started_at", "finished_at", "read_time", "settings", "trigger", "fence"}
"""What a run's record says of that run alone."""
OF_ONE_ARCHIVE = {"bytes_streamed", "cost_estimate_usd"}
"""What the record of the run that archives records says of their settings, whose addresses are as long as they are."""
OF_ONE_STACK = {
    "run_id",
    "first_seen",
    "last_seen",
    "resolved_at",
    "retired_at",
    "source_rev",
    "archived_at",
    "patched_at",
}
"""What a document says, at any depth, of when and by which run it was written."""
_SIZE = re.compile(r"\d+ bytes; ")
"""As TOO_LARGE states it: of the message, whose times take some bytes more or less."""


@dataclass(frozen=True)
class Outcome:
    """Everything that can be compared, as text: no two NaN are the same value."""

    tables: dict[str, list[str]]
    documents: dict[str, dict[str, str]]
    runs: dict[str, str]
    """By job; each has run once."""


def outcome(settings: Settings) -> Outcome:
    """Read the stores that the settings name."""
    client = open_firestore(settings)
    warehouse = Warehouse(open_bigquery(settings), settings)
    return Outcome(
        tables={row.TABLE.name: _rows(warehouse, row) for row in TABLES},
        documents={name: _documents(client, name) for name in COLLECTIONS},
        runs=_runs(client),
    )


def _rows(warehouse: Warehouse, row: type[ArchivedRow]) -> list[str]:
    names = ", ".join(f"TO_JSON_STRING({c.name}) AS {c.name}" if c.type == "JSON" else c.name for c in columns(row))
    found = warehouse.rows(f"SELECT {names} FROM {row.TABLE.name} WHERE ds >= '2000-01-01'")  # noqa: S608 - model names
    if row is JobRun:
        return sorted(_text(stable(one), without=OF_ONE_RUN | {"job_run_id", "ds", "duration_s"}) for one in found)
    stamp = {row.TABLE.patch_stamp or ""}
    return sorted(_text({**stable(one), "source_path": one["source_path"]}, without=stamp) for one in found)


def _documents(client: firestore.Client, collection: str) -> dict[str, str]:
    found = client.collection(collection).stream()
    return {one.id: _SIZE.sub("", _text(one.to_dict() or {}, without=OF_ONE_STACK)) for one in found}


def _runs(client: firestore.Client) -> dict[str, str]:
    records = [one.to_dict() or {} for one in client.collection("job_metadata").stream()]
    assert len({record["job"] for record in records}) == len(records)
    return {record["job"]: _text(record, without=_of_one(record["job"])) for record in records}


def _of_one(job: str) -> set[str]:
    return OF_ONE_RUN | OF_ONE_ARCHIVE if job == "job-runs" else OF_ONE_RUN


def _text(fields: dict[str, Any], without: set[str]) -> str:
    return json.dumps(_kept(fields, without), sort_keys=True, default=_plain)


def _kept(value: Any, without: set[str]) -> Any:
    if not isinstance(value, dict):
        return value
    return {name: _kept(item, without) for name, item in value.items() if name not in without}


def _plain(value: Any) -> Any:
    match value:
        case firestore.DocumentReference():
            return value.path
        case firestore.GeoPoint():
            return [value.latitude, value.longitude]
        case _:
            return str(value)
