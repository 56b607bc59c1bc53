from datetime import UTC, datetime, timedelta

import pytest
from google.api_core.exceptions import (
    AlreadyExists,
    DeadlineExceeded,
    GoogleAPICallError,
    InternalServerError,
    InvalidArgument,
    NotFound,
    ServiceUnavailable,
)
from hypothesis import given
from hypothesis import strategies as st

from shared.lease import Intent
from shared.settle import Outcome, PartialCommitError, settle
from shared.stream import CommitAnswer

WRITTEN = datetime(2026, 3, 2, 10, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
INTENT = Intent("streams/s1", "run-1", 3, WRITTEN)
GONE = CommitAnswer(missing=True, detail="stream not found")
FINE = CommitAnswer(missing=False, detail="")
ERRORS = (AlreadyExists, DeadlineExceeded, InternalServerError, InvalidArgument, NotFound, ServiceUnavailable)


class _Service:
    """A table and a stream: what a commit answers, and how many rows are then visible, one entry per attempt."""

    def __init__(self, *attempts: tuple[CommitAnswer | type[GoogleAPICallError], int]) -> None:
        self._attempts = list(attempts)
        self.asked = 0
        self.paused: list[float] = []

    def commit(self) -> CommitAnswer:
        answer, _ = self._now()
        self.asked += 1
        if isinstance(answer, CommitAnswer):
            return answer
        raise answer("the service said so")

    def count(self) -> int:
        return self._attempts[min(self.asked, len(self._attempts)) - 1][1]

    def _now(self) -> tuple[CommitAnswer | type[GoogleAPICallError], int]:
        return self._attempts[min(self.asked, len(self._attempts) - 1)]

    def settle(self, waits: tuple[float, ...] = (), gone_before: datetime = WRITTEN) -> Outcome:
        return settle(INTENT, self.commit, self.count, gone_before, waits, self.paused.append)


YOUNG = WRITTEN - MICROSECOND


@pytest.mark.parametrize(
    ("answer", "visible", "gone_before", "expected"),
    [
        (FINE, 3, YOUNG, Outcome.COMMITTED),
        (GONE, 3, WRITTEN, Outcome.COMMITTED),
        (InternalServerError, 3, YOUNG, Outcome.COMMITTED),
        (FINE, 0, WRITTEN, Outcome.UNKNOWN),
        (GONE, 0, YOUNG, Outcome.UNKNOWN),
        (GONE, 0, WRITTEN, Outcome.GONE),
        (GONE, 0, WRITTEN + timedelta(days=1), Outcome.GONE),
        (NotFound, 0, WRITTEN, Outcome.UNKNOWN),
        (DeadlineExceeded, 0, WRITTEN, Outcome.UNKNOWN),
    ],
)
def test_the_rows_in_the_table_decide(
    answer: CommitAnswer | type[GoogleAPICallError], visible: int, gone_before: datetime, expected: Outcome
) -> None:
    assert _Service((answer, visible)).settle(gone_before=gone_before) is expected


@pytest.mark.parametrize("visible", [1, 2, 4])
@pytest.mark.parametrize("answer", [FINE, GONE, *ERRORS])
def test_any_other_number_of_rows_is_an_alarm(answer: CommitAnswer | type[GoogleAPICallError], visible: int) -> None:
    with pytest.raises(
        PartialCommitError, match=f"{visible} of 3 rows of run run-1 are in the table; stream streams/s1"
    ):
        _Service((answer, visible)).settle()


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_code_alone_settles_nothing(error: type[GoogleAPICallError]) -> None:
    assert _Service((error, 0)).settle(gone_before=WRITTEN + timedelta(days=9)) is Outcome.UNKNOWN
    assert _Service((error, 3)).settle() is Outcome.COMMITTED


def test_a_bug_of_ours_is_no_answer_of_the_service() -> None:
    def broken() -> CommitAnswer:
        raise KeyError("no such thing")

    with pytest.raises(KeyError):
        settle(INTENT, broken, lambda: 3, WRITTEN, (), lambda _: None)


def test_while_undecided_it_asks_again_with_backoff_and_then_gives_up() -> None:
    service = _Service((ServiceUnavailable, 0))

    assert service.settle(waits=(0.5, 1, 2)) is Outcome.UNKNOWN
    assert (service.asked, service.paused) == (4, [0.5, 1, 2])


def test_it_stops_as_soon_as_the_rows_are_there() -> None:
    service = _Service((DeadlineExceeded, 0), (FINE, 3), (GONE, 0))

    assert service.settle(waits=(0.5, 1, 2)) is Outcome.COMMITTED
    assert (service.asked, service.paused) == (2, [0.5])


def test_rows_of_a_repeated_commit_count_although_the_stream_is_said_to_be_missing() -> None:
    service = _Service((DeadlineExceeded, 0), (GONE, 3))

    assert service.settle(waits=(0.5,), gone_before=WRITTEN) is Outcome.COMMITTED


attempts = st.lists(
    st.tuples(st.sampled_from([FINE, GONE, InternalServerError, NotFound]), st.sampled_from([0, 3])),
    min_size=1,
    max_size=4,
)


@given(attempts, st.integers(0, 4), st.sampled_from([YOUNG, WRITTEN]))
def test_no_history_of_answers_loses_rows_or_invents_them(
    found: list[tuple[CommitAnswer | type[GoogleAPICallError], int]], waits: int, gone_before: datetime
) -> None:
    service = _Service(*found)
    outcome = service.settle(tuple(range(waits)), gone_before)
    last_answer, last_visible = found[min(service.asked, len(found)) - 1]

    assert (outcome is Outcome.COMMITTED) == (last_visible == INTENT.n)
    if outcome is Outcome.GONE:
        assert last_answer is GONE
        assert gone_before >= INTENT.created_at
    if outcome is Outcome.UNKNOWN:
        assert service.asked == waits + 1


def test_every_attempt_asks_first_and_counts_then() -> None:
    steps: list[str] = []

    def commit() -> CommitAnswer:
        steps.append("commit")
        return FINE

    def count() -> int:
        steps.append("count")
        return 0

    settle(INTENT, commit, count, WRITTEN, (1.0,), lambda _: steps.append("pause"))

    assert steps == ["commit", "count", "pause", "commit", "count"]
