"""At which instant a request reads, and within which transaction."""

from collections.abc import Iterable
from typing import NamedTuple

from infra.local.firestore.clock import to_micros
from infra.local.firestore.errors import invalid
from infra.local.firestore.locks import Locks
from infra.local.firestore.messages import (
    BatchGetDocumentsRequest,
    GetDocumentRequest,
    ListCollectionIdsRequest,
    ListDocumentsRequest,
    RunAggregationQueryRequest,
    RunQueryRequest,
    Timestamp,
    TransactionOptions,
)
from infra.local.firestore.names import check_database
from infra.local.firestore.snapshot import Snapshot
from infra.local.firestore.store import Store
from infra.local.firestore.transactions import Transaction, Transactions

_MICROSECOND_NANOS = 1_000

ReadRequest = (
    BatchGetDocumentsRequest
    | GetDocumentRequest
    | ListCollectionIdsRequest
    | ListDocumentsRequest
    | RunAggregationQueryRequest
    | RunQueryRequest
)


class Reading(NamedTuple):
    """What a request sees, and the id of the transaction that it has begun (empty when it has begun none)."""

    snapshot: Snapshot
    begun: bytes = b""


class Readings:
    """Opens transactions and chooses snapshots."""

    def __init__(self, store: Store, transactions: Transactions, locks: Locks) -> None:
        self._store = store
        self._transactions = transactions
        self._locks = locks

    def begin(self, database: str, options: TransactionOptions) -> Transaction:
        """Opens a transaction; a read-only one keeps to the snapshot of its read time, or of now."""
        check_database(database)
        read_only_at = None
        if options.WhichOneof("mode") == "read_only":
            given = options.read_only.HasField("read_time")
            read_only_at = self._instant(options.read_only.read_time) if given else self._store.now()
        with self._store.lock:
            return self._transactions.begin(database, options, read_only_at)

    def roll_back(self, identifier: bytes) -> None:
        """Closes a transaction without a commit."""
        with self._store.lock:
            self._transactions.close_if_open(identifier)
            self._locks.released()

    def reading(self, request: ReadRequest, database: str, locks: Iterable[str]) -> Reading:
        """The snapshot for a request; within a transaction that may write, it is taken once `locks` are held."""
        selector = request.WhichOneof("consistency_selector")
        if selector is None:
            return Reading(Snapshot(self._store, self._store.now()))
        chosen = getattr(request, selector)
        if selector == "read_time":
            return Reading(Snapshot(self._store, self._instant(chosen)))
        if selector == "transaction":
            return Reading(self._within(database, chosen, locks))
        begun = self.begin(database, chosen).id
        return Reading(self._within(database, begun, locks), begun)

    def resume(self, micros: int) -> Snapshot:
        """The snapshot that an earlier request has read."""
        return Snapshot(self._store, self._store.readable(micros))

    def _within(self, database: str, identifier: bytes, locks: Iterable[str]) -> Snapshot:
        with self._store.lock:
            transaction = self._transactions.find(database, identifier)
            if transaction.read_only_at is not None:
                return Snapshot(self._store, transaction.read_only_at)
            self._locks.share(transaction, locks)
            return Snapshot(self._store, self._store.now())

    def _instant(self, read_time: Timestamp) -> int:
        if read_time.nanos % _MICROSECOND_NANOS:
            raise invalid("A read_time has microsecond precision at most.")
        return self._store.readable(to_micros(read_time))
