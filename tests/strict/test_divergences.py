"""Where the local BigQuery is not BigQuery: each difference done to the emulator as it is, and with the judge inside.

A failure of the first test after an upgrade is good news or bad, and in both cases the list has to be looked at.
"""

from collections.abc import Iterator

import pytest

from tests.emulator.bigquery_server import BigQueryAt, running_bigquery
from tests.emulator.facts_table import FactsTable
from tests.stack import LocalStack
from tests.strict.divergence import Divergence
from tests.strict.divergences import COVERED, UNCOVERED


@pytest.fixture(scope="module")
def plain() -> Iterator[BigQueryAt]:
    with running_bigquery() as running:
        yield running


@pytest.fixture(scope="module")
def strict(servers: LocalStack) -> BigQueryAt:
    address = servers.environment
    return BigQueryAt(f"http://{address['BIGQUERY_EMULATOR_HOST']}", address["BIGQUERY_STORAGE_EMULATOR_HOST"])


@pytest.mark.parametrize("divergence", [*COVERED, *UNCOVERED], ids=str)
def test_the_emulator_still_does_not_know_that(plain: BigQueryAt, divergence: Divergence) -> None:
    with plain.client() as client, plain.writer() as writer:
        assert divergence.seen(FactsTable(client, writer)) == divergence.today


@pytest.mark.parametrize("divergence", COVERED, ids=str)
def test_the_judge_knows_that(strict: BigQueryAt, divergence: Divergence) -> None:
    with strict.client() as client, strict.writer() as writer:
        assert divergence.seen(FactsTable(client, writer)) == divergence.strict


@pytest.mark.parametrize("divergence", UNCOVERED, ids=str)
def test_what_no_rule_covers_says_why(divergence: Divergence) -> None:
    assert divergence.uncovered
    assert divergence.strict is None
