"""Step 2: an attempt settles the intent that it finds before it does anything of its own."""

from collections.abc import Iterator

from tests.protocol.guards import Guards
from tests.protocol.order import Order
from tests.protocol.rules import Rules
from tests.protocol.state import AttemptAt, Layout, Move, Phase


class Recovery:
    """Look, settle, clear; an intent that cannot be settled is left alone, and the attempt goes no further."""

    def __init__(self, layout: Layout, guards: Guards, rules: Rules, order: Order) -> None:
        self._layout = layout
        self._happens = guards.recovery_happens
        self._commits = guards.recovery_commits
        self._commits_first = guards.recovery_commits and guards.recovery_commits_before_clearing
        self._rules = rules
        self._order = order

    def look(self, state: bytes, me: AttemptAt) -> Iterator[Move]:
        """Reads the lease document for an intent."""
        after = bytearray(state)
        found = state[me.intent] if self._happens else 0
        if not found:
            after[me.phase] = self._order.after_recovery(state, me)
            yield "{} has no intent to settle", me.name, bytes(after)
            return
        after[me.subject] = found
        after[me.phase] = Phase.CLEAR_FOUND
        if self._commits_first:
            self._send_commit(after, me, found)
        yield f"{{}} finds the intent of {self._layout.streams[found - 1].name}", me.name, bytes(after)

    def settle(self, state: bytes, me: AttemptAt) -> Iterator[Move]:
        """Weighs the answer to the commit against the rows in the table."""
        stream = self._layout.streams[state[me.subject] - 1]
        committed = self._rules.is_committed(state, stream)
        if committed or self._rules.is_gone(state, stream):
            after = bytearray(state)
            after[me.phase] = Phase.CLEAR_FOUND if self._commits_first else self._order.after_recovery(state, me)
            yield f"{{}} takes that stream for {'committed' if committed else 'gone'}", me.name, bytes(after)

    def clear(self, state: bytes, me: AttemptAt) -> Iterator[Move]:
        """Strikes the settled intent out."""
        found = state[me.subject]
        if not self._rules.may_clear(state, me, found):
            return
        after = bytearray(state)
        after[me.intent] = 0
        if self._commits and not self._commits_first:
            self._send_commit(after, me, found)
        else:
            after[me.subject] = 0
            after[me.phase] = self._order.after_recovery(state, me)
        yield "{} clears the intent it found", me.name, bytes(after)

    def _send_commit(self, after: bytearray, me: AttemptAt, stream: int) -> None:
        after[self._layout.streams[stream - 1].sent] = 1
        after[me.phase] = Phase.SETTLE_FOUND
