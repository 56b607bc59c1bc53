"""Anything at all in an answer of the broker: the job writes what is true, refuses, waits, or fails by its own name."""

from collections import Counter
from collections.abc import Callable

import pytest

from tests.hostile.broker_fuzz import ASKED, fuzz

Histories = Callable[[int], int]


def assert_none_is_wrong(job: str, seeds: range) -> None:
    tally: Counter[str] = Counter()
    assert list(fuzz(job, seeds, tally)) == []
    # Or the answers would be too wild to mean anything; a few seeds may be.
    assert len(seeds) < 50 or tally["refused by name"] < len(seeds) / 2


@pytest.mark.parametrize("job", ASKED)
def test_no_answer_of_the_broker_s_makes_a_job_crash_or_write_what_is_wrong(job: str, histories: Histories) -> None:
    assert_none_is_wrong(job, range(histories(60)))


@pytest.mark.nightly
@pytest.mark.parametrize("job", ASKED)
def test_thousands_of_spoilt_answers_make_no_job_crash_or_write_what_is_wrong(job: str, histories: Histories) -> None:
    assert_none_is_wrong(job, range(1000, 1000 + histories(5000)))
