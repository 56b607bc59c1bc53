"""What must hold of whatever became of a hostile document: the broken rules, as sentences."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
from google.cloud.firestore_v1 import _helpers

from schemas.arrow import arrow_schema, record_batch
from schemas.reasons import Reason
from schemas.table import ArchivedRow
from shared.quarantine import Reject, record_of
from tests.hostile.corpus import WORDS
from tests.hostile.spelled import canonical, parsed, spelled
from tests.hostile.track import Outcome
from tests.hostile.values import Value
from tests.unit.fields import FIELDS

_NOW = datetime(2026, 10, 15, tzinfo=UTC)
_COPIED: Mapping[str, Mapping[str, str]] = {
    "live_positions": {"trade_id": "position_id"}
    | {name: name for name in ("account_id", "signal_id", "strategy_id", "symbol", "exit_reason", "discord_thread_id")},
    "rejected_signals": {
        name: name for name in ("signal_id", "strategy_id", "symbol", "pattern_name", "rejection_reason")
    },
    "live_signals": {name: name for name in ("signal_id", "strategy_id", "symbol", "pattern_name")},
    "dim_strategies": {name: name for name in ("strategy_id", "timeframe", "asset_class")},
}
"""Collection → column → the field whose text it holds, to the byte."""
_SHORT = 6
"""Shorter texts stand in messages by chance."""


def broken(outcomes: Sequence[Outcome], row: type[ArchivedRow], document: Any) -> Iterator[str]:
    """Every broken rule of a page, with the document it was broken for."""
    rows = [one for one in outcomes if isinstance(one.result, ArchivedRow)]
    arrived = _sent(row, [one.result for one in rows if isinstance(one.result, ArchivedRow)])
    for one, cells in zip(rows, arrived, strict=True):
        for sentence in _row_broken(one, cells, row, document):
            yield f"{one.source.path!r}: {sentence}"
    for one in outcomes:
        if isinstance(one.result, Reject):
            for sentence in _reject_broken(one, one.result):
                yield f"{one.source.path!r}: {sentence}"


def _sent(row: type[ArchivedRow], rows: Sequence[ArchivedRow]) -> list[dict[str, Any]]:
    """The rows as the service reads them."""
    batch = record_batch(row, rows).serialize().to_pybytes()
    received = pa.ipc.read_record_batch(batch, arrow_schema(row))
    received.validate(full=True)
    cells: list[dict[str, Any]] = received.to_pylist()
    return cells


def _row_broken(one: Outcome, cells: Mapping[str, Any], row: type[ArchivedRow], document: Any) -> Iterator[str]:
    if row.model_validate(cells) != one.result:
        yield "the row does not arrive as it was sent"
    if cells["source_path"] != one.message.name.split("/documents/", 1)[1]:
        yield "the path is not the document's"
    yield from copied(one.message, cells)
    yield from unknown(one.message, parsed(cells["source_extra"] or "{}"), document)


def copied(message: Any, cells: Mapping[str, Any]) -> Iterator[str]:
    """Columns whose text is not the document's."""
    collection = message.name.split("/documents/", 1)[1].split("/")[0]
    for column, field in _COPIED[collection].items():
        stated = message.fields[field].string_value if field in message.fields else ""
        if (cells[column] or "") != stated:
            yield f"{column} is not, byte for byte, what the document says"


def unknown(message: Any, extra: Mapping[str, Any], document: Any) -> Iterator[str]:
    """Unknown fields of a document that are not beside its row as they were."""
    held = extra["$map"] if extra.keys() == {"$map"} else extra
    for name in message.fields.keys() - FIELDS[document].keys():
        if name not in held or canonical(held[name]) != canonical(spelled(message.fields[name])):
            yield f"the unknown field {name!r} is not kept as it was"


def _reject_broken(one: Outcome, reject: Reject) -> Iterator[str]:
    if reject.reason not in Reason or not reject.faults:
        yield "no reason is given"
    told = "\n".join(f"{fault.code} {fault.message}" for fault in reject.faults)
    for text in _texts(one.source.fields):
        if len(text) >= _SHORT and text not in WORDS and text in told:
            yield "a message repeats a value of the document"
    record = record_of(reject, "a job", "run-1", _NOW, {})
    stored = _helpers.decode_dict(_helpers.encode_dict(record), None)
    if stored != record:
        yield "the quarantine record is not stored as it is"
    whole = spelled(Value(map_value={"fields": one.message.fields}))
    if not record["payload_truncated"] and canonical(parsed(record["payload"])) != canonical(whole):
        yield "the payload is not the document"
    if record["payload_truncated"] and len(json.dumps(whole)) < 10**6:
        yield "a payload was cut without need"


def _texts(value: Any) -> Iterator[str]:
    match value:
        case dict():
            for item in value.values():
                yield from _texts(item)
        case list():
            for item in value:
                yield from _texts(item)
        case str():
            yield value
        case int() | float() if not isinstance(value, bool):
            yield repr(value)
