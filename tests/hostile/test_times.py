"""The zone of the machine changes nothing: not a row, not a partition."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from random import Random

import pytest

from shared.loop import Candidate
from shared.values import decode_document
from tests.emulator.builders import DOCUMENTS
from tests.hostile.documents import message, raw
from tests.hostile.fuzz import outcomes
from tests.hostile.track import Track

ZONES = ("America/New_York", "Asia/Kathmandu", "Pacific/Apia", "UTC")
INSTANTS = 10_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = 86_400
_MICROSECONDS = (-1, 0, 1, -1_000_000, 3_600_000_000, -3_600_000_000)
_DAYS = (
    *("2000-02-29", "2004-02-29", "2020-02-28", "2020-03-01", "2021-03-14", "2021-11-07", "2021-03-28", "2021-10-31"),
    *("2011-12-30", "2016-12-31", "2020-12-31", "2025-12-31", "2026-03-08", "2015-10-25", "2007-03-11"),
)
"""Leap days, days on which clocks change, the day that Samoa left out, year ends."""


@pytest.fixture
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The zone that the machine is in."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


def instants() -> Iterator[datetime]:
    """Moments within a day of midnights, in UTC."""
    random = Random(8)  # noqa: S311 - repeatable, not secret
    for _ in range(INSTANTS):
        day = datetime.fromisoformat(random.choice(_DAYS)).replace(tzinfo=UTC)
        hours = random.choice((0, 0, 4, 5, 10, 11, 14, 18, 24))
        yield day + timedelta(hours=hours, microseconds=random.choice(_MICROSECONDS))


def day_of(moment: datetime) -> date:
    """The UTC date by counting days since 1970."""
    return date(1970, 1, 1) + timedelta(days=(moment - _EPOCH) // timedelta(seconds=_DAY))


@pytest.mark.parametrize("zone", ZONES, indirect=True)
def test_the_partition_is_the_utc_date_whatever_zone_anyone_is_in(zone: str) -> None:
    random, track = Random(zone), Track("trades")  # noqa: S311 - repeatable, not secret
    good = DOCUMENTS["trades"](1, entry_time=datetime(2000, 1, 1, tzinfo=UTC))
    source = decode_document(message("trades", "position-0001", raw(good)))
    for moment in instants():
        offset = timezone(timedelta(minutes=random.choice((-720, -300, 0, 345, 765, 840))))
        stated = random.choice((moment, moment.astimezone(offset).isoformat()))
        judged = track.judged(replace(source, fields={**source.fields, "exit_time": stated}))
        assert isinstance(judged, Candidate), moment
        assert track.loop.ds(judged) == day_of(moment), (moment, stated)


@pytest.mark.parametrize("job", DOCUMENTS)
def test_hostile_documents_make_the_same_rows_in_every_zone(job: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    for zone in ZONES:
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        seen.append([repr(one.result) for seed in range(2) for one in outcomes(Track(job), seed)])
    monkeypatch.undo()
    time.tzset()
    assert seen == [seen[0]] * len(ZONES)
