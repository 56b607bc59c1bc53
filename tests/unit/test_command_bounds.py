"""Numbers, dates and bytes at the ends of what can be typed: wrong usage or an answer, never a traceback."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import click
import pytest
from click.testing import CliRunner
from pydantic import ValidationError

from infra.cli import main
from jobs.entry import days_before, require_come
from jobs.http import Asked
from shared.settings import load
from shared.survey import Options

TOO_MANY = str(2**31)


@pytest.mark.parametrize(
    "arguments", [("runs", "--limit", TOO_MANY), ("run", "trades", "--limit", TOO_MANY), ("runs", "--limit", "0")]
)
def test_a_limit_that_no_query_can_have_is_wrong_usage(arguments: Sequence[str]) -> None:
    done = CliRunner().invoke(main, [*arguments])

    assert done.exit_code == 2
    assert "is not in the range 1<=x<=2147483647" in done.stderr


def test_a_limit_that_no_query_can_have_is_refused_over_http() -> None:
    with pytest.raises(ValidationError, match="less than or equal to 2147483647"):
        Asked(limit=2**31)


def test_days_before_the_first_one_are_none() -> None:
    assert days_before(date(1, 1, 5), 365) == date.min
    assert days_before(date(2026, 1, 31), 30) == date(2026, 1, 1)


@pytest.mark.parametrize("arguments", [("query", "daily_pnl"), ("report",)])
def test_a_range_may_end_in_the_first_year_of_the_calendar(
    arguments: Sequence[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without any settings the command ends where it would begin to ask.
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "NOT A PROJECT")
    done = CliRunner().invoke(main, [*arguments, "--until", "0001-01-05"])

    assert done.exit_code == 1
    assert "GOOGLE_CLOUD_PROJECT: String should match pattern" in done.stderr


def test_bytes_that_are_no_text_name_no_refused_document(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "some-project")
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:1")
    done = CliRunner().invoke(main, ["quarantine", "show", "live_positions/\udcff"])

    assert done.exit_code == 1
    assert "nothing in quarantine for live_positions/\\udcff" in done.stderr


AHEAD = datetime.now(UTC) + timedelta(days=1)
CLOUD = {"GOOGLE_CLOUD_PROJECT": "some-project"}


def test_a_run_that_writes_takes_no_time_for_now_that_has_not_come() -> None:
    with pytest.raises(click.UsageError, match="--as-of lies ahead"):
        require_come(Options(as_of=AHEAD), load(CLOUD))


@pytest.mark.parametrize(
    ("options", "more"),
    [
        (Options(), {}),
        (Options(as_of=AHEAD - timedelta(days=1)), {}),
        (Options(as_of=AHEAD, dry_run=True), {}),
        (Options(as_of=AHEAD), {"BIGQUERY_EMULATOR_HOST": "127.0.0.1:1"}),
    ],
)
def test_what_has_come_what_writes_nothing_and_fixtures_may_have_any_time(
    options: Options, more: dict[str, str]
) -> None:
    require_come(options, load({**CLOUD, **more}))


@pytest.mark.parametrize("arguments", [("run", "trades"), ("run", "all", "--limit", "1")])
def test_a_time_that_lies_ahead_is_wrong_usage(arguments: Sequence[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "some-project")
    monkeypatch.delenv("BIGQUERY_EMULATOR_HOST", raising=False)
    done = CliRunner().invoke(main, [*arguments, "--as-of", AHEAD.isoformat()])

    assert done.exit_code == 2
    assert "--as-of lies ahead" in done.stderr
