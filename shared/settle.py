"""Did that commit happen? The rows in the table decide, never an error code."""

from collections.abc import Callable, Iterable
from datetime import datetime
from enum import Enum

from shared.lease import Intent
from shared.retrying import UNAVAILABLE
from shared.stream import CommitAnswer


class Outcome(Enum):
    """What became of an intent."""

    COMMITTED = "all rows of the stream are in the table"
    GONE = "the stream can never be committed any more; none of its rows is in the table"
    UNKNOWN = "not decidable yet; the intent stays and the next run tries again"


class PartialCommitError(Exception):
    """Some but not all rows of one stream are visible, which BigQuery rules out: stop and look."""


def settle(
    intent: Intent,
    commit: Callable[[], CommitAnswer],
    count: Callable[[], int],
    gone_before: datetime,
    waits: Iterable[float],
    pause: Callable[[float], None],
) -> Outcome:
    """Bring an intent to its end: ask for the commit, count the rows, repeat with backoff while undecided.

    Args:
        intent: What was about to be committed.
        commit: Asks BigQuery once to commit the stream.
        count: Counts the rows of intent.run_id in the table.
        gone_before: An unknown stream is gone for good only if its intent was written before this moment.
        waits: Seconds to wait between attempts; when they end, the answer is UNKNOWN.
        pause: Waits that long.

    Raises:
        PartialCommitError: Neither no row nor all rows are there.
    """
    for seconds in (*waits, None):
        answer = _ask(commit)
        visible = count()
        if visible == intent.n:
            return Outcome.COMMITTED
        if visible:
            raise PartialCommitError(
                f"{visible} of {intent.n} rows of run {intent.run_id} are in the table; stream {intent.stream}"
            )
        if answer.missing and intent.created_at <= gone_before:
            return Outcome.GONE
        if seconds is not None:
            pause(seconds)
    return Outcome.UNKNOWN


def _ask(commit: Callable[[], CommitAnswer]) -> CommitAnswer:
    try:
        return commit()
    except UNAVAILABLE as error:
        return CommitAnswer(missing=False, detail=str(error))
