"""Hostile documents down the track of a run: each becomes a row, a reject with a reason, or is not due."""

from collections.abc import Callable

import pytest

from tests.emulator.builders import DOCUMENTS
from tests.hostile.fuzz import Tally, fuzz

Histories = Callable[[int], int]


def assert_all_accounted_for(job: str, seeds: range) -> None:
    tally = Tally()
    assert list(fuzz(job, seeds, tally)) == []
    assert tally.documents == tally.rows + tally.not_due + tally.reasons.total()
    # Or the documents would be too tame, or too wild to reach the table.
    assert 0.3 < tally.rows / tally.documents < 0.8
    assert len(tally.reasons) > 3


@pytest.mark.parametrize("job", DOCUMENTS)
def test_every_hostile_document_becomes_an_exact_row_or_a_reject_with_a_reason(job: str, histories: Histories) -> None:
    assert_all_accounted_for(job, range(histories(30)))


@pytest.mark.nightly
@pytest.mark.parametrize("job", DOCUMENTS)
def test_two_hundred_thousand_hostile_documents_are_all_accounted_for(job: str, histories: Histories) -> None:
    assert_all_accounted_for(job, range(1000, 1000 + histories(560)))
