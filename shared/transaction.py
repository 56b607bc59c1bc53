"""One Firestore transaction, begun anew while another one is in the way or the service is not itself."""

from collections.abc import Callable
from typing import TypeVar

from google.api_core.exceptions import InvalidArgument
from google.cloud import firestore

from shared.interrupt import InterruptedRunError, was_interrupted
from shared.retrying import is_transient, persistently

T = TypeVar("T")


def transact(client: firestore.Client, body: Callable[[firestore.Transaction], T], seconds: float) -> T:
    """Run `body` in one Firestore transaction; begin anew when it failed for a reason that passes.

    A commit whose answer was lost may have happened. The body then reads what it wrote itself, and must take that for
    done. One that arrives later still is refused, for what it read has changed meanwhile.

    The client repeats only what is aborted on commit, so it gets one attempt and the repeating is done here. It begins
    and commits with its own deadline of 60 s.
    """

    def once() -> T:
        try:
            result: T = firestore.transactional(body)(client.transaction(max_attempts=1))
        except Exception as error:
            if was_interrupted():
                # The client rolls back on any exception, and what that raises takes the place of the first.
                raise InterruptedRunError("stopped inside a transaction") from error
            raise _own_error(error) from None
        return result

    return persistently(seconds, once, _passes)


def _passes(error: Exception) -> bool:
    """Tell whether a new transaction may fare better.

    A commit whose answer was lost is sent again by the client, and refused when the first one ended the transaction:
    its id is an invalid argument then.
    """
    return is_transient(error) or (isinstance(error, InvalidArgument) and "transaction" in str(error).lower())


def _own_error(error: Exception) -> Exception:
    """Find the service's error behind the ValueError that the client makes of it when it gives up or rolls back."""
    behind = error.__cause__ or error.__context__
    if isinstance(error, ValueError) and isinstance(behind, Exception):
        return _own_error(behind)
    return error
