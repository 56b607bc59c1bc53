"""Failures to order: which requests the venue is told to spoil, and how."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from http import HTTPStatus
from threading import Lock
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Kind = Literal["status", "html", "empty", "redirect", "hang", "reset", "cut", "body", "drip", "babble", "flood", "bomb"]
_GIVEN_STATUS = ("status", "html", "empty")


class Fault(BaseModel):
    """What happens to the next `times` requests for `path`, once `after` of them have passed.

    `status` answers with the host's own error body (or with `body`), `html` with a page, `empty` with nothing,
    `redirect` with a 302, `body` with 200 and that JSON; `headers` are added to any of these. `hang` holds the request
    for `seconds` and closes unanswered, `reset` resets the connection at once, `cut` sends half of the true answer.
    `drip` sends the true answer with `seconds` after each byte of its body, `babble` promises an answer every `seconds`
    and sends none, `flood` sends a body of blanks without end, and `bomb` packs them: both until the caller hangs up.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    path: str
    """A pattern of fnmatch; its star crosses slashes."""
    kind: Kind
    times: int = Field(default=1, ge=1)
    after: int = Field(default=0, ge=0)
    status: HTTPStatus = HTTPStatus.OK
    headers: dict[str, str] = {}
    body: Any = None
    seconds: float = Field(default=60, ge=0)

    @model_validator(mode="before")
    @classmethod
    def _own_or_given_status(cls, fault: dict[str, Any]) -> dict[str, Any]:
        kind = fault.get("kind")
        if kind in _GIVEN_STATUS and "status" not in fault:
            raise ValueError(f"a fault of kind {kind} needs a status")
        if kind not in _GIVEN_STATUS and "status" in fault:
            raise ValueError(f"a fault of kind {kind} takes no status")
        return {"status": HTTPStatus.FOUND, **fault} if kind == "redirect" else fault


class FaultPlan:
    """The faults in force. Safe for several threads."""

    def __init__(self) -> None:
        self._pending: list[_Pending] = []
        self._lock = Lock()

    def add(self, faults: Iterable[Fault]) -> None:
        """Put faults behind those in force."""
        with self._lock:
            self._pending.extend(_Pending(fault) for fault in faults)

    def take(self, path: str) -> Fault | None:
        """The fault for a request: the first that matches and has let enough of them pass; None for none.

        A fault sees only the requests that those before it leave alone, so several for one path act one after another.
        """
        with self._lock:
            return next((each.fault for each in self._pending if each.strikes(path)), None)

    def clear(self) -> None:
        """Be faultless again."""
        with self._lock:
            self._pending = []


class _Pending:
    """A fault and how much of it is still to come."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self._passing = fault.after
        self._striking = fault.times

    def strikes(self, path: str) -> bool:
        """Whether it takes this request; counts it."""
        if not self._striking or not fnmatchcase(path, self.fault.path):
            return False
        if self._passing:
            self._passing -= 1
            return False
        self._striking -= 1
        return True
