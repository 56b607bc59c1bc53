"""The run protocol as a program: one generator per attempt, which yields at every remote call.

Whoever drives it does the call and sends the answer in, or throws `UnansweredError`: the call happened, did not happen,
or will. This is the text to read beside `shared/archival.py` and `shared/lease.py`.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeAlias

from tests.protocol.guards import Guards
from tests.protocol.servers import Intent, LeaseAt, Life, Revisions, Said, Servers, Stream

_TRIES = 3
_COMMITS = 2
"""How often a commit is asked for before its outcome counts as unknown; the fewer, the more often it does."""


class UnansweredError(Exception):
    """Thrown into an attempt: it will never know what became of its call."""


class StopError(Exception):
    """An attempt gives up; what it wrote stays for the next one."""


@dataclass(frozen=True)
class Call:
    """One remote call."""

    name: str
    act: Callable[[Servers], Any]
    lingers: bool = False
    """Whether it may still arrive after it went unanswered; once, as a transaction does."""
    repeats: bool = False
    """Whether it may arrive again at any time."""


Steps: TypeAlias = Generator[Call, Any, Any]


class Attempt:
    """One attempt of one run."""

    def __init__(
        self,
        name: str,
        execution: int,
        guards: Guards,
        lease: int = 0,
        *,
        retries: bool = False,
        revises_first: bool = False,
    ) -> None:
        self.name = name
        self._execution = execution
        self._guards = guards
        self._lease = lease
        self._starts_left = 2 if retries else 1
        self._revises_first = revises_first
        self._fence = 0

    def run(self) -> Steps:
        """Go down the line once; returns whether it came to the end, and stops early where the protocol says so."""
        try:
            found = yield from self._insist(Call("acquire", self._acquire))
            plan = None if self._guards.known_after_recovery else (yield from self._plan())
            if found and self._guards.recovery_happens:
                yield from self._recover(found)
            while self._starts_left:
                self._starts_left -= 1
                if (yield from self._work(plan or (yield from self._plan()))):
                    return True
                plan = None
        except StopError:
            pass
        return False

    def _work(self, plan: tuple[Revisions, Revisions]) -> Steps:
        new, revised = plan
        stream = f"{self.name}{self._starts_left}"
        updates = [self._update(key, revision, stream) for key, revision in revised.items()]
        yield from self._send(updates if self._revises_first else [])
        if new and not (yield from self._publish(stream, new)):
            return False
        yield from self._send([] if self._revises_first else updates)
        yield from self._verify({**new, **revised})
        if new:
            yield from self._insist(Call("close", lambda servers: self._clear(servers, stream)))
        return True

    def _verify(self, wanted: Revisions) -> Steps:
        held = (yield from self._insist(Call("verify", Servers.known))) if wanted else {}
        if self._guards.verify_by_key and any(held.get(key, 0) < revision for key, revision in wanted.items()):
            raise StopError

    def _plan(self) -> Steps:
        live = yield from self._insist(Call("read", lambda servers: dict(servers.live)))
        known = yield from self._insist(Call("known", Servers.known))
        if not self._guards.known_is_asked:
            known = {}
        if not self._guards.known_covers_all_partitions:  # an edit moves the document to another one
            known = {key: revision for key, revision in known.items() if live.get(key) == revision}
        new = {key: revision for key, revision in live.items() if key not in known}
        return new, {key: revision for key, revision in live.items() if known.get(key, revision) < revision}

    def _publish(self, stream: str, new: Revisions) -> Steps:
        guards = self._guards
        yield from self._insist(Call("append", lambda s: s.streams.setdefault(stream, Stream(new, s.day))))
        if guards.finalize_before_intend:
            yield from self._insist(Call("finalize", lambda servers: _finalize(servers, stream)))
        intent = yield from self._intend(stream, len(new))
        if not guards.finalize_before_intend:
            yield from self._insist(Call("finalize", lambda servers: _finalize(servers, stream)))
        if not guards.commit_before_clear:
            yield from self._insist(Call("clear early", lambda servers: self._clear(servers, stream)))
        if (yield from self._settle(intent)) is Life.COMMITTED:
            return True
        if not guards.failure_leaves_intent:
            yield from self._insist(Call("tidy up", lambda servers: self._clear(servers, stream)))
        return False

    def _intend(self, stream: str, n: int) -> Steps:
        if not self._guards.intend_is_one_transaction:
            if not (yield from self._insist(Call("check", self._may_intend))):
                raise StopError
            return (yield from self._insist(Call("intend blindly", lambda servers: self._write(servers, stream, n))))
        try:
            written = yield Call("intend", lambda servers: self._check_and_write(servers, stream, n), lingers=True)
        except UnansweredError:
            seen = yield from self._insist(Call("look again", lambda servers: self._at(servers).intent))
            written = seen if seen and seen.stream == stream else None
            if not self._guards.unanswered_intend_is_read_again:
                written = Intent(stream, n, 0)
        if written is None:
            raise StopError
        return written

    def _settle(self, intent: Intent) -> Steps:
        """Ask for the commit and count the rows; None: not decided."""
        for _ in range(_COMMITS):
            try:
                said = yield Call("commit", lambda s: s.commit(intent.stream), lingers=True, repeats=True)
            except UnansweredError:
                said = None
            count, day = yield from self._insist(Call("count", lambda servers: servers.count(intent.stream)))
            if count == intent.n or not self._guards.commit_is_proved_by_rows:
                return Life.COMMITTED
            old = day > intent.day or not self._guards.not_found_waits_a_day
            if not count and ((said is Said.NOT_FOUND and old) or said is Said.NOT_FINALIZED):
                return Life.GONE
        return None

    def _recover(self, found: Intent) -> Steps:
        clear = Call("clear found", lambda servers: self._clear(servers, found.stream))
        first = self._guards.recovery_commits and self._guards.recovery_commits_before_clearing
        if not first and not (yield from self._insist(clear)):
            raise StopError
        if self._guards.recovery_commits and not (yield from self._settle(found)):
            raise StopError
        if first and not (yield from self._insist(clear)):
            raise StopError

    def _update(self, key: str, revision: int, run: str) -> Call:
        def act(servers: Servers) -> None:
            for row in servers.table.get(key, ()):
                if row.revision < revision or not self._guards.update_compares_revision:
                    row.revision = revision
                    row.run = row.run if self._guards.update_keeps_run_id else run

        return Call("update", act, lingers=True, repeats=True)

    def _acquire(self, servers: Servers) -> Intent | None:
        at = self._at(servers)
        again = at.fence and at.execution == self._execution
        if not again or self._guards.acquire_always_raises_fence:
            at.fence += 1
        at.execution, self._fence = self._execution, at.fence
        return at.intent

    def _check_and_write(self, servers: Servers, stream: str, n: int) -> Intent | None:
        return self._write(servers, stream, n) if self._may_intend(servers) else None

    def _may_intend(self, servers: Servers) -> bool:
        free = self._at(servers).intent is None or not self._guards.intend_checks_no_intent
        return free and (self._is_mine(servers) or not self._guards.intend_checks_fence)

    def _write(self, servers: Servers, stream: str, n: int) -> Intent:
        intent = self._at(servers).intent = Intent(stream, n, servers.day)
        return intent

    def _clear(self, servers: Servers, stream: str) -> bool:
        at = self._at(servers)
        if self._guards.clear_compares_stream and (at.intent is None or at.intent.stream != stream):
            return False
        if self._guards.clear_compares_fence and not self._is_mine(servers):
            return False
        at.intent = None
        return True

    def _is_mine(self, servers: Servers) -> bool:
        at = self._at(servers)
        return at.fence == self._fence if self._guards.fence_names_attempt else at.execution == self._execution

    def _at(self, servers: Servers) -> LeaseAt:
        return servers.leases[self._lease]

    def _send(self, calls: list[Call]) -> Steps:
        for call in calls:
            yield from self._insist(call)

    def _insist(self, call: Call) -> Steps:
        """Repeat a call that may be repeated freely until it is answered."""
        for _ in range(_TRIES):
            try:
                return (yield call)
            except UnansweredError:
                continue
        raise StopError


def _finalize(servers: Servers, stream: str) -> None:
    if servers.streams[stream].life is Life.DRAFT:
        servers.streams[stream].life = Life.OPEN
