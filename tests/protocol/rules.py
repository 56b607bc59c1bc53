"""The questions that an attempt asks before it acts: most guards live here."""

from tests.protocol.guards import Guards
from tests.protocol.state import AttemptAt, Layout, Plan, Stream, StreamAt


class Rules:
    """Answers from a state what the guards in force allow."""

    def __init__(self, layout: Layout, guards: Guards) -> None:
        self._layout = layout
        self._guards = guards

    def new_token(self, state: bytes, me: AttemptAt) -> int:
        """The fence that taking the lease gives; an attempt's number stands for "one more than ever before"."""
        holder = state[me.fence]
        again = holder and self._layout.attempts[holder - 1].execution == me.execution
        return holder if again and not self._guards.acquire_always_raises_fence else me.number

    def may_intend(self, state: bytes, me: AttemptAt) -> bool:
        """Whether the transaction that writes the intent goes through."""
        if self._guards.intend_checks_no_intent and state[me.intent]:
            return False
        return self._is_mine(state, me) or not self._guards.intend_checks_fence

    def may_clear(self, state: bytes, me: AttemptAt, stream: int) -> bool:
        """Whether the transaction that strikes out the intent of this stream goes through."""
        if self._guards.clear_compares_stream and state[me.intent] != stream:
            return False
        return self._is_mine(state, me) or not self._guards.clear_compares_fence

    def is_committed(self, state: bytes, stream: StreamAt) -> bool:
        """Whether settling takes the stream for committed."""
        return not self._guards.commit_is_proved_by_rows or self._count(state, stream) == state[stream.rows]

    def is_gone(self, state: bytes, stream: StreamAt) -> bool:
        """Whether settling takes "not found", or "not finalized", for a stream that nobody can commit any more.

        An open stream may answer "not found" too; a day later that would be the truth.
        """
        if self._count(state, stream):
            return False
        if state[stream.status] == Stream.OPEN:
            return not self._guards.not_found_waits_a_day
        return state[stream.status] in {Stream.GONE, Stream.FORGOTTEN, Stream.DRAFT}

    def planned(self, revision: int, row: int) -> int:
        """What to do with a candidate, given the revision of its row in the fact table (0: no row)."""
        if not self._guards.known_covers_all_partitions and row != revision:
            row = 0
        if revision and not (row and self._guards.known_is_asked):
            return revision | Plan.NEW
        return revision | Plan.REVISED if row < revision else 0

    def is_verified(self, state: bytes, me: AttemptAt) -> bool:
        """Whether each planned key stands in the fact table with its revision or a newer one."""
        pairs = zip(me.plan, self._layout.documents, strict=True)
        return not self._guards.verify_by_key or all(
            state[document.row] >= state[place] & Plan.REVISION for place, document in pairs
        )

    def _is_mine(self, state: bytes, me: AttemptAt) -> bool:
        if self._guards.fence_names_attempt:
            return state[me.fence] == state[me.token]
        return self._layout.attempts[state[me.fence] - 1].execution == me.execution

    def _count(self, state: bytes, stream: StreamAt) -> int:
        return sum(state[document.run] == stream.number for document in self._layout.documents)
