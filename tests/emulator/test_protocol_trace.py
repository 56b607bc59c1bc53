"""What a job says on the wire is what the protocol's reference says.

That is the same writes in the same order, and before each of them at least what the reference asks there. The
reference (`tests/protocol/reference.py`) is what random schedules and, by its guards, the exhaustive search hold to the
promises; this ties the real job to it.
"""

from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.emulator import builders, moments
from tests.emulator.builders import position
from tests.emulator.job_process import kill_at
from tests.emulator.wire import Call, Moment, Wire
from tests.protocol.guards import Guards
from tests.protocol.reference import Attempt
from tests.protocol.servers import Servers
from tests.stack import LocalStack


def _asks_for_keys(call: Call) -> bool:
    return call.server == "bigquery" and (call.mentions("@identities") or call.mentions("BIT_XOR"))


_ON_THE_WIRE: dict[str, Moment] = {
    "acquire": moments.acquires,
    "read": moments.scans,
    "keys": _asks_for_keys,
    "append": moments.appends,
    "finalize": moments.finalizes,
    "intend": moments.intends,
    "commit": moments.commits,
    "count": moments.counts_rows,
    "update": moments.revises,
    "clear": moments.clears,
}
_IN_THE_REFERENCE = {"known": "keys", "verify": "keys", "clear found": "clear", "close": "clear"}
_QUESTIONS = {"read", "keys", "count"}

Trace = list[tuple[str, set[str]]]
"""Every write, with what was asked since the one before; the last has no name."""


def _trace(names: Iterable[str]) -> Trace:
    trace: Trace = []
    asked: set[str] = set()
    for name in names:
        if name in _QUESTIONS:
            asked.add(name)
        elif asked or not trace or trace[-1][0] != name:  # several requests of one kind are one step
            trace.append((name, asked))
            asked = set()
    return [*trace, ("", asked)]


def _said(wire: Wire) -> Trace:
    """What passed on the wire and is part of the protocol."""
    names = ([name for name, moment in _ON_THE_WIRE.items() if moment(call)] for call in wire.calls)
    return _trace(name for found in names for name in found[:1])


class _Reference:
    """The same history, told to the reference."""

    def __init__(self) -> None:
        self._servers = Servers()
        self._runs = 0

    def write(self, *keys: str) -> None:
        for key in keys:
            self._servers.write(key)

    def run(self, until: str | None = None) -> Trace:
        """Run an attempt to its end, or until it dies of a call that happens."""
        self._runs += 1
        steps, answer, names = Attempt(f"run {self._runs}", self._runs, Guards()).run(), None, list[str]()
        while until not in names:
            try:
                call = steps.send(answer)
            except StopIteration:
                break
            names.append(_IN_THE_REFERENCE.get(call.name, call.name))
            answer = call.act(self._servers)
        return _trace(names)


def _assert_follows(said: Trace, reference: Trace) -> None:
    assert [write for write, _ in said] == [write for write, _ in reference]
    assert [asked - also for (_, asked), (_, also) in zip(reference, said, strict=True)] == [set()] * len(said)


def _runs(stack: LocalStack, wire: Wire) -> Trace:
    wire.set()
    assert stack.run("trades").status.value == "SUCCEEDED"
    return _said(wire)


def test_runs_follow_the_reference(wired: LocalStack, wire: Wire, tmp_path: Path) -> None:
    reference = _Reference()
    wired.seed(builders.write_market(tmp_path, range(1, 4)))
    for changed in ([1, 2], [], [1], [2, 3]):  # new ones, nothing, an edit, an edit and a new one
        builders.put(wired, "live_positions", *(position(number, edited_by=str(changed)) for number in changed))
        reference.write(*map(str, changed))
        _assert_follows(_runs(wired, wire), reference.run())


@pytest.mark.parametrize("last", ["finalize", "intend", "commit"])
def test_a_run_after_a_killed_one_follows_the_reference(
    stack: LocalStack, wired: LocalStack, wire: Wire, tmp_path: Path, last: str
) -> None:
    reference = _Reference()
    stack.seed(builders.write_market(tmp_path, range(1, 3)))
    builders.put(stack, "live_positions", position(1), position(2))
    reference.write("1", "2")
    assert kill_at(_ON_THE_WIRE[last], stack, wire, tmp_path / "killed")
    _assert_follows(_said(wire), reference.run(until=last))
    _assert_follows(_runs(wired, wire), reference.run())


def test_a_run_that_left_a_step_out_would_not_follow() -> None:
    honest = ["acquire", "read", "keys", "append", "finalize", "intend", "commit", "count", "keys", "clear"]
    _assert_follows(_trace(honest), _trace(honest))
    for step in set(honest):
        with pytest.raises(AssertionError):
            _assert_follows(_trace(name for name in honest if name != step), _trace(honest))
