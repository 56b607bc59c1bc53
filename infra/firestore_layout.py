"""How Firestore is to be laid out beside what it does by itself: single-field indexes that nobody asks, and lifetimes.

There is no composite index, and no query of the product needs one: a test holds every query of every job to that.
"""

from typing import Any

from shared.quarantine import COLLECTION as QUARANTINE
from shared.runs import COLLECTION as RUN_RECORDS

EXPIRY = "expires_at"
"""The field from which the service may delete a document: resolved quarantine records and skipped runs carry it."""
EXPIRING = (QUARANTINE, RUN_RECORDS)
"""Never leases, which keep their fence for ever, and never receipts of what was retired."""
UNINDEXED = {QUARANTINE: ("payload",)}
"""Large fields that no query filters or orders by: their indexes would cost storage and writes for nothing."""


def firestore_layout() -> dict[str, Any]:
    """List the fields of the bookkeeping collections that are not indexed, and whether each ends its document's life.

    An expiry is a time that only grows, so an index on it would wear out one spot.
    Source: https://cloud.google.com/firestore/docs/ttl, "TTL fields and indexes".
    """
    expiring = [{"collection": name, "field": EXPIRY, "ttl": True} for name in EXPIRING]
    large = [{"collection": name, "field": one, "ttl": False} for name, ones in UNINDEXED.items() for one in ones]
    return {"bookkeeping_fields": [*expiring, *large]}
