"""Rows without what differs from one run to the next: who wrote them, when, and the revision of their documents."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from schemas.table import PROVENANCE


def stable(record: dict[str, Any]) -> dict[str, Any]:
    """Drop provenance but the unknown fields, and name the times that are the document's own revision."""
    revision = record["source_rev"]
    kept = {name: value for name, value in record.items() if name not in PROVENANCE or name == "source_extra"}
    return {name: _written(value, revision) for name, value in kept.items()}


def _written(value: Any, revision: datetime) -> Any:
    if value == revision:
        return "the revision"
    if value == revision.date():
        return "the revision's day"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value.isoformat() if isinstance(value, date) else value
