"""Transactions and contention, on Google's emulator and on the stand-in alike."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from google.api_core import exceptions
from google.cloud import firestore
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.types import (
    BatchGetDocumentsRequest,
    CommitRequest,
    CommitResponse,
    Document,
    Precondition,
    RunQueryRequest,
    StructuredQuery,
    TransactionOptions,
    Value,
    Write,
)

pytest_plugins = ["tests.emulator.firestore_fixtures"]

_READ_ONLY = TransactionOptions(read_only=TransactionOptions.ReadOnly())


class Steps:
    """The requests of a transaction one by one, which the stock client makes on its own."""

    def __init__(self, api: FirestoreClient, database: str) -> None:
        self._api = api
        self._database = database

    def begin(self, options: TransactionOptions | None = None) -> bytes:
        return self._api.begin_transaction({"database": self._database, "options": options}).transaction

    def read(self, path: str, transaction: bytes = b"") -> int | None:
        request = BatchGetDocumentsRequest(database=self._database, documents=[self._name(path)])
        if transaction:
            request.transaction = transaction
        (response,) = self._api.batch_get_documents(request, retry=None)
        return response.found.fields["x"].integer_value if response.found else None

    def scan(self, collection: str, transaction: bytes) -> int:
        query = StructuredQuery(from_=[StructuredQuery.CollectionSelector(collection_id=collection)])
        parent = f"{self._database}/documents"
        request = RunQueryRequest(parent=parent, structured_query=query, transaction=transaction)
        return sum(bool(response.document.name) for response in self._api.run_query(request, retry=None))

    def write(
        self, path: str, value: int, transaction: bytes = b"", condition: Precondition | None = None
    ) -> CommitResponse:
        document = Document(name=self._name(path), fields={"x": Value(integer_value=value)})
        return self._commit([Write(update=document, current_document=condition)], transaction)

    def finish(self, transaction: bytes) -> CommitResponse:
        return self._commit([], transaction)

    def roll_back(self, transaction: bytes) -> None:
        self._api.rollback({"database": self._database, "transaction": transaction})

    def _commit(self, writes: list[Write], transaction: bytes) -> CommitResponse:
        request = CommitRequest(database=self._database, writes=writes, transaction=transaction)
        return self._api.commit(request, retry=None)

    def _name(self, path: str) -> str:
        return f"{self._database}/documents/{path}"


@pytest.fixture
def steps(either_api: FirestoreClient, database: str) -> Steps:
    return Steps(either_api, database)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor() as executor:
        yield executor


def test_a_transaction_commits_what_it_writes(steps: Steps) -> None:
    transaction = steps.begin()
    steps.read("c/d", transaction)
    steps.write("c/d", 1, transaction)

    assert steps.read("c/d") == 1


def test_a_commit_that_is_delivered_again_is_refused(steps: Steps) -> None:
    transaction = steps.begin()
    steps.write("c/d", 1, transaction)

    with pytest.raises(exceptions.InvalidArgument):
        steps.write("c/d", 2, transaction)
    with pytest.raises(exceptions.InvalidArgument):
        steps.read("c/d", transaction)


def test_a_commit_that_fails_ends_its_transaction(steps: Steps) -> None:
    transaction = steps.begin()

    with pytest.raises(exceptions.NotFound):
        steps.write("c/missing", 1, transaction, Precondition(exists=True))
    with pytest.raises(exceptions.InvalidArgument):
        steps.write("c/d", 1, transaction)


def test_an_id_that_never_was_a_transaction_is_refused(steps: Steps) -> None:
    with pytest.raises(exceptions.InvalidArgument):
        steps.write("c/d", 1, b"nonsense")
    with pytest.raises(exceptions.InvalidArgument):
        steps.roll_back(b"nonsense")


def test_a_write_waits_for_the_transaction_that_has_read_its_document(steps: Steps, pool: ThreadPoolExecutor) -> None:
    transaction = steps.begin()
    steps.read("c/d", transaction)

    outside = pool.submit(steps.write, "c/d", 2)
    for number in range(20):
        steps.write("c/other", number)
    waiting = not outside.done()
    inside = steps.write("c/d", 1, transaction)

    assert waiting
    assert outside.result().commit_time > inside.commit_time
    assert steps.read("c/d") == 2


def test_what_an_open_transaction_has_read_cannot_change(steps: Steps, pool: ThreadPoolExecutor) -> None:
    steps.write("c/d", 1)
    transaction = steps.begin()
    steps.read("c/d", transaction)
    steps.read("c/missing", transaction)
    steps.scan("queried", transaction)

    writes = [pool.submit(steps.write, path, 2) for path in ("c/d", "c/missing", "queried/new")]

    assert [type(write.exception()) for write in writes] == [exceptions.Aborted] * 3
    assert steps.read("c/d", transaction) == 1
    assert steps.scan("queried", transaction) == 0


def test_what_nobody_has_read_can_change(steps: Steps) -> None:
    transaction = steps.begin()
    steps.read("c/d", transaction)
    steps.scan("queried", transaction)

    steps.write("c/e", 1)
    steps.write("queried/a/below/b", 1)

    assert steps.finish(transaction) is not None


def test_of_two_transactions_that_read_and_write_the_same_at_most_one_commits(
    steps: Steps, pool: ThreadPoolExecutor
) -> None:
    transactions = [steps.begin(), steps.begin()]
    values = [steps.read("c/d", transaction) for transaction in transactions]

    commits = [pool.submit(steps.write, "c/d", number, each) for number, each in enumerate(transactions)]
    failures = [type(commit.exception()) for commit in commits]

    assert values == [None, None]
    assert set(failures) <= {type(None), exceptions.Aborted}
    # On a busy machine Google's emulator lets both wait for each other until it aborts both.
    committed = [number for number, failure in enumerate(failures) if failure is type(None)]
    assert len(committed) <= 1
    assert steps.read("c/d") == (committed[0] if committed else None)


def test_a_rollback_lets_go_of_what_was_read(steps: Steps) -> None:
    transaction = steps.begin()
    steps.read("c/d", transaction)
    steps.roll_back(transaction)
    steps.roll_back(transaction)

    steps.write("c/d", 1)

    with pytest.raises(exceptions.InvalidArgument):
        steps.finish(transaction)


def test_a_read_only_transaction_keeps_to_its_snapshot_and_blocks_nobody(steps: Steps) -> None:
    steps.write("c/d", 1)
    transaction = steps.begin(_READ_ONLY)
    steps.read("c/d", transaction)

    steps.write("c/d", 2)

    assert (steps.read("c/d", transaction), steps.scan("c", transaction)) == (1, 1)


def test_a_read_only_transaction_cannot_write(steps: Steps) -> None:
    transaction = steps.begin(_READ_ONLY)

    with pytest.raises(exceptions.InvalidArgument):
        steps.write("c/d", 1, transaction)


def test_a_read_only_transaction_can_start_in_the_past(steps: Steps) -> None:
    then = steps.write("c/d", 1).commit_time
    steps.write("c/d", 2)

    past = TransactionOptions(read_only=TransactionOptions.ReadOnly(read_time=then))

    assert steps.read("c/d", steps.begin(past)) == 1


def test_a_read_can_begin_the_transaction(either_api: FirestoreClient, steps: Steps, database: str) -> None:
    request = BatchGetDocumentsRequest(database=database, documents=[f"{database}/documents/c/d"])
    request.new_transaction = TransactionOptions(read_write=TransactionOptions.ReadWrite())

    first, second = either_api.batch_get_documents(request, retry=None)

    assert second.missing
    steps.write("c/d", 1, first.transaction)


@firestore.transactional
def _increment(transaction: firestore.Transaction, counter: firestore.DocumentReference) -> None:
    seen = counter.get(transaction=transaction).to_dict() or {"n": 0}
    transaction.set(counter, {"n": seen["n"] + 1})


def test_contending_increments_of_the_stock_client_are_all_counted(
    either_db: firestore.Client, pool: ThreadPoolExecutor
) -> None:
    counter = either_db.document("c/counter")

    runs = [pool.submit(_increment, either_db.transaction(), counter) for _ in range(3)]

    assert [run.exception() for run in runs] == [None] * 3
    assert counter.get().to_dict() == {"n": 3}
