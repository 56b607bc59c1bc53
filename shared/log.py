"""Events: one JSON line each for Cloud Logging, one readable line each on a terminal."""

import json
import sys
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TextIO

from shared.runs import storable
from shared.values import rfc3339


class Severity(StrEnum):
    """Cloud Logging's severities, as far as this system needs them."""

    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class Log:
    """Writes events to one stream."""

    def __init__(self, stream: TextIO | None = None, *, labels: dict[str, str] | None = None) -> None:
        """Write to `stream` (default: standard output), readable when it is a terminal."""
        self._stream = stream or sys.stdout
        self._readable = self._stream.isatty()
        self._labels = labels or {}

    def labelled(self, **labels: str) -> "Log":
        """Return a log whose every event carries these labels too."""
        return Log(self._stream, labels={**self._labels, **labels})

    def event(self, message: str, severity: Severity = Severity.INFO, **fields: Any) -> None:
        """Write one event. Values must be free of secrets; newlines in them cannot break the line."""
        now = datetime.now(UTC)
        line = (
            self._plain(now, message, severity, fields)
            if self._readable
            else self._json(now, message, severity, fields)
        )
        self._stream.write(line + "\n")
        self._stream.flush()

    def _json(self, now: datetime, message: str, severity: Severity, fields: dict[str, Any]) -> str:
        entry = {
            "severity": severity.value,
            "message": message,
            "time": rfc3339(now),
            "logging.googleapis.com/labels": self._labels,
            **storable(fields),
        }
        return json.dumps(entry, default=_text)

    def _plain(self, now: datetime, message: str, severity: Severity, fields: dict[str, Any]) -> str:
        details = " ".join(f"{name}={_short(value)}" for name, value in fields.items() if value not in (None, {}, []))
        mark = "" if severity is Severity.INFO else f"{severity.value} "
        job = self._labels.get("job", "")
        return f"{now:%H:%M:%S} {mark}{job + ': ' if job else ''}{message} {details}".rstrip()


def _text(value: object) -> str:
    return rfc3339(value) if isinstance(value, datetime) else str(value)


def _short(value: object) -> str:
    text = json.dumps(storable(value), default=_text)
    return text if len(text) <= 200 else text[:197] + "..."  # noqa: PLR2004 - fits a terminal
