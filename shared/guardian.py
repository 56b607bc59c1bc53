"""SchemaGuardian: every document becomes a valid candidate or a reject, every row is checked. Data never raises."""

import re
from collections import Counter
from collections.abc import Callable
from typing import Generic, TypeVar

import orjson
from pydantic import ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from schemas.document import DOCUMENT_ID, Document
from schemas.reasons import Reason
from schemas.table import ArchivedRow
from shared.loop import RefusedError
from shared.quarantine import Fault, Reject
from shared.values import RawDocument

D = TypeVar("D", bound=Document)
R = TypeVar("R", bound=ArchivedRow)

MAX_NAME = 1000
"""Bytes of a field's name in a run's record; Firestore holds 1500 for the whole path to a field."""
MAX_NAMES = 10_000
"""Different unknown fields that a run counts one by one."""
OTHER = "(others)"
"""Stands for unknown fields that are not counted by their name."""
_RESERVED = re.compile(r"__.*__", re.DOTALL)
_PRECEDENCE = {reason: position for position, reason in enumerate(Reason)}
_CODES = {
    "missing": Reason.MISSING_FIELD,
    "literal_error": Reason.UNKNOWN_ENUM,
    "enum": Reason.UNKNOWN_ENUM,
    "decimal_max_digits": Reason.OUT_OF_RANGE,
    "decimal_max_places": Reason.OUT_OF_RANGE,
    "decimal_whole_digits": Reason.OUT_OF_RANGE,
    "greater_than_equal": Reason.OUT_OF_RANGE,
    "less_than_equal": Reason.OUT_OF_RANGE,
    "finite_number": Reason.NOT_FINITE,
}


class SchemaGuardian(Generic[D, R]):
    """Guards one run of one job."""

    def __init__(self, document: type[D], max_bytes: int) -> None:
        """Admit documents of one model up to a size."""
        self._model = document
        self._max_bytes = max_bytes
        self.drift: Counter[str] = Counter()
        """Fields that no schema knows, with how many documents carried them."""

    def admit(self, source: RawDocument) -> D | Reject:
        """Validate one document."""
        if source.size > self._max_bytes:
            text = f"{source.size} bytes; the limit is {self._max_bytes}"
            return Reject(source, Reason.TOO_LARGE, (Fault("", Reason.TOO_LARGE.value, text),))
        try:
            document = self._model.model_validate({**source.fields, DOCUMENT_ID: source.id})
        except ValidationError as error:
            return rejected(source, error)
        self.drift.update(map(self._countable, document.extra))
        return document

    def _countable(self, name: str) -> str:
        """Name a field in the run's record: as it is, if a record can hold it and there are not too many by now."""
        if name in self.drift:
            return name
        fits = name and len(name.encode()) <= MAX_NAME and not _RESERVED.fullmatch(name)
        return name if fits and len(self.drift) < MAX_NAMES else OTHER

    def check(self, source: RawDocument, build: Callable[[], R]) -> R | Reject:
        """Build one row and hold it to its schema."""
        try:
            return build()
        except ValidationError as error:
            return rejected(source, error)
        except RefusedError as error:
            return Reject(source, error.reason, (Fault(error.column, error.reason.value, error.message),))
        except PydanticCustomError as error:
            reason = Reason(error.type)
            return Reject(source, reason, (Fault("", reason.value, error.message()),))
        except (ArithmeticError, orjson.JSONEncodeError, RecursionError) as error:
            text = f"a column cannot be computed from these values ({type(error).__name__})"
            return Reject(source, Reason.OUT_OF_RANGE, (Fault("", Reason.OUT_OF_RANGE.value, text),))


def rejected(source: RawDocument, error: ValidationError) -> Reject:
    """Turn a validation error into a reject: every fault listed, the gravest reason first."""
    details = error.errors(include_input=False)
    faults = tuple(_fault(detail) for detail in details)
    reasons = sorted((Reason(fault.code) for fault in faults), key=_PRECEDENCE.__getitem__)
    return Reject(source, reasons[0], faults)


def _fault(detail: ErrorDetails) -> Fault:
    field = ".".join(str(part) for part in detail["loc"])
    return Fault(field[:200], _reason(detail["type"]).value, detail["msg"][:300])


def _reason(code: str) -> Reason:
    return Reason(code) if code in Reason.__members__ else _CODES.get(code, Reason.BAD_TYPE)
