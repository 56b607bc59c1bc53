"""The steps of one attempt, in the order of the design; each is one call to a server or one transaction."""

from collections.abc import Iterator
from itertools import chain

from tests.protocol.guards import Guards
from tests.protocol.order import Order
from tests.protocol.recovery import Recovery
from tests.protocol.rules import Rules
from tests.protocol.state import AttemptAt, Layout, Move, Phase, Plan, Stream

_PAGES = frozenset({Phase.APPEND, Phase.INTEND})
"""Phases in which pages come in."""


class Steps:
    """What an attempt can do next; the first move offered is that of a call answered at once."""

    def __init__(self, layout: Layout, guards: Guards) -> None:
        self._layout = layout
        self._guards = guards
        self._rules = Rules(layout, guards)
        self._order = Order(guards, revises_first=layout.scenario.revises_first)
        recovery = Recovery(layout, guards, self._rules, self._order)
        self._steps = {
            Phase.IDLE: self._acquire,
            Phase.LOOK: recovery.look,
            Phase.SETTLE_FOUND: recovery.settle,
            Phase.CLEAR_FOUND: recovery.clear,
            Phase.READ: self._read,
            Phase.KNOW: self._know,
            Phase.APPEND: self._append,
            Phase.INTEND: self._intend,
            Phase.BLIND_INTEND: self._write_intent,
            Phase.IN_FLIGHT: self._land,
            Phase.LANDED: self._read_intent_again,
            Phase.FINALIZE: self._finalize,
            Phase.CLEAR_EARLY: self._clear_early,
            Phase.COMMIT: self._commit,
            Phase.SETTLE: self._settle,
            Phase.REVISE: self._revise,
            Phase.VERIFY: self._verify,
            Phase.CLOSE: self._close,
            Phase.DONE: self._rest,
        }

    def moves(self, state: bytes, me: AttemptAt) -> Iterator[Move]:
        """All that this attempt can do in this state."""
        phase = state[me.phase]
        moves = self._steps[phase](state, me)
        return chain(moves, self._revise_early(state, me)) if phase in _PAGES else moves

    def _acquire(self, state: bytes, me: AttemptAt) -> Iterator[Move]:
        after = _moved_on(state, me, self._order.after_acquire())
        after[me.fence] = after[me.token] = self._rules.new_token(state, me)
        yield "{} takes the lease", me.name, bytes(after)

    def _read(self, state: bytes, me: AttemptAt) -> Iterator[Move]:
        after = _moved_on(state, me, Phase.KNOW)
        for place, document in zip(me.plan, self._layout.documents, strict=True):
            after[place] = state[document.live]
        yield "{} reads the source", me.name, bytes(after)

    def _know(self, state: bytes, me: AttemptAt) -> Iterator[Move]:
        after = bytearray(state)
        for place, document in zip(me.plan, self._layout.documents, strict=True):
            after[place] = self._rules.planned(state[place], state[document.row])
        after[me.phase] = self._order.after_known(after, me)
        yield "{} asks the fact table for its keys", me.name, bytes(after)

    def _append(self, state: bytes, me: AttemptAt) -> Iterator[Move]:
        after = _moved_on(state, me, Phase.INTEND)
        for offset, place in zip(me.stream.revisions, me.plan, strict=True):
            if state[place] & Plan.NEW:
                after[offset] = state[place] & Plan.REVISION
                after[me.stream.rows] += 1
        after[me.stream.status] = Stream.OPEN if self._guards.finalize_before_intend else Stream.DRAFT
        yield "{} appends its new rows", me.name, bytes(after)

    def _intend(self, state: bytes, me: AttemptAt) -> Iterator[Move]:
        if not self._rules.may_intend(state, me):
            return
        if not self._guards.intend_is_one_transaction:
            yield "{} checks that it may intend", me.name, bytes(_moved_on(state, me, Phase.BLIND_INTEND))
            return
        yield from self._write_intent(state, me)
        unanswered = Phase.IN_FLIGHT if self._guards.unanswered_intend_is_read_again else Phase.COMMIT
        yield "{} intends and gets no answer", me.name, bytes(_moved_on(state, me, unanswered))

    def _write_intent(self, state: bytes, me: AttemptAt) -> Iterator[Move]:
        after = _moved_on(state, me, self._order.after_intent())
        after[me.intent] = me.stream.number
        yield "{} writes its intent", me.name, bytes(after)

    def _land(self, state: bytes, me: AttemptAt) -> Iterator[Move]:
        if self._rules.may_intend(state, me):
            after = _moved_on(state, me, Phase.LANDED)
            after[me.intent] = me.stream.number
            yield "the unanswered intent of {} lands", me.name, bytes(after)

    def _read_intent_again(self, state: bytes, me: AttemptAt) -> Iterator[Move]:
        if state[me.intent] == me.stream.number:
            yield "{} sees its own intent stand", me.name, bytes(_moved_on(state, me, self._order.after_intent()))

    def _finalize(self, state: bytes, me: AttemptAt) -> Iterator[Move]:
        after = _moved_on(state, me, Phase.COMMIT)
        if state[me.stream.status] == Stream.DRAFT:
            after[me.stream.status] = Stream.OPEN
        yield "{} finalizes its stream", me.name, bytes(after)

    def _clear_early(self, state: bytes, me: AttemptAt) -> Iterator[Move]:
        after = _moved_on(state, me, Phase.COMMIT)
        after[me.intent] = self._intent_after_clearing(state, me)
        yield "{} clears its intent", me.name, bytes(after)

    def _commit(self, state: bytes, me: AttemptAt) -> Iterator[Move]:
        after = _moved_on(state, me, Phase.SETTLE)
        after[me.stream.sent] = 1
        yield "{} sends its commit", me.name, bytes(after)

    def _settle(self, state: bytes, me: AttemptAt) -> Iterator[Move]:
        if self._rules.is_committed(state, me.stream):
            after = _moved_on(state, me, self._order.after_commit(state, me))
            yield "{} takes its stream for committed", me.name, bytes(after)
            return
        if not self._guards.failure_leaves_intent:
            yield "{} gives its stream up", me.name, bytes(_moved_on(state, me, Phase.CLOSE))
        if self._layout.scenario.retries_in_process:
            yield from self._retry(state, me)

    def _retry(self, state: bytes, me: AttemptAt) -> Iterator[Move]:
        heir = next(other for other in self._layout.attempts if state[other.phase] == Phase.IDLE)
        if heir is not self._layout.clean:
            after = _ended(state, me)
            after[heir.token] = state[me.token]
            after[heir.phase] = Phase.READ
            yield f"{{}} starts again as {heir.name}", me.name, bytes(after)

    def _revise(self, state: bytes, me: AttemptAt) -> Iterator[Move]:
        after = _moved_on(state, me, self._order.after_revise(state, me))
        for place, document in zip(me.plan, self._layout.documents, strict=True):
            if state[place] & Plan.REVISED:
                after[document.updates] |= 1 << (state[place] & Plan.REVISION)
        yield "{} sends its UPDATE", me.name, bytes(after)

    def _revise_early(self, state: bytes, me: AttemptAt) -> Iterator[Move]:
        """While pages come in, an UPDATE is sent as soon as enough rows wait for it."""
        for place, document in zip(me.plan, self._layout.documents, strict=True):
            sent = 1 << (state[place] & Plan.REVISION)
            if state[place] & Plan.REVISED and not state[document.updates] & sent:
                after = bytearray(state)
                after[document.updates] |= sent
                yield "{} sends an UPDATE before its commit", me.name, bytes(after)

    def _verify(self, state: bytes, me: AttemptAt) -> Iterator[Move]:
        if self._rules.is_verified(state, me):
            yield "{} verifies its rows", me.name, bytes(_moved_on(state, me, Phase.CLOSE))

    def _close(self, state: bytes, me: AttemptAt) -> Iterator[Move]:
        after = _ended(state, me)
        after[me.intent] = self._intent_after_clearing(state, me)
        yield "{} closes", me.name, bytes(after)

    def _rest(self, _state: bytes, _me: AttemptAt) -> Iterator[Move]:
        return iter(())

    def _intent_after_clearing(self, state: bytes, me: AttemptAt) -> int:
        return 0 if self._rules.may_clear(state, me, me.stream.number) else state[me.intent]


def _moved_on(state: bytes, me: AttemptAt, phase: int) -> bytearray:
    after = bytearray(state)
    after[me.phase] = phase
    return after


def _ended(state: bytes, me: AttemptAt) -> bytearray:
    """An attempt that is over remembers nothing, so that such states fall together."""
    after = _moved_on(state, me, Phase.DONE)
    for place in (me.token, me.subject, *me.plan):
        after[place] = 0
    return after
