"""Everything that the stores hold at one moment, read through Google's own clients. Imports nothing of the project."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from google.api_core.client_options import ClientOptions
from google.api_core.exceptions import NotFound
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery, firestore

Fields = Mapping[str, Any]
SOURCES = ("live_positions", "rejected_signals", "live_signals", "dim_strategies")
"""Collections of the trading engine."""
_OWN = ("quarantine", "job_metadata", "job_leases", "retired")
_TABLES = ("fact_trades", "fact_rejected_signals", "fact_signals_expired", "snapshot_accounts", "dim_strategies")
_EVERYTHING = "SELECT * FROM `{}` WHERE ds >= '0001-01-01'"


@dataclass(frozen=True)
class Source:
    """A document of the trading engine."""

    fields: Fields
    revision: datetime


@dataclass(frozen=True)
class Look:
    """What was found."""

    sources: Mapping[str, Mapping[str, Source]] = field(default_factory=dict)
    """Collection → path → document."""
    tables: Mapping[str, Sequence[Fields]] = field(default_factory=dict)
    """Table → rows. One that does not exist has none."""
    quarantine: Sequence[Fields] = ()
    runs: Sequence[Fields] = ()
    leases: Mapping[str, Fields] = field(default_factory=dict)
    receipts: Sequence[Fields] = ()


class Stores:
    """One project and dataset, by the variables that point a job at them."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Connect to the emulators that the environment names."""
        project, nobody = environment["GOOGLE_CLOUD_PROJECT"], AnonymousCredentials()
        cold = ClientOptions(api_endpoint=f"http://{environment['BIGQUERY_EMULATOR_HOST']}")
        self.cold = bigquery.Client(project, credentials=nobody, client_options=cold)
        self.hot = firestore.Client(project, credentials=nobody)
        self.hot._emulator_host = environment["FIRESTORE_EMULATOR_HOST"]  # noqa: SLF001 - else of the process alone
        self.dataset = f"{project}.{environment['BIGQUERY_DATASET']}"

    def look(self) -> Look:
        """Read everything there is."""
        names = (*SOURCES, *_OWN)
        with ThreadPoolExecutor(2) as threads:
            rows = threads.submit(lambda: {name: self._rows(name) for name in self.tables()})
            found = dict(zip(names, threads.map(self._documents, names), strict=True))
            return Look(
                sources={name: found[name] for name in SOURCES},
                tables=rows.result(),
                quarantine=[one.fields for one in found["quarantine"].values()],
                runs=[one.fields for one in found["job_metadata"].values()],
                leases={path.partition("/")[2]: one.fields for path, one in found["job_leases"].items()},
                receipts=[one.fields for one in found["retired"].values()],
            )

    def tables(self) -> list[str]:
        """Name the tables that exist."""
        try:
            return [one.table_id for one in self.cold.list_tables(self.dataset) if one.table_id in _TABLES]
        except NotFound:
            return []

    def _documents(self, collection: str) -> Mapping[str, Source]:
        found = self.hot.collection(collection).stream()
        return {one.reference.path: Source(one.to_dict() or {}, one.update_time) for one in found}

    def _rows(self, table: str) -> list[Fields]:
        config = bigquery.QueryJobConfig(use_query_cache=False)
        return [dict(row.items()) for row in self.cold.query(_EVERYTHING.format(f"{self.dataset}.{table}"), config)]
