"""Commits: several writes as one step, after everything in their way is gone."""

from collections.abc import Iterable

from infra.local.firestore.errors import invalid
from infra.local.firestore.locks import Locks, write_locks
from infra.local.firestore.messages import Write, WriteResult
from infra.local.firestore.names import DocumentName
from infra.local.firestore.store import Store
from infra.local.firestore.transactions import Transactions
from infra.local.firestore.writes import perform, target


class Committer:
    """The one place that changes the store."""

    def __init__(self, store: Store, transactions: Transactions, locks: Locks) -> None:
        self._store = store
        self._transactions = transactions
        self._locks = locks

    def commit(self, database: str, writes: Iterable[Write]) -> tuple[list[WriteResult], int]:
        """Applies all writes or none; returns their results and the commit time in microseconds."""
        named = [(target(write, database), write) for write in writes]
        with self._store.lock:
            self._locks.clear(None, _locks(named))
            return self._apply(named)

    def commit_transaction(
        self, database: str, writes: Iterable[Write], identifier: bytes
    ) -> tuple[list[WriteResult], int]:
        """The same within a transaction, which is over once its writes were tried, whether or not they went through."""
        named = [(target(write, database), write) for write in writes]
        with self._store.lock:
            transaction = self._transactions.find(database, identifier)
            if named and transaction.read_only_at is not None:
                raise invalid("Cannot modify documents in a read-only transaction.")
            try:
                self._locks.clear(transaction, _locks(named))
                # The same commit may have been delivered twice, and the other one been through while this one waited.
                self._transactions.find(database, identifier)
                return self._apply(named)
            finally:
                self._transactions.end(transaction)
                self._locks.released()

    def _apply(self, named: list[tuple[DocumentName, Write]]) -> tuple[list[WriteResult], int]:
        micros = self._store.clock.commit()
        states: dict[DocumentName, bytes | None] = {}
        results = []
        for name, write in named:
            current = states[name] if name in states else self._current(name)
            states[name], result = perform(write, name, current, micros)
            results.append(result)
        changes = {name: body for name, body in states.items() if body != self._current(name)}
        if changes:
            self._store.apply(changes, micros)
        return results, micros

    def _current(self, name: DocumentName) -> bytes | None:
        version = self._store.latest(name)
        return version.body if version is not None else None


def _locks(named: list[tuple[DocumentName, Write]]) -> set[str]:
    return set().union(*(write_locks(name) for name, _ in named))
