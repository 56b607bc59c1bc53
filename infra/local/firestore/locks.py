"""Pessimistic locking: who has read a document keeps others from changing it until the transaction ends.

Reads share a lock. A write waits for the readers' transactions to end and gives up after two seconds, as Google's
emulator does; two transactions that wait for each other are told apart at once instead.
A query locks the collections that it looks through as a whole, so nothing can appear in its result either.
"""

import threading
import time
from collections.abc import Callable, Iterable

from infra.local.firestore.errors import aborted
from infra.local.firestore.names import DocumentName, database_of
from infra.local.firestore.store import Scope
from infra.local.firestore.transactions import Transaction, Transactions

_PATIENCE_SECONDS = 2.0


def scope_lock(scope: Scope) -> str:
    """The lock that a query over this scope takes."""
    if not scope.descendants and scope.collection_id:
        return f"{scope.parent}/{scope.collection_id}"
    return _group_lock(scope.parent, scope.collection_id)


def write_locks(name: DocumentName) -> set[str]:
    """Every lock that stands in the way of a write to this document."""
    database = database_of(name.collection)
    _, _, collection_id = name.collection.rpartition("/")
    return {name.full, name.collection, _group_lock(database, collection_id), _group_lock(database, "")}


def _group_lock(within: str, collection_id: str) -> str:
    # No clash with a real name, which goes on with "/documents" after the database.
    return f"{database_of(within)}/**/{collection_id}"


class Locks:
    """Waits on `changed`, a condition over the store's lock, which every caller holds."""

    def __init__(self, transactions: Transactions, lock: threading.RLock) -> None:
        self._transactions = transactions
        self._changed = threading.Condition(lock)
        self._waiting: dict[Transaction, list[Transaction]] = {}
        self._closed = False

    def share(self, transaction: Transaction, names: Iterable[str]) -> None:
        """Locks what a transaction is about to read.

        Transactions that are being retried queue here, each reading only when the one before is through. They would
        otherwise all lose to one another again, and the stock client gives up after five attempts.
        """
        wanted = set(names)
        if transaction.retrying:
            self._wait(transaction, lambda: [each for each in self._blockers(wanted, transaction) if each.retrying])
        transaction.locks |= wanted

    def clear(self, writer: Transaction | None, names: set[str]) -> None:
        """Waits until no other transaction has read what is about to be written.

        Raises:
            RefusedError: Others kept their locks for too long, or this writer gave way in a deadlock.
        """
        if not self._wait(writer, lambda: self._blockers(names, writer)):
            raise aborted("Transaction lock timeout: another transaction has read what this one writes.")

    def released(self) -> None:
        """Tells the waiting that a transaction has ended."""
        self._changed.notify_all()

    def close(self) -> None:
        """Makes everybody who waits give up, so that the server can stop at once."""
        self._closed = True
        self._changed.notify_all()

    def _blockers(self, names: set[str], waiting: Transaction | None) -> list[Transaction]:
        self._transactions.expire()
        return self._transactions.holders(names, waiting)

    def _wait(self, waiting: Transaction | None, find_blockers: Callable[[], list[Transaction]]) -> bool:
        """Whether nobody was in the way any more before patience ran out or the waiting one was told to give way."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        try:
            while blockers := find_blockers():
                if waiting is not None:
                    self._waiting[waiting] = blockers
                    self._break_deadlock(waiting)
                patience = deadline - time.monotonic()
                if patience <= 0 or self._closed or (waiting is not None and waiting.wounded):
                    return False
                self._changed.wait(patience)
            return True
        finally:
            if waiting is not None:
                self._waiting.pop(waiting, None)

    def _break_deadlock(self, waiting: Transaction) -> None:
        """Wounds one of two that wait for each other: the retried one wins, else the one that waited first."""
        for blocker in self._waiting[waiting]:
            if self._waits_for(blocker, waiting, set()):
                victim = blocker if waiting.retrying and not blocker.retrying else waiting
                victim.wounded = True
                self._changed.notify_all()
                return

    def _waits_for(self, one: Transaction, other: Transaction, seen: set[Transaction]) -> bool:
        if one in seen:
            return False
        seen.add(one)
        blockers = self._waiting.get(one, [])
        return other in blockers or any(self._waits_for(each, other, seen) for each in blockers)
