from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import dropwhile
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs import account_snapshot
from schemas.accounts import AccountDocument, AccountSnapshot
from shared.account_states import daily
from shared.audit_rows import recomputed
from shared.broker_calls import BrokerError
from shared.loop import AccountState, Verdict
from shared.warehouse import Stored
from tests.unit.samples import ACCOUNT, AS_OF, MICROSECOND, REVISION, admitted, built, candidate, evidence, settings

TODAY = account_snapshot.day_of(AS_OF)
DRAWDOWN = ("peak_equity", "drawdown_pct", "max_drawdown_pct", "calmar_ratio")
History = Sequence[tuple[date, str]]


def days_ago(*points: tuple[int, Any]) -> list[tuple[date, str]]:
    return [(TODAY - timedelta(days=ago), str(equity)) for ago, equity in points]


def row(history: History = (), positions: Sequence[Any] = (), **changes: Any) -> AccountSnapshot:
    state = AccountState(positions, history, {}, {})
    found = built("account-snapshot", candidate(AccountDocument, **changes), evidence(account=state))
    assert isinstance(found, AccountSnapshot), found
    return found


def test_the_account_is_always_due() -> None:
    account = admitted(AccountDocument)

    assert all(account_snapshot.due(account, moment, settings()) for moment in (AS_OF, REVISION))


@pytest.mark.parametrize(
    ("as_of", "told"),
    [
        ("2026-07-01T19:59:59Z", False),
        ("2026-07-01T20:00:00Z", True),
        ("2026-07-02T00:45:00Z", True),
        ("2026-07-02T19:59:59Z", True),
        ("2026-07-02T20:00:00Z", False),
    ],
)
def test_the_broker_tells_about_the_day_in_which_it_is_asked(*, as_of: str, told: bool) -> None:
    asked = datetime(2026, 7, 2, 0, 50, tzinfo=UTC)

    assert account_snapshot.LOOP.tells(datetime.fromisoformat(as_of), asked) is told


@pytest.mark.parametrize(
    ("as_of", "day"),
    [
        # Summer: New York is four hours behind.
        ("2026-07-02T19:59:59.999999Z", date(2026, 7, 1)),
        ("2026-07-02T20:00:00Z", date(2026, 7, 2)),
        ("2026-07-03T00:45:00Z", date(2026, 7, 2)),
        ("2026-07-03T13:00:00Z", date(2026, 7, 2)),
        # Winter: five.
        ("2026-01-05T20:59:59.999999Z", date(2026, 1, 4)),
        ("2026-01-05T21:00:00Z", date(2026, 1, 5)),
        ("2026-01-06T00:45:00Z", date(2026, 1, 5)),
        # The clocks go forward on 8 March 2026 and back on 1 November.
        ("2026-03-07T20:59:59Z", date(2026, 3, 6)),
        ("2026-03-07T21:00:00Z", date(2026, 3, 7)),
        ("2026-03-08T19:59:59Z", date(2026, 3, 7)),
        ("2026-03-08T20:00:00Z", date(2026, 3, 8)),
        ("2026-10-31T20:00:00Z", date(2026, 10, 31)),
        ("2026-11-01T20:59:59Z", date(2026, 10, 31)),
        ("2026-11-01T21:00:00Z", date(2026, 11, 1)),
        ("2026-11-02T00:45:00Z", date(2026, 11, 1)),
    ],
)
def test_a_day_ends_at_four_in_the_afternoon_in_new_york(as_of: str, day: date) -> None:
    one = candidate(AccountDocument, as_of=datetime.fromisoformat(as_of))
    found = built("account-snapshot", one, evidence(account=AccountState((), (), {}, {})))

    assert account_snapshot.day_of(one.as_of) == account_snapshot.LOOP.ds(one) == found.ds == day
    assert account_snapshot.key(one) == ("PA1", day)
    assert found.snapshot_at == REVISION


