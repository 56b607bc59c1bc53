"""The run protocol as a transition system: every attempt, every request, the servers and the hot side.

An attempt may stop or pause for ever after any step, and another may take its lease at any moment: no move has to be
made, and the lease has no clock. So a step at which an attempt would give up is left out, because standing still is
the same. Every BatchCommit and UPDATE ever sent stays deliverable for ever, any number of times and in any order. Rows
that show late are a commit that arrives late. Attempts are interchangeable, so they start in the order of their names.
"""

from collections.abc import Iterator
from itertools import chain, product

from tests.protocol.attempt import Steps
from tests.protocol.guards import Guards
from tests.protocol.state import DUPLICATED, Layout, Move, Phase, Scenario
from tests.protocol.world import World


class Protocol:
    """The states that can come first, the moves out of each, and what must hold in all of them."""

    def __init__(self, scenario: Scenario, guards: Guards) -> None:
        self.layout = Layout(scenario)
        self.steps = Steps(self.layout, guards)
        self.world = World(self.layout, guards)
        self._competitors = self.layout.attempts[:-1]

    def starts(self) -> Iterator[bytes]:
        """One state for each set of documents that may exist before the first attempt."""
        for present in product((0, 1), repeat=len(self.layout.documents)):
            state = bytearray(self.layout.size)
            state[Layout.EVENTS] = self.layout.scenario.events
            for document, revision in zip(self.layout.documents, present, strict=True):
                state[document.live] = state[document.newest] = revision
            yield bytes(state)

    def moves(self, state: bytes) -> Iterator[Move]:
        """All that can happen next."""
        return chain(self._attempt_moves(state), self.world.moves(state))

    def violation(self, state: bytes) -> str | None:
        """DUP: a key is twice in the fact table. LOST: a retired revision is not in it."""
        for document in self.layout.documents:
            if state[document.row] == DUPLICATED:
                return "DUP"
            if state[document.retired] > state[document.row]:
                return "LOST"
        return None

    def _attempt_moves(self, state: bytes) -> Iterator[Move]:
        for attempt in self._competitors:
            yield from self.steps.moves(state, attempt)
            if state[attempt.phase] == Phase.IDLE:
                return
