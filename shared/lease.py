"""One lease per fact table: a fence, an owner, and the intent to commit a stream, written down before the commit.

Safety rests on the fence and on the intent alone; the clock only saves work. Every statement here is one Firestore
transaction, on one document where the table is not split into shards. A table that is has a lease per shard, and the
number of shards stands in the lease document of the table itself.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from google.api_core.exceptions import GoogleAPIError
from google.cloud import firestore

from shared.retrying import persistently
from shared.settings import Settings
from shared.shards import WHOLE, Shard, shards
from shared.transaction import transact

T = TypeVar("T")

COLLECTION = "job_leases"


class SplitError(Exception):
    """A table has another number of shards than the run that wants to fill it believes, or cannot be split now."""


class LeaseLostError(Exception):
    """Another run took the lease; nothing of ours may be committed any more."""


@dataclass(frozen=True)
class Intent:
    """A stream that somebody was about to commit."""

    stream: str
    run_id: str
    n: int
    """Rows in the stream."""
    created_at: datetime
    """Server time."""


@dataclass(frozen=True)
class State:
    """What the lease document says."""

    fence: int
    owner: str | None
    expires_at: datetime | None
    intent: Intent | None
    read_at: datetime
    """Server time of this reading."""
    shards: int = 1
    """Into how many the table is split; stands in the lease document of the whole table only."""

    def free_for(self, owner: str) -> bool:
        """Whether `owner` may take the lease: nobody holds it, it expired, or it is a retried call of the same run."""
        return self.owner in {None, owner} or self.expires_at is None or self.expires_at <= self.read_at


class Leases:
    """The lease documents."""

    def __init__(self, client: firestore.Client, settings: Settings) -> None:
        """Keep leases in the `job_leases` collection of `client`'s database."""
        self.client = client
        self._collection = client.collection(settings.collection(COLLECTION))
        self.life = timedelta(seconds=settings.lease_seconds)
        self.retry_seconds = settings.retry_seconds
        self._timeout = settings.call_timeout_s

    def acquire(self, name: str, owner: str, shard: Shard = WHOLE) -> "Lease | None":
        """Take the lease of a table or of a shard of it, raising its fence by one. None: another run holds it.

        Raises:
            SplitError: The table has another number of shards.
        """
        reference, whole = self._collection.document(shard.of(name)), self._collection.document(name)

        def take(transaction: firestore.Transaction) -> State | None:
            state = self.read(reference, transaction)
            count = state.shards if shard == WHOLE else self.read(whole, transaction).shards
            if count != shard.count:
                raise SplitError(f"{name} has {count} shards, not {shard.count}; start the job anew")
            if not state.free_for(owner):
                return None
            fields = {"fence": state.fence + 1, "owner": owner, "expires_at": state.read_at + self.life}
            transaction.set(reference, fields, merge=True)
            return state

        try:
            state = transact(self.client, take, self.retry_seconds)
        except GoogleAPIError:
            # The answer may be lost and the lease ours nevertheless; owners are unique, so the document knows.
            if (state := self.read(reference)).owner != owner:
                raise
            return Lease(self, reference, owner, state.fence, state.intent)
        return None if state is None else Lease(self, reference, owner, state.fence + 1, state.intent)

    def split(self, name: str, count: int) -> None:
        """Split a table into another number of shards, in one transaction that nobody's lease survives.

        All fences rise, for a run that lost its lease without knowing must not commit under the old division.

        Raises:
            SplitError: A run holds a lease of the table, or left an intent.
        """
        whole = self._collection.document(name)

        def write(transaction: firestore.Transaction) -> None:
            now = self.read(whole, transaction).shards
            names = {one for number in (1, now, count) for one in _names(name, number)}
            held = {one: self.read(self._collection.document(one), transaction) for one in sorted(names)}
            for one, state in held.items():
                if not state.free_for("") or state.intent is not None:
                    who = state.intent.run_id if state.intent else state.owner
                    raise SplitError(f"{one} is not free: run {who} is under way, or its commit is not settled")
            for one, state in held.items():
                fields = {"owner": None, "expires_at": None, "intent": None, "fence": state.fence + 1}
                transaction.set(self._collection.document(one), fields, merge=True)
            transaction.set(whole, {"shards": count}, merge=True)

        transact(self.client, write, self.retry_seconds)

    def of(self, name: str) -> list[Shard]:
        """List the shards of a table."""
        return shards(self.peek(name).shards)

    def states(self, name: str) -> dict[str, State]:
        """Read all leases of a table without touching them, one for each shard, by their names."""
        whole = self.peek(name)
        return {one: whole if one == name else self.peek(one) for one in _names(name, whole.shards)}

    def peek(self, name: str) -> State:
        """Read a lease without touching it."""
        return self.read(self._collection.document(name))

    def read(self, reference: Any, transaction: firestore.Transaction | None = None) -> State:
        """Read a lease document; an absent one is a free lease with fence 0."""

        def once() -> Any:
            return reference.get(transaction=transaction, retry=None, timeout=self._timeout)

        # Inside a transaction a failed read ends the transaction; outside it may be sent again.
        snapshot = once() if transaction else persistently(self.retry_seconds, once)
        fields = snapshot.to_dict() or {}
        intent = fields.get("intent")
        return State(
            fence=fields.get("fence", 0),
            owner=fields.get("owner"),
            expires_at=fields.get("expires_at"),
            intent=Intent(**intent) if intent else None,
            read_at=snapshot.read_time,
            shards=fields.get("shards", 1),
        )


