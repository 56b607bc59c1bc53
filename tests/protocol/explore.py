"""Breadth-first search over all reachable states; stops at the first, hence nearest, that breaks a promise."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.protocol.guards import Guards
from tests.protocol.model import Protocol
from tests.protocol.oracle import Oracle
from tests.protocol.state import Scenario


@dataclass(frozen=True, slots=True)
class Search:
    """What a search saw: SAFE when it visited every reachable state, else the verdict on the last and its history."""

    states: int
    verdict: str
    trace: tuple[str, ...]


class Walk:
    """Every reachable state once, nearest first."""

    def __init__(self, protocol: Protocol) -> None:
        self._protocol = protocol
        self._parents: dict[bytes, bytes | None] = dict.fromkeys(protocol.starts())

    def __len__(self) -> int:
        """How many states have been reached so far."""
        return len(self._parents)

    def __iter__(self) -> Iterator[bytes]:
        """Yields a state before the states after it are sought."""
        parents, moves = self._parents, self._protocol.moves
        frontier = list(parents)
        yield from frontier
        while frontier:
            reached = []
            for state in frontier:
                for _, _, after in moves(state):
                    if after not in parents:
                        parents[after] = state
                        reached.append(after)
                        yield after
            frontier = reached

    def history(self, state: bytes) -> tuple[str, ...]:
        """What led to a state that has been reached."""
        told: list[str] = []
        while (before := self._parents[state]) is not None:
            told.append(next(what.format(who) for what, who, after in self._protocol.moves(before) if after == state))
            state = before
        return tuple(reversed(told))


def explore(scenario: Scenario, guards: Guards) -> Search:
    """Visits every state that the scenario can reach, or ends at the first that breaks a promise."""
    protocol = Protocol(scenario, guards)
    oracle = Oracle(protocol)
    walk = Walk(protocol)
    for state in walk:
        if verdict := protocol.violation(state):
            return Search(len(walk), verdict, walk.history(state))
        if verdict := oracle.verdict(state):
            return Search(len(walk), verdict, walk.history(state) + oracle.ending(state)[1])
    return Search(len(walk), "SAFE", ())
