"""The convergence oracle: whatever has happened, one undisturbed run puts it right, and no old request undoes that."""

from tests.protocol.model import Protocol
from tests.protocol.state import AttemptAt, Phase, Plan


class Oracle:
    """Kills every attempt, lets one clean run work alone, delivers all old requests and looks at the result.

    Old BatchCommits and UPDATEs, that is: an intent still on its way finds that the clean run has raised the fence.
    """

    def __init__(self, protocol: Protocol) -> None:
        self._protocol = protocol
        self._layout = protocol.layout
        self._sound: set[bytes] = set()

    def verdict(self, state: bytes) -> str | None:
        """DUP, LOST or STUCK, or None where the state converges. What the attempts remember makes no difference."""
        shared = state[: self._layout.attempts_start]
        if shared in self._sound:
            return None
        verdict, _ = self.ending(state)
        if verdict is None:
            self._sound.add(shared)
        return verdict

    def ending(self, state: bytes) -> tuple[str | None, tuple[str, ...]]:
        """The verdict, and what was done to reach it."""
        trace = ["every attempt is killed"]
        finished = self._run_clean(state[: self._layout.attempts_start].ljust(self._layout.size, b"\0"), trace)
        if finished is None:
            return "STUCK", (*trace, "the clean run cannot go on")
        settled = self._deliver_old_requests(finished)
        verdict = self._protocol.violation(settled) or ("LOST" if self._misses_a_document(settled) else None)
        return verdict, (*trace, "all old requests arrive")

    def _run_clean(self, state: bytes, trace: list[str]) -> bytes | None:
        me = self._layout.clean
        while state[me.phase] != Phase.DONE:
            move = next(self._protocol.steps.moves(state, me), None)
            if move is None:
                return None
            what, name, state = move
            trace.append(what.format(name))
            state = self._answer(state, me)
        return state

    def _answer(self, state: bytes, me: AttemptAt) -> bytes:
        """Delivers what the clean run has just sent."""
        world = self._protocol.world
        if state[me.phase] == Phase.SETTLE_FOUND:
            return world.commit(state, self._layout.streams[state[me.subject] - 1])
        if state[me.phase] == Phase.SETTLE:
            return world.commit(state, me.stream)
        if state[me.phase] in {Phase.VERIFY, Phase.APPEND}:
            for place, document in zip(me.plan, self._layout.documents, strict=True):
                revision = state[place] & Plan.REVISION
                if state[place] & Plan.REVISED and state[document.updates] >> revision & 1:
                    state = world.update(state, document, revision)
        return state

    def _deliver_old_requests(self, state: bytes) -> bytes:
        world = self._protocol.world
        for stream in self._layout.streams:
            if state[stream.sent]:
                state = world.commit(state, stream)
        for document in self._layout.documents:
            for revision in world.updates_sent(state, document):
                state = world.update(state, document, revision)
        return state

    def _misses_a_document(self, state: bytes) -> bool:
        return any(state[document.live] not in {0, state[document.row]} for document in self._layout.documents)
