"""The writing methods of `google.firestore.v1.Firestore`: each takes a request and returns its answer, or raises."""

import secrets
import string

from infra.local.firestore import fields
from infra.local.firestore.clock import to_timestamp
from infra.local.firestore.commits import Committer
from infra.local.firestore.errors import RefusedError, invalid
from infra.local.firestore.messages import (
    BatchWriteRequest,
    BatchWriteResponse,
    BeginTransactionRequest,
    BeginTransactionResponse,
    CommitRequest,
    CommitResponse,
    CreateDocumentRequest,
    DeleteDocumentRequest,
    Document,
    Empty,
    Precondition,
    RollbackRequest,
    Status,
    UpdateDocumentRequest,
    Write,
    WriteResult,
)
from infra.local.firestore.names import check_database, check_id, check_parent, database_of, parse_document
from infra.local.firestore.readings import Readings
from infra.local.firestore.writes import target

_ID_ALPHABET = string.ascii_letters + string.digits
_ID_LENGTH = 20


class WriteMethods:
    """Everything that changes documents, and transactions."""

    def __init__(self, readings: Readings, committer: Committer) -> None:
        self._readings = readings
        self._committer = committer

    def begin_transaction(self, request: BeginTransactionRequest) -> BeginTransactionResponse:
        """A new transaction's id."""
        return BeginTransactionResponse(transaction=self._readings.begin(request.database, request.options).id)

    def rollback(self, request: RollbackRequest) -> Empty:
        """Gives a transaction up."""
        self._readings.roll_back(request.transaction)
        return Empty()

    def commit(self, request: CommitRequest) -> CommitResponse:
        """Applies all writes or none."""
        if request.transaction:
            results, micros = self._committer.commit_transaction(
                check_database(request.database), request.writes, request.transaction
            )
        else:
            results, micros = self._committer.commit(request.database, request.writes)
        return CommitResponse(write_results=results, commit_time=to_timestamp(micros))

    def batch_write(self, request: BatchWriteRequest) -> BatchWriteResponse:
        """Applies each write for itself and says for each how it went."""
        names = [target(write, request.database) for write in request.writes]
        if len(set(names)) < len(names):
            raise invalid("The same document cannot be written more than once in a single request.")
        response = BatchWriteResponse()
        for write in request.writes:
            result, status = self._attempt(request.database, write)
            response.write_results.append(result)
            response.status.append(status)
        return response

    def create_document(self, request: CreateDocumentRequest) -> Document:
        """A new document, under an id of its own when the request names none."""
        check_id(request.collection_id)
        identifier = request.document_id or "".join(secrets.choice(_ID_ALPHABET) for _ in range(_ID_LENGTH))
        request.document.name = f"{check_parent(request.parent)}/{request.collection_id}/{identifier}"
        write = Write(update=request.document, current_document=Precondition(exists=False))
        return fields.masked(self._written(write), request)

    def update_document(self, request: UpdateDocumentRequest) -> Document:
        """A document replaced, or changed in the fields of the mask."""
        write = Write(update=request.document)
        if request.HasField("update_mask"):
            write.update_mask.CopyFrom(request.update_mask)
        if request.HasField("current_document"):
            write.current_document.CopyFrom(request.current_document)
        return fields.masked(self._written(write), request)

    def delete_document(self, request: DeleteDocumentRequest) -> Empty:
        """A document removed; removing nothing is no error."""
        write = Write(delete=request.name)
        if request.HasField("current_document"):
            write.current_document.CopyFrom(request.current_document)
        self._committer.commit(database_of(parse_document(request.name).full), [write])
        return Empty()

    def _written(self, write: Write) -> Document:
        """Commits the write of one document and reads it back as that commit left it."""
        name = parse_document(write.update.name)
        _, micros = self._committer.commit(database_of(name.full), [write])
        return Document.FromString(self._readings.resume(micros).body(name) or b"")

    def _attempt(self, database: str, write: Write) -> tuple[WriteResult, Status]:
        try:
            (result,), _ = self._committer.commit(database, [write])
        except RefusedError as error:
            return WriteResult(), Status(code=error.code.value[0], message=error.message)
        return result, Status()