def _names(table: str, count: int) -> list[str]:
    return [shard.of(table) for shard in shards(count)]


class Lease:
    """A lease held under one fence."""

    def __init__(self, leases: Leases, reference: Any, owner: str, fence: int, intent: Intent | None) -> None:
        """Hold `reference` as `owner` under `fence`; `intent` is what the last holder left behind."""
        self._leases = leases
        self._reference = reference
        self._owner = owner
        self._mutex = threading.Lock()
        self.fence = fence
        self.found_intent = intent

    def now(self) -> datetime:
        """Server time."""
        return self._leases.read(self._reference).read_at

    def intend(self, stream: str, n: int) -> None:
        """Write down the intent to commit `stream` with `n` rows. An unanswered write is looked up, not repeated.

        Raises:
            LeaseLostError: The fence is not ours any more, or another intent is in the way.
        """
        intent = {"stream": stream, "run_id": self._owner, "n": n, "created_at": firestore.SERVER_TIMESTAMP}

        def write(transaction: firestore.Transaction) -> None:
            state = self._leases.read(self._reference, transaction)
            if state.intent is None or state.intent.stream != stream:
                self._require(state.fence == self.fence and state.intent is None)
                transaction.update(self._reference, {"intent": intent})

        self._with_lookup(write, lambda state: state.intent is not None and state.intent.stream == stream)

    def clear(self, stream: str) -> None:
        """Take the intent away if, and only if, it is that of `stream` and the fence is ours.

        Raises:
            LeaseLostError: Another run took the lease; it settles the intent itself.
        """

        def write(transaction: firestore.Transaction) -> None:
            state = self._leases.read(self._reference, transaction)
            self._require(state.fence == self.fence)
            if state.intent is not None and state.intent.stream == stream:
                transaction.update(self._reference, {"intent": None})

        self._with_lookup(write, lambda state: state.fence == self.fence and state.intent is None)

    def release(self) -> None:
        """Give the lease back if the fence is still ours."""

        def write(transaction: firestore.Transaction) -> None:
            if self._leases.read(self._reference, transaction).fence == self.fence:
                transaction.update(self._reference, {"owner": None, "expires_at": None})

        self._with_lookup(write, lambda state: state.fence != self.fence or state.owner is None)

    def renew(self) -> bool:
        """Prolong the lease; False when it is not ours any more."""

        def write(transaction: firestore.Transaction) -> bool:
            state = self._leases.read(self._reference, transaction)
            if state.fence == self.fence:
                transaction.update(self._reference, {"expires_at": state.read_at + self._leases.life})
            return state.fence == self.fence

        return self._exclusively(write)

    def require_held(self) -> None:
        """Stop here if another run took the lease.

        Raises:
            LeaseLostError: It did.
        """
        self._require(self._leases.read(self._reference).fence == self.fence)

    @contextmanager
    def heartbeat(self) -> Iterator[None]:
        """Prolong the lease from a thread until the block ends. A failing heartbeat only lets the lease expire."""
        stop = threading.Event()
        thread = threading.Thread(target=self._beat, args=(stop,), name="lease-heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()

    def _beat(self, stop: threading.Event) -> None:
        while not stop.wait(self._leases.life.total_seconds() / 3):
            try:
                if not self.renew():
                    return
            except GoogleAPIError:
                # The lease is economy: without it a second run may start, which the fence makes harmless.
                continue

    def _require(self, ours: bool) -> None:  # noqa: FBT001 - reads as an assertion
        if not ours:
            raise LeaseLostError(f"the lease {self._reference.id} was taken by another run, or holds another intent")

    def _with_lookup(self, write: Callable[[firestore.Transaction], None], done: Callable[[State], bool]) -> None:
        try:
            self._exclusively(write)
        except GoogleAPIError:
            if not done(self._leases.read(self._reference)):
                raise

    def _exclusively(self, write: Callable[[firestore.Transaction], T]) -> T:
        """Keep the heartbeat and the run from contending for the document within one process."""
        with self._mutex:
            return transact(self._leases.client, write, self._leases.retry_seconds)
