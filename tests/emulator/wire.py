"""A wire between a job and its servers: every call passes through here, and a test may step in at any of them.

The job is pointed at relays in this process (`wire_grpc`, `wire_http`); they pass calls on to the real servers, byte
for byte.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

PATIENCE_S = 30
"""How long anything may take before a test gives up on it."""


@dataclass
class Call:
    """One call of the job, on its way."""

    number: int
    """1, 2, … in the order in which the calls set out."""
    server: str
    """firestore, storage (write API), bigquery (REST) or broker."""
    name: str
    """Name of the RPC, or HTTP method and path."""
    request: bytes
    answer: bytes = b""
    """What the server said; empty until it did."""
    told: bytes | None = None
    """What a step gives the job in place of the answer."""
    patience_s: float | None = None
    """How long the job waits for the answer, where the call says so."""
    again: Callable[[], object] = lambda: None
    """Delivers the request to the server once more; what it answers goes nowhere."""
    until_given_up: Callable[[], object] = lambda: None
    """Waits until the job waits for the answer no more."""

    def __str__(self) -> str:
        return f"call {self.number} ({self.server} {self.name})"

    def mentions(self, *texts: str) -> bool:
        """Whether the request holds all of these texts, which protobuf and JSON leave readable."""
        return all(text.encode() in self.request for text in texts)


class CutError(Exception):
    """Raised by a step: the connection breaks before the job has the answer, or the rest of it."""

    def __init__(self, messages: int = 0, *, half: bool = False) -> None:
        """Let the first few messages of a streamed answer through; or half of it, which is half of an HTTP body."""
        super().__init__("cut in the middle" if half else f"cut after {messages} messages")
        self.messages = messages
        self.half = half


class InsteadError(Exception):
    """Raised by a step: the job gets this HTTP answer instead of the server's."""

    def __init__(self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        """Answer with a status and a body."""
        super().__init__(f"{status} instead")
        self.status = status
        self.body = body
        self.headers = {"Content-Type": "application/json", **(headers or {})}


class RefusedError(Exception):
    """Raised by a step: the job gets this gRPC status instead of an answer."""

    def __init__(self, code: str) -> None:
        """Refuse with a status by its name, such as UNAVAILABLE."""
        super().__init__(f"the wire says {code}")
        self.code = code


Step = Callable[[Call], None]
Moment = Callable[[Call], bool]


def go_on(_call: Call) -> None:
    """The step that does nothing."""


class Wire:
    """The calls of one test. `before` runs when a call sets out, `after` when the server has answered.

    A step may act on the stores, wait, or raise one of the errors above: before, the call never happened; after, it
    happened and the job does not know.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.environment: dict[str, str] = {}
        """The variables that put a job on the wire."""
        self.calls: list[Call] = []
        self.before: Step = go_on
        self.after: Step = go_on

    def set(self, *, before: Step = go_on, after: Step = go_on) -> None:
        """Forget the calls so far and step in as told from now on."""
        self.calls, self.before, self.after = [], before, after

    def note(self, server: str, name: str, request: bytes, patience_s: float | None = None) -> Call:
        """Number a call."""
        with self._lock:
            call = Call(len(self.calls) + 1, server, name, request, patience_s=patience_s)
            self.calls.append(call)
        return call


@dataclass
class Gate:
    """A step that holds the first call of a kind until it is opened; then the call goes on its way, or is lost."""

    moment: Moment
    loses: bool = False
    reached: threading.Event = field(default_factory=threading.Event)
    _opened: threading.Event = field(default_factory=threading.Event)

    def __call__(self, call: Call) -> None:
        if not self.reached.is_set() and self.moment(call):
            self.reached.set()
            self._opened.wait(PATIENCE_S)
            if self.loses:
                raise CutError

    @contextmanager
    def held(self) -> Iterator[None]:
        """Wait until the call is there, and let it go at the end of the block."""
        try:
            assert self.reached.wait(PATIENCE_S), "the call never came"
            yield
        finally:
            self._opened.set()


def once(moment: Moment, act: Callable[[], object]) -> Step:
    """Make a step that acts at the first call of a kind."""
    left = [act]

    def step(call: Call) -> None:
        if left and moment(call):
            left.pop()()

    return step


def cut(moment: Moment, messages: int = 0) -> Step:
    """Make a step that cuts every call of a kind."""

    def step(call: Call) -> None:
        if moment(call):
            raise CutError(messages)

    return step


def nth(number: int, moment: Moment) -> Moment:
    """The n-th call of a kind."""
    seen: list[Call] = []

    def chosen(call: Call) -> bool:
        if moment(call):
            seen.append(call)
        return moment(call) and len(seen) == number

    return chosen


def addresses(environment: Mapping[str, str]) -> dict[str, str]:
    """The servers of a stack by name: host:port."""
    return {
        "firestore": environment["FIRESTORE_EMULATOR_HOST"],
        "storage": environment["BIGQUERY_STORAGE_EMULATOR_HOST"],
        "bigquery": environment["BIGQUERY_EMULATOR_HOST"],
        "broker": environment["ALPACA_BASE_URL"].removeprefix("http://"),
    }


def variables(relays: Mapping[str, str]) -> dict[str, str]:
    """The inverse: the variables that name these servers."""
    return {
        "FIRESTORE_EMULATOR_HOST": relays["firestore"],
        "BIGQUERY_STORAGE_EMULATOR_HOST": relays["storage"],
        "BIGQUERY_EMULATOR_HOST": relays["bigquery"],
        "ALPACA_BASE_URL": f"http://{relays['broker']}",
        "ALPACA_DATA_URL": f"http://{relays['broker']}",
    }
