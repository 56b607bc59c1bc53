"""The kinds of fault that a test can inject at one call of a job, by name.

A kind says which calls it can befall, when it strikes (as the call sets out, or when it was executed and the answer is
on its way), and what it does; `steps` makes of it what `Wire.set` takes.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Protocol

from tests.emulator.wire import Call, CutError, InsteadError, Moment, RefusedError, Step, go_on

SHORT_S = 3.0
"""How long a hasty client waits for an answer (CALL_TIMEOUT_S)."""
GRPC = frozenset({"firestore", "storage"})
STREAMED = frozenset({"RunQuery", "RunAggregationQuery", "BatchGetDocuments"})
"""RPCs whose answer has several messages."""


class Victim(Protocol):
    """The run that a fault befalls. Only one that is a process of its own can be killed, told to stop or frozen."""

    def kill(self) -> None:
        """End it at once: SIGKILL."""

    def terminate(self) -> None:
        """Tell it to stop: SIGTERM."""

    def freeze(self) -> None:
        """Stop its clock: SIGSTOP."""

    def thaw(self) -> None:
        """Let it go on: SIGCONT."""

    def overtake(self) -> None:
        """Let its lease expire and another run go from start to end, while its call is held."""


Deed = Callable[[Call, Victim], None]


@dataclass(frozen=True)
class Kind:
    """One kind of fault."""

    name: str
    summary: str
    does: Deed
    executed: bool
    """Whether the server has executed the call when the fault strikes."""
    fits: Callable[[Call], bool] = lambda _call: True
    process: bool = False
    """Whether the victim must be a process of its own."""
    hasty: bool = False
    """Whether the victim must be a client that waits SHORT_S only."""
    passing: bool = False
    """Whether a run survives it by asking again: struck once, it ends as if nothing had happened."""

    def applies(self, call: Call) -> bool:
        """Whether it can befall this call."""
        return self.fits(call)

    def steps(self, moment: Moment, victim: Victim) -> tuple[Step, Step]:
        """Strike the first call of a kind, once: what `Wire.set` takes as before and after."""
        lock = Lock()
        struck: list[Call] = []

        def strike(call: Call) -> None:
            with lock:
                if struck or not moment(call):
                    return
                struck.append(call)
            self.does(call, victim)

        return (go_on, strike) if self.executed else (strike, go_on)


def _kill(_call: Call, victim: Victim) -> None:
    victim.kill()
    raise CutError


def _cut(_call: Call, _victim: Victim) -> None:
    raise CutError


def _cut_in_half(_call: Call, _victim: Victim) -> None:
    raise CutError(half=True)


def _answer_late(call: Call, _victim: Victim) -> None:
    """Answer when nobody waits any more; of a client that waits a minute, only what it then learns is told."""
    if (call.patience_s or 0) > SHORT_S:
        raise RefusedError("DEADLINE_EXCEEDED")
    call.until_given_up()
    raise CutError


def _arrive_late(call: Call, _victim: Victim) -> None:
    call.until_given_up()


def _refuse(code: str, status: int, reason: str, headers: Mapping[str, str] | None = None) -> Deed:
    """Refuse in the words of the protocol that the call speaks."""

    def deed(call: Call, _victim: Victim) -> None:
        if call.server in GRPC:
            raise RefusedError(code)
        raise InsteadError(status, _refusal(call, status, reason), headers)

    return deed


def _refusal(call: Call, status: int, reason: str) -> bytes:
    """The body of an HTTP refusal, as Google and as the broker write it."""
    if call.server == "broker":
        return json.dumps({"code": status * 100_000, "message": reason}).encode()
    errors = [{"domain": "global", "reason": reason, "message": reason}]
    return json.dumps({"error": {"code": status, "message": reason, "errors": errors}}).encode()


def _truncate(call: Call, _victim: Victim) -> None:
    call.told = call.answer[: len(call.answer) // 2]


def _garble(call: Call, _victim: Victim) -> None:
    # No protobuf begins with an end of group; no JSON with an angle.
    call.told = b"\x0f<html>one moment please</html>" if call.server in GRPC else b"<html>one moment please</html>"


def _deliver_twice(call: Call, _victim: Victim) -> None:
    call.again()


def _hold(_call: Call, victim: Victim) -> None:
    victim.overtake()


def _freeze(_call: Call, victim: Victim) -> None:
    victim.freeze()
    try:
        victim.overtake()
    finally:
        victim.thaw()


def _terminate(call: Call, victim: Victim) -> None:
    victim.terminate()
    call.until_given_up()
    raise CutError


def _http(call: Call) -> bool:
    return call.server not in GRPC


def _from_bigquery(call: Call) -> bool:
    return call.server == "bigquery"


def _bounded(call: Call) -> bool:
    """Calls that obey CALL_TIMEOUT_S; BigQuery's client never waits less than two minutes for a query's result."""
    return "/queries/" not in call.name


def _short(call: Call) -> bool:
    """Firestore's client begins and ends transactions with a deadline of its own, a minute."""
    return _bounded(call) and (call.patience_s or 0) <= SHORT_S


