"""What must hold of every row at any moment: unique, valid, as its document says, and never older than it was."""

import json
import math
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import Any

from tests.faults.contract import PROVENANCE, TABLES, Table, key_of
from tests.faults.stores import Fields, Look, Source

Memory = dict[tuple[str, tuple[Any, ...]], tuple[datetime, datetime | None]]
"""Table and key → revision and patch stamp at the last look."""
_NANO = Decimal("1e-9")


def unique(look: Look) -> Iterator[str]:
    """Each key once, over all partitions, and each document in one row at most."""
    for table, rows in look.tables.items():
        for key, times in Counter(key_of(table, row) for row in rows).items():
            if times > 1:
                yield f"{table} holds the key {key} {times} times"
        if TABLES[table].collection:
            for path, times in Counter(row["source_path"] for row in rows).items():
                if times > 1:
                    yield f"{table} holds {times} rows of {path}"
    for path, times in Counter(one["path"] for one in look.quarantine).items():
        if times > 1:
            yield f"the quarantine holds {path} {times} times"


def valid(look: Look) -> Iterator[str]:
    """Nothing missing, nothing that is not a number, the day by its rule, the sums exact."""
    for table, rows in look.tables.items():
        for row in rows:
            yield from (f"{table} {key_of(table, row)}: {what}" for what in _faults(table, row))


def _faults(table: str, row: Fields) -> Iterator[str]:
    rule = TABLES[table]
    for name in sorted({*rule.required, *rule.key, *PROVENANCE}):
        if row.get(name) is None:
            yield f"{name} is NULL"
            return
    for name, value in row.items():
        if not _finite(value):
            yield f"{name} is not finite"
    if rule.day and row["ds"] != rule.day(row):
        yield f"ds is {row['ds']}, but its time says {rule.day(row)}"
    if table == "fact_trades":
        yield from _sums(row)


def _finite(value: object) -> bool:
    if isinstance(value, Decimal):
        return value.is_finite()
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, dict | list):
        return "NaN" not in (text := json.dumps(value, default=str)) and "Infinity" not in text
    return True


def _sums(row: Fields) -> Iterator[str]:
    fees = row["fee_estimate_usd"] if row["actual_fee_usd"] is None else row["actual_fee_usd"]
    sign = 1 if row["side"] == "LONG" else -1
    with localcontext(prec=100, rounding=ROUND_HALF_EVEN):
        size = row["qty"] * row["contract_multiplier"]
        gross = (sign * (row["exit_price"] - row["entry_price"]) * size).quantize(_NANO)
        percent = (row["pnl_usd"] / (row["entry_price"] * size) * 100).quantize(_NANO)
        if row["gross_pnl_usd"] != gross:
            yield f"gross_pnl_usd is {row['gross_pnl_usd']}, its prices say {gross}"
        if row["fees_usd"] != fees:
            yield f"fees_usd is {row['fees_usd']}, what it is made of says {fees}"
        if row["pnl_usd"] != row["gross_pnl_usd"] - row["fees_usd"]:
            yield f"pnl_usd is {row['pnl_usd']}, not {row['gross_pnl_usd']} - {row['fees_usd']}"
        if row["pnl_pct"] != percent:
            yield f"pnl_pct is {row['pnl_pct']}, its sums say {percent}"


def truthful(look: Look) -> Iterator[str]:
    """A row that claims its document's revision holds what that revision says; none claims one yet to come."""
    for table, rows in look.tables.items():
        rule = TABLES[table]
        documents = look.sources.get(rule.collection or "", {})
        for row in rows:
            if document := documents.get(row["source_path"]):
                yield from (f"{table} {key_of(table, row)}: {what}" for what in _lies(rule, row, document))


def _lies(rule: Table, row: Fields, document: Source) -> Iterator[str]:
    if row["source_rev"] > document.revision:
        yield f"its revision {row['source_rev']} is newer than the document's, {document.revision}"
    if row["source_rev"] == document.revision:
        for column, says in rule.copies.items():
            if row[column] != says(document.fields):
                yield f"{column} is {row[column]!r}, the document says {says(document.fields)!r}"


def remembered(look: Look) -> Memory:
    """What to hold the next look against."""
    return {
        (table, key_of(table, row)): (row["source_rev"], row.get(TABLES[table].stamp or ""))
        for table, rows in look.tables.items()
        for row in rows
    }


def never_back(look: Look, memory: Memory) -> Iterator[str]:
    """No row vanishes; neither its revision nor the stamp of its patches falls."""
    now = remembered(look)
    for (table, key), (revision, stamp) in memory.items():
        held = now.get((table, key))
        if held is None:
            yield f"{table} lost the row {key}"
        elif held[0] < revision:
            yield f"{table} {key} fell back from revision {revision} to {held[0]}"
        elif stamp is not None and (held[1] is None or held[1] < stamp):
            yield f"{table} {key} fell back from the reading of {stamp} to that of {held[1]}"
