"""The contract's promises, checked on what the servers hold. Nothing here is the product's own code."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise, product
from typing import Any, NamedTuple

from tests.simulation.sources import Sources
from tests.simulation.versions import Moment, Versions
from tests.simulation.world import RETIRE_AFTER_DAYS, World

Row = Mapping[str, Any]
Key = tuple[Any, ...]

FEE_COLUMNS = ("actual_fee_usd", "fee_method", "fee_unattributed_usd", "fee_finalized")
RESTATED_FOR = timedelta(days=14)
FEES_COMPLETE_AFTER = timedelta(days=3)
OF_RUNS = "ops_job_runs"
ENDED_WELL = {"SUCCEEDED", "PARTIAL"}


class Archive(NamedTuple):
    """Which collection ends in which table, under which key."""

    job: str
    collection: str | None
    table: str
    key: tuple[str, ...]


ARCHIVES = (
    Archive("trades", "live_positions", "fact_trades", ("trade_id",)),
    Archive("rejected-signals", "rejected_signals", "fact_rejected_signals", ("signal_id",)),
    Archive("expired-signals", "live_signals", "fact_signals_expired", ("signal_id",)),
    Archive("account-snapshot", None, "snapshot_accounts", ("account_id", "ds")),
    Archive("job-runs", "job_metadata", OF_RUNS, ("job_run_id",)),
    Archive("strategies", "dim_strategies", "dim_strategies", ("strategy_id", "config_hash", "valid_from")),
)


class Oracle:
    """Watches one world, from its beginning."""

    def __init__(self, world: World, sources: Sources) -> None:
        self._world = world
        self._sources = sources
        self._versions = Versions(world.firestore.store)
        self._before: dict[str, dict[Key, dict[str, Any]]] = {one.table: {} for one in ARCHIVES}

    def broken(self) -> list[str]:
        """Every promise that does not hold at this moment, as a sentence."""
        fresh = self._versions.extend()
        found = [sentence for one in ARCHIVES for sentence in self._table(one)]
        found += [sentence for moment in fresh if moment.deletes for sentence in self._deletion(moment)]
        return found

    def broken_at_rest(self, jobs: set[str]) -> list[str]:
        """The same, and what must hold once these jobs have run undisturbed."""
        found = self.broken()
        for one in ARCHIVES:
            if one.job in jobs and one.collection:
                found += self._strategies() if one.job == "strategies" else self._whole(one)
        found += self._records(jobs)
        found += self._leases()
        if "fee-patch" in jobs:
            found += self._fees_are_known()
        return found

    def rows(self, table: str) -> list[dict[str, Any]]:
        return self._world.dataset.rows(table)

    def _table(self, one: Archive) -> Iterator[str]:
        rows = self.rows(one.table)
        now = {tuple(row[name] for name in one.key): row for row in rows}
        if len(now) < len(rows):
            twice = Counter(tuple(row[name] for name in one.key) for row in rows).most_common(1)
            yield f"{one.table}: a key comes twice: {twice}"
        for key, old in self._before[one.table].items():
            if key not in now:
                yield f"{one.table}: {key} is lost"
            else:
                yield from self._against_before(key, old, now[key])
        for key, row in now.items():
            if row != self._before[one.table].get(key):
                yield from self._row(one, key, row)
        self._before[one.table] = {key: dict(row) for key, row in now.items()}

    def _against_before(self, key: Key, old: Row, new: Row) -> Iterator[str]:
        if new["source_rev"] < old["source_rev"]:
            yield f"{key}: its revision fell from {old['source_rev']} to {new['source_rev']}"
        if any(new[name] != old[name] for name in ("run_id", "archived_at", "source_path")):
            yield f"{key}: what only the inserting run writes was changed"
        if new["source_rev"] == old["source_rev"] and _without_fees(new) != _without_fees(old):
            yield f"{key}: changed without a new revision"
        final = old.get("fee_finalized") and new["source_rev"] == old["source_rev"] and not self._may_reopen(old)
        if final and any(new[name] != old[name] for name in FEE_COLUMNS):
            yield f"{key}: final fees were changed though the broker said nothing"
        known = old.get("actual_fee_usd") is not None and not self._in_doubt(old)
        if known and new["actual_fee_usd"] is None:
            yield f"{key}: a fee that was known is not any more"

    def _in_doubt(self, row: Row) -> bool:
        """Whether what was known may have become a question since it was read: another trade's fills came to light."""
        return self._sources.in_doubt_since(int(row["trade_id"][-4:]), row["fee_reconciled_at"])

    def _may_reopen(self, row: Row) -> bool:
        """Whether the broker said something after a trade's fees were read, or its correction put them in doubt."""
        if self._sources.took_back and self._in_doubt(row):
            return True
        news, read = self._sources.news.get(int(row["trade_id"][-4:])), row["fee_reconciled_at"]
        return news is not None and (read is None or news > read)

    def _row(self, one: Archive, key: Key, row: Row) -> Iterator[str]:
        if one.collection:
            source = self._versions.at(row["source_path"], row["source_rev"])
            if source is None or source.deletes or source.ignored or source.spoilt:
                yield f"{key}: comes from no revision that may be archived: {row['source_path']} {row['source_rev']}"
            elif row["source_path"] != f"{one.collection}/{key[0]}":
                yield f"{key}: comes from {row['source_path']}"
        if one.job == "trades":
            yield from self._sums(key, row)

    def _sums(self, key: Key, row: Row) -> Iterator[str]:
        paid = row["fee_estimate_usd"] if row["actual_fee_usd"] is None else row["actual_fee_usd"]
        if row["fees_usd"] != paid or row["pnl_usd"] != row["gross_pnl_usd"] - row["fees_usd"]:
            yield f"{key}: its sums do not hold"
        if row["actual_fee_usd"] is not None and row["actual_fee_usd"] not in self._ever_charged(key):
            yield f"{key}: was never charged {row['actual_fee_usd']}"

    def _ever_charged(self, key: Key) -> set[Decimal]:
        """Every sum that the broker's postings ever came to, those that a run may have read before others included."""
        posted = self._sources.posted.get(int(key[0][-4:]), {})
        amounts = [[Decimal(0), *one] for one in posted.values()]
        return {sum(choice, Decimal(0)) for choice in product(*amounts)}

    def _deletion(self, gone: Moment) -> Iterator[str]:
        """A document that the sources did not delete themselves must have been retired by the rules."""
        if (gone.path, gone.at) in self._world.deleted:
            return
        moments = self._versions.of[gone.path]
        last = moments[moments.index(gone) - 1]
        table = next(one for one in ARCHIVES if one.collection == gone.collection)
        row = self._before[table.table].get((gone.id,))
        receipt = self._receipt(gone)
        if row is None or row["source_rev"] < last.at:
            yield f"{gone.path}: was deleted, and the table does not hold it"
        elif row["source_rev"] == last.at and not _held_since(row) <= gone.at - timedelta(days=RETIRE_AFTER_DAYS):
            yield f"{gone.path}: was deleted too early"
        if receipt is None or (receipt.fields or {})["source_rev"] != last.at:
            yield f"{gone.path}: was deleted without a true receipt"

    def _receipt(self, gone: Moment) -> Moment | None:
        """The receipt written in the same commit."""
        receipts = (one for moments in self._versions.of.values() for one in moments if one.collection == "retired")
        return next((one for one in receipts if one.at == gone.at and (one.fields or {})["path"] == gone.path), None)

    def _whole(self, one: Archive) -> Iterator[str]:
        """Source = archived + quarantined + not due."""
        now, held = self._world.time.now(), self._before[one.table]
        quarantined, last_read = self._quarantined(one.job), self._last_read
        for document in self._versions.now(one.collection or ""):
            row = held.get((document.id,))
            if document.spoilt:
                if quarantined.get(document.path) != document.at:
                    yield f"{document.path}: is spoilt and not in quarantine at its revision"
            elif document.due(now) and not (one.table == OF_RUNS and document.at > last_read):
                if row is None or row["source_rev"] != document.at:
                    yield f"{document.path}: is due and not in the table at its revision"
                if document.path in quarantined:
                    yield f"{document.path}: is in the table and in quarantine"

    @property
    def _last_read(self) -> datetime:
        """When the first of the last runs read, of which there is one for each shard of a table.

        What they closed later, their own records and those of dead runs of their shards, nobody could archive yet.
        """
        ended = self._world.ended[-len(self._world.shards(self._world.ended[-1].errand.job)) :]
        return min(one.record.read_time for one in ended if one.record and one.record.read_time)

    def _quarantined(self, job: str) -> dict[str, datetime]:
        records = [one.fields or {} for one in self._versions.now("quarantine")]
        unresolved = [one for one in records if one["job"] == job and one["resolved_at"] is None]
        return {one["path"]: one["source_rev"] for one in unresolved}

    def _strategies(self) -> Iterator[str]:
        """One row per configuration, numbered in order; the latest is the document's."""
        rows = sorted(self.rows("dim_strategies"), key=lambda row: (row["strategy_id"], row["valid_from"]))
        latest = {row["strategy_id"]: row for row in rows}
        for before, after in pairwise(rows):
            same = before["strategy_id"] == after["strategy_id"]
            if after["version"] != (before["version"] + 1 if same else 1):
                yield f"{after['strategy_id']}: version {after['version']} follows {before['version']}"
            if same and before["config_hash"] == after["config_hash"]:
                yield f"{after['strategy_id']}: an unchanged configuration was archived anew"
        for document in self._versions.now("dim_strategies"):
            row = latest.get(document.id)
            if row is None or row["timeframe"] != (document.fields or {})["timeframe"]:
                yield f"{document.id}: its configuration is not in the table"

    def _records(self, jobs: set[str]) -> Iterator[str]:
        """Every run that says it ended well counted what the table holds of it; every row names its run."""
        written = Counter(row["run_id"] for one in ARCHIVES for row in self.rows(one.table))
        records = {one.id: one.fields or {} for one in self._versions.now("job_metadata")}
        if unknown := written.keys() - records.keys():
            yield f"rows name runs without a record: {unknown}"
        for run_id, record in records.items():
            counts = record["counts"]
            parts = [counts[name] for name in ("archived", "already", "revised", "quarantined", "pending")]
            if min(parts) < 0 or (record["status"] in ENDED_WELL and sum(parts) != counts["read"]):
                yield f"{run_id}: its counts do not add up: {counts}"
            if record["status"] in ENDED_WELL and counts["archived"] != written[run_id]:
                yield f"{run_id}: says {counts['archived']} archived, and the table holds {written[run_id]}"
            if record["status"] == "SUCCEEDED" and counts["quarantined"] + counts["pending"]:
                yield f"{run_id}: says SUCCEEDED, and left something behind"
            if record["status"] == "RUNNING" and record["job"] in jobs:
                yield f"{run_id}: still says RUNNING"

    def _leases(self) -> Iterator[str]:
        for lease in self._versions.now("job_leases"):
            if (lease.fields or {}).get("intent") is not None:
                yield f"{lease.path}: an intent is left"

    def _fees_are_known(self) -> Iterator[str]:
        now = self._world.time.now()
        for number, posted in self._sources.posted.items():
            row = self._before["fact_trades"].get((f"position-{number:04}",))
            if (
                row is None
                or len(posted) < 2
                or self._sources.undecidable(number)
                or now < row["exit_time"] + FEES_COMPLETE_AFTER
            ):
                continue
            wanted = sum((amounts[-1] for amounts in posted.values()), Decimal(0))
            looked_at = not row["fee_finalized"] or now.date() <= row["ds"] + RESTATED_FOR
            if looked_at and (row["actual_fee_usd"], row["fee_finalized"]) != (wanted, True):
                fees = {name: row[name] for name in FEE_COLUMNS}
                yield f"{row['trade_id']}: was charged {wanted}, and its row says {fees}"


def _without_fees(row: Row) -> dict[str, Any]:
    """What a patch may not touch."""
    patched = {*FEE_COLUMNS, "fees_usd", "pnl_usd", "pnl_pct", "fee_tier", "fee_reconciled_at"}
    return {name: value for name, value in row.items() if name not in patched}


def _held_since(row: Row) -> datetime:
    since: datetime = row["archived_at"] if row["revised_by"] is None else row["revised_at"]
    return since