moments = st.datetimes(datetime(2015, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - made aware by timezones


@given(moments, st.timedeltas(timedelta(0), timedelta(days=3)))
def test_days_follow_each_other_without_gap_or_overlap(moment: datetime, later: timedelta) -> None:
    day = account_snapshot.day_of(moment)
    starts, ends = (
        datetime.combine(one, time(16), ZoneInfo("America/New_York")).astimezone(UTC)
        for one in (day, day + timedelta(days=1))
    )

    assert day <= account_snapshot.day_of(moment + later)
    # Each moment lies in exactly one day, the one between two closes.
    assert starts <= moment < ends
    assert [account_snapshot.day_of(one) for one in (starts, ends - MICROSECOND, ends)] == [
        day,
        day,
        day + timedelta(days=1),
    ]


@given(st.dates(date(2016, 1, 1), date(2036, 1, 1)))
def test_the_run_after_midnight_closes_the_day_that_just_ended(day: date) -> None:
    scheduled = datetime.combine(day + timedelta(days=1), time(0, 45), UTC)

    assert account_snapshot.day_of(scheduled) == day


@given(st.dates(date(2016, 1, 1), date(2036, 1, 1)))
def test_an_account_that_one_run_could_not_read_is_read_for_the_same_day_by_another(day: date) -> None:
    minute, hours, *_ = account_snapshot.LOOP.schedule.split()
    runs = [datetime.combine(day, time(int(hour), int(minute)), UTC) for hour in hours.split(",")]

    assert len(runs) > 1
    assert {account_snapshot.day_of(run) for run in runs} == {day - timedelta(days=1)}
    # Until the market opens, the equity of a stock account is what it was in the evening.
    assert max(runs) < datetime.combine(day, time(9, 30), ZoneInfo("America/New_York"))


@pytest.mark.parametrize(
    ("held", "refresh", "expected"),
    [
        ([], False, Verdict.NEW),
        ([], True, Verdict.NEW),
        ([("PA1", TODAY - timedelta(days=1))], False, Verdict.NEW),
        ([("PA1", TODAY)], False, Verdict.ALREADY),
        ([("PA1", TODAY)], True, Verdict.REVISED),
        ([("PA1", TODAY - timedelta(days=1)), ("PA1", TODAY)], False, Verdict.ALREADY),
    ],
)
def test_the_first_snapshot_of_a_day_wins_unless_it_is_refreshed(
    *,
    held: list[tuple[str, date]],
    refresh: bool,
    expected: Verdict,
) -> None:
    # Whatever the revision says: the broker's answer is always newer than the row.
    stored = [Stored(key, key[1], REVISION - timedelta(days=9)) for key in held]
    one = candidate(AccountDocument, stored)

    assert account_snapshot.classify(one, account_snapshot.key(one), refresh) is expected


def test_the_brokers_numbers_are_copied() -> None:
    found = row(cash="-5.5", daytrade_count=2, pattern_day_trader=True, multiplier="4")

    assert (found.account_id, found.status, found.currency) == ("PA1", "ACTIVE", "USD")
    assert (found.equity, found.cash, found.multiplier) == (Decimal("100000.5"), Decimal("-5.5"), Decimal(4))
    assert (found.daytrade_count, found.pattern_day_trader) == (2, True)


def test_what_the_broker_does_not_send_is_unknown() -> None:
    found = row().model_dump()

    unsent = set(AccountDocument.model_fields) & set(found) - set(ACCOUNT)
    assert unsent
    assert {name: found[name] for name in unsent} == dict.fromkeys(unsent)


def test_every_position_is_counted() -> None:
    assert row(positions=[{"symbol": "AAPL", "asset_class": "us_equity", "qty": "1"}] * 3).positions_count == 3


@pytest.mark.parametrize("closed_at", [180_000, 160_000, 170_000])
def test_the_curve_is_the_history_plus_now(closed_at: int) -> None:
    found = row(days_ago((40, 200_000), (20, 150_000), (1, 180_000), (0, closed_at), (-1, 999_999)), equity="160000")

    assert (found.peak_equity, found.drawdown_pct, found.max_drawdown_pct) == (
        Decimal(200_000),
        Decimal(20),
        Decimal(25),
    )
    assert found.calmar_ratio is not None
    assert found.calmar_ratio < 0


def test_a_day_that_closed_higher_than_the_account_stands_now_is_a_peak() -> None:
    found = row(days_ago((1, 100_000), (0, 120_000)), equity="90000")

    assert (found.peak_equity, found.drawdown_pct, found.max_drawdown_pct) == (
        Decimal(120_000),
        Decimal(25),
        Decimal(25),
    )


def test_without_history_the_account_stands_at_its_peak() -> None:
    found = row()

    assert (found.peak_equity, found.drawdown_pct, found.max_drawdown_pct) == (found.equity, Decimal(0), Decimal(0))
    assert found.calmar_ratio is None


@pytest.mark.parametrize("oldest", [29, 30])
def test_there_is_no_calmar_ratio_under_thirty_days_of_history(oldest: int) -> None:
    found = row(days_ago((oldest, 100_000), (5, 90_000)), equity="95000")

    assert (found.calmar_ratio is not None) == (oldest >= 30)


def test_days_before_the_account_held_money_do_not_count() -> None:
    funded = days_ago((20, 100_000), (10, 120_000))

    assert row([*days_ago((60, 0), (50, "0.0")), *funded]) == row(funded)


@pytest.mark.parametrize("equity", ["0", "-12.5"])
def test_an_account_that_never_held_money_has_no_curve(equity: str) -> None:
    found = row(days_ago((20, 0), (10, "-3")), equity=equity)

    assert found.equity == Decimal(equity)
    assert found.model_dump(include=set(DRAWDOWN)) == dict.fromkeys(DRAWDOWN)


def test_without_a_curve_a_row_follows_without_a_drawdown() -> None:
    found = row(days_ago((20, 0)), equity="0")

    assert account_snapshot.follows(found, None) == {
        "snapshot_at": REVISION,
        "drawdown_pct": None,
        "greeks_complete": True,
    }


@pytest.mark.parametrize("spoilt", [{"net_rho_usd": None}, {"option_positions": 1}])
def test_greeks_are_not_complete_where_a_sum_or_a_position_is_missing(spoilt: dict[str, Any]) -> None:
    found = row()

    assert recomputed(found, account_snapshot.follows, None) == []
    assert recomputed(found.model_copy(update=spoilt), account_snapshot.follows, None) == ["greeks_complete"]


@pytest.mark.parametrize(("equity", "fall"), [("0", "100"), ("-12.5", "100.0125")])
def test_an_account_that_lost_everything_is_at_its_worst(equity: str, fall: str) -> None:
    found = row(days_ago((40, 50_000), (20, 100_000)), equity=equity)

    assert (found.peak_equity, found.drawdown_pct, found.max_drawdown_pct) == (Decimal(100_000), *[Decimal(fall)] * 2)
    assert found.calmar_ratio is not None
    assert found.calmar_ratio == -(100 / Decimal(fall)).quantize(Decimal("1e-9"))


def test_a_day_on_which_all_was_lost_is_the_worst_drawdown() -> None:
    assert row(days_ago((20, 100_000), (10, 0), (5, 80_000)), equity="90000").max_drawdown_pct == 100


@pytest.mark.parametrize("garbage", ["nan", "Infinity", "-Infinity", "abc", ""])
def test_a_point_of_history_that_is_no_number_does_not_count(garbage: str) -> None:
    assert row(days_ago((20, 100_000), (10, garbage)), equity="90000").max_drawdown_pct == 10


def test_a_history_whose_annual_return_has_no_meaning_does_not_lose_the_snapshot() -> None:
    found = row(days_ago((30, 10), (20, 9), (10, 50_000)), equity="50000")

    assert (found.calmar_ratio, found.max_drawdown_pct) == (None, Decimal(10))


cents = st.integers(-(10**9), 10**9).map(lambda number: Decimal(number) / 100)


@given(st.lists(cents, max_size=10), cents)
def test_drawdowns_are_measured_from_the_highest_equity_before(history: list[Decimal], now: Decimal) -> None:
    found = row(days_ago(*((len(history) - number, one) for number, one in enumerate(history))), equity=str(now))
    curve = [Fraction(one) for one in dropwhile(lambda one: one <= 0, (*history, now))]
    if not curve:
        assert found.model_dump(include=set(DRAWDOWN)) == dict.fromkeys(DRAWDOWN)
        return
    peaks = [max(curve[: number + 1]) for number in range(len(curve))]
    falls = [(peak - one) / peak * 100 for peak, one in zip(peaks, curve, strict=True)]

    assert Fraction(found.peak_equity or 0) == peaks[-1]
    assert found.max_drawdown_pct == Decimal(f"{round(max(falls) * 10**9)}E-9")
    assert found.drawdown_pct == Decimal(f"{round(falls[-1] * 10**9)}E-9")


def test_history_is_dated_by_new_york_and_days_without_a_value_are_skipped() -> None:
    # 20:00 in New York: midnight UTC in summer, one o'clock in winter.
    stamps = [
        datetime.fromisoformat(text)
        for text in ("2026-01-06T01:00:00Z", "2026-07-02T00:00:00Z", "2026-07-03T00:00:00Z")
    ]
    history = {"timestamp": [int(one.timestamp()) for one in stamps], "equity": [8425.21, 8639.77, None]}

    assert daily(history) == [(date(2026, 1, 5), "8425.21"), (date(2026, 7, 1), "8639.77")]


@pytest.mark.parametrize("history", [{}, {"timestamp": None, "equity": None}, {"timestamp": [], "equity": []}])
def test_an_account_may_have_no_history(history: dict[str, Any]) -> None:
    assert daily(history) == []


@pytest.mark.parametrize(
    "history",
    [
        {"timestamp": [1790812800], "equity": []},
        {"timestamp": [1790812800]},
        {"timestamp": ["yesterday"], "equity": [1]},
        {"timestamp": [10**30], "equity": [1]},
        {"timestamp": 1790812800, "equity": 1},
    ],
)
def test_a_history_that_is_none_is_the_brokers_mistake(history: dict[str, Any]) -> None:
    with pytest.raises(BrokerError, match="portfolio/history: 200"):
        daily(history)


stamped = st.lists(
    st.tuples(st.integers(31, 400), st.none() | st.integers(0, 10**8)), max_size=12, unique_by=lambda p: p[0]
)


@given(stamped, st.integers(1, 10**8), st.none() | st.integers(1, 10**8))
def test_the_columns_follow_from_the_brokers_daily_points(
    points: list[tuple[int, int | None]], now: int, today: int | None
) -> None:
    """Computed anew from the raw answer: stamps of 20:00 New York, and the equity now."""
    close = datetime.combine(TODAY, time(20), ZoneInfo("America/New_York"))
    listed = sorted(((close - timedelta(days=ago), value) for ago, value in points), key=lambda one: one[0])
    listed += [(close, today)] if today else []
    history = {"timestamp": [int(at.timestamp()) for at, _ in listed], "equity": [value for _, value in listed]}
    found = row(daily(history), equity=str(now))

    curve = [(at.date(), value) for at, value in listed if value is not None] + [(TODAY, now)]
    first = next(index for index, (_, value) in enumerate(curve) if value > 0)
    curve = curve[first:]
    worst = max(
        Fraction(max(v for _, v in curve[: n + 1]) - low, max(v for _, v in curve[: n + 1]))
        for n, (_, low) in enumerate(curve)
    )
    assert found.peak_equity == max(value for _, value in curve)
    assert found.max_drawdown_pct == Decimal(f"{round(worst * 100 * 10**9)}E-9")
    days = (curve[-1][0] - curve[0][0]).days
    if not worst or days < 30:
        assert found.calmar_ratio is None
    elif found.calmar_ratio is not None:
        annual = (now / curve[0][1]) ** (365 / days) - 1
        assert float(found.calmar_ratio) == pytest.approx(annual / float(worst), rel=1e-9, abs=1e-9)
