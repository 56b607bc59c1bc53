"""When signals were created: looked up by name, or all read at once where a page wants about as many as there are."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from schemas.document import as_instant_or_none
from shared.documents import Documents

COLLECTION = "live_signals"
FEW = 100
"""So many signals are looked up without asking how many there are."""
AS_MANY = 2
"""Reading a signal along with others costs the service far less than looking it up: worth it up to this factor."""
_CREATED = "created_at"


class SignalTimes:
    """Knows the signals of one run, which reads at one moment."""

    def __init__(self, documents: Documents) -> None:
        """Read from `documents`."""
        self._documents = documents
        self._asked = False
        self._all: Mapping[str, datetime] | None = None

    def of(self, names: Collection[str], read_time: datetime) -> Mapping[str, datetime]:
        """Tell when signals were created, as far as they exist and say so: name -> time."""
        if not self._asked and len(names) > FEW:
            self._asked = True
            self._all = self._every(read_time, AS_MANY * len(names))
        if self._all is not None:
            return {name: self._all[name] for name in names if name in self._all}
        if not names:
            return {}
        return _times(self._documents.fetch(COLLECTION, sorted(names), [_CREATED], read_time))

    def _every(self, read_time: datetime, most: int) -> Mapping[str, datetime] | None:
        """Read the times of all signals, unless there are too many to."""
        if self._documents.count(COLLECTION, read_time) > most:
            return None
        return _times({one.id: one.fields for one in self._documents.scan(COLLECTION, read_time, [_CREATED])})


def _times(found: Mapping[str, Mapping[str, Any]]) -> dict[str, datetime]:
    times = ((name, as_instant_or_none(fields.get(_CREATED))) for name, fields in found.items())
    return {name: when for name, when in times if when is not None}