_ALL = (
    Kind("kill_before", "the process dies before the call takes effect", _kill, executed=False, process=True),
    Kind("kill_after", "the process dies when the call has taken effect", _kill, executed=True, process=True),
    Kind("ack_lost", "executed, and the connection breaks", _cut, executed=True, passing=True),
    Kind(
        "slow",
        "executed, and the answer comes too late",
        _answer_late,
        executed=True,
        fits=_bounded,
        hasty=True,
        passing=True,
    ),
    Kind(
        "late",
        "arrives when the client has given it up",
        _arrive_late,
        executed=False,
        fits=_short,
        hasty=True,
        passing=True,
    ),
    Kind("internal", "500, INTERNAL", _refuse("INTERNAL", 500, "backendError"), executed=False, passing=True),
    Kind("unavailable", "503, UNAVAILABLE", _refuse("UNAVAILABLE", 503, "backendError"), executed=False, passing=True),
    Kind(
        "exhausted",
        "429, RESOURCE_EXHAUSTED",
        _refuse("RESOURCE_EXHAUSTED", 429, "rateLimitExceeded"),
        executed=False,
        passing=True,
    ),
    Kind(
        "exhausted_for_a_second",
        "429 with Retry-After",
        _refuse("RESOURCE_EXHAUSTED", 429, "rateLimitExceeded", {"Retry-After": "1"}),
        executed=False,
        fits=_http,
        passing=True,
    ),
    Kind(
        "rate_limited",
        "403 rateLimitExceeded, BigQuery's other way to say 429",
        _refuse("", 403, "rateLimitExceeded"),
        executed=False,
        fits=_from_bigquery,
        passing=True,
    ),
    Kind("denied", "403, PERMISSION_DENIED", _refuse("PERMISSION_DENIED", 403, "accessDenied"), executed=False),
    Kind(
        "cut_in_half",
        "the connection breaks in the middle of the answer",
        _cut_in_half,
        executed=True,
        fits=lambda call: _http(call) or call.name in STREAMED,
        passing=True,
    ),
    Kind("truncated", "the answer is the first half of one", _truncate, executed=True, fits=_http, passing=True),
    Kind("garbage", "the answer is none", _garble, executed=True, passing=True),
    Kind("twice", "the network delivers the request twice", _deliver_twice, executed=True, passing=True),
    Kind("zombie", "held until another run has come and gone", _hold, executed=False),
    Kind("told_to_stop_before", "SIGTERM while the call is on its way", _terminate, executed=False, process=True),
    Kind("told_to_stop", "SIGTERM while the answer is on its way", _terminate, executed=True, process=True),
    Kind("frozen", "SIGSTOP, another run comes and goes, SIGCONT", _freeze, executed=True, process=True),
)
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _ALL}
"""All of them by name."""
