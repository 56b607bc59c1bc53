"""Events: one JSON line each for Cloud Logging, one readable line each on a terminal.

Whoever writes an event keeps secrets out of it. The last line of defence is here: the secrets a log was told of, and
what looks like a credential, never leave it; and no text can break its line or steer a terminal.
"""

import json
import re
import sys
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TextIO

from shared.runs import storable
from shared.values import rfc3339

_CREDENTIAL = re.compile(
    r"((?:authorization|apca-api-(?:key-id|secret-key))[\"']?\s*[:=]\s*[\"']?(?:bearer\s+|basic\s+)?)[^\s\"',;}]+"
    r"|(\b(?:bearer|basic)\s+)[\w.~+/=-]{16,}",
    re.IGNORECASE,
)
"""A header with its value, or a token after its scheme (RFC 6750, RFC 7617; Alpaca's own headers)."""
STEERING = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))}
"""Control characters, which a terminal would obey, written out."""


class Severity(StrEnum):
    """Cloud Logging's severities, as far as this system needs them."""

    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class Log:
    """Writes events to one stream."""

    def __init__(
        self, stream: TextIO | None = None, *, labels: dict[str, str] | None = None, secrets: Iterable[str] = ()
    ) -> None:
        """Write to `stream` (default: standard output), readable when it is a terminal; never any of `secrets`."""
        self._stream = stream or sys.stdout
        self._readable = self._stream.isatty()
        self._labels = labels or {}
        self._secrets = sorted(secrets, key=len, reverse=True)

    def labelled(self, **labels: str) -> "Log":
        """Return a log whose every event carries these labels too."""
        return Log(self._stream, labels={**self._labels, **labels}, secrets=self._secrets)

    def keeping(self, secrets: Iterable[str]) -> "Log":
        """Return a log that keeps these secrets."""
        return Log(self._stream, labels=self._labels, secrets=secrets)

    def event(self, message: str, severity: Severity = Severity.INFO, **fields: Any) -> None:
        """Write one event. Values must be free of secrets; control characters in them cannot break the line."""
        now = datetime.now(UTC)
        # Before anything is quoted or cut: a secret with a quote in it, or half of one, would not be known again.
        message, fields = self._redacted(message), self._redacted(storable(fields))
        line = (
            self._plain(now, message, severity, fields)
            if self._readable
            else self._json(now, message, severity, fields)
        )
        # Whoever listened may be gone, or the disk full; a run is on record elsewhere, and must get that far.
        with suppress(OSError):
            self._stream.write(line + "\n")
            self._stream.flush()

    def _redacted(self, value: Any) -> Any:
        match value:
            case str():
                for secret in self._secrets:
                    value = value.replace(secret, "***")
                return without_credentials(value)
            case dict():
                return {self._redacted(name): self._redacted(one) for name, one in value.items()}
            case list():
                return [self._redacted(one) for one in value]
            case bool() | int() | float() | None:
                return value
            case _:
                return self._redacted(_text(value))

    def _json(self, now: datetime, message: str, severity: Severity, fields: dict[str, Any]) -> str:
        entry = {
            "severity": severity.value,
            "message": message,
            "time": rfc3339(now),
            "logging.googleapis.com/labels": self._redacted(self._labels),
            **fields,
        }
        return json.dumps(entry)

    def _plain(self, now: datetime, message: str, severity: Severity, fields: dict[str, Any]) -> str:
        details = " ".join(f"{name}={_short(value)}" for name, value in fields.items() if value not in (None, {}, []))
        mark = "" if severity is Severity.INFO else f"{severity.value} "
        job = self._labels.get("job", "")
        return f"{now:%H:%M:%S} {mark}{job + ': ' if job else ''}{message} {details}".rstrip().translate(STEERING)


def without_credentials(text: str) -> str:
    """Blot out what looks like a credential in a text that came from elsewhere."""
    return _CREDENTIAL.sub(r"\1\2***", text)


def _text(value: object) -> str:
    return rfc3339(value) if isinstance(value, datetime) else str(value)


def _short(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 200 else text[:197] + "..."  # noqa: PLR2004 - fits a terminal
