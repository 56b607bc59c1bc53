"""The invented account's fees, positions and balances add up, from `broker.json` alone."""

import re
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal

import pytest

from infra.local import demo_data
from tests.unit.demo_venue import (
    CENT,
    SEEDS,
    Row,
    Venue,
    instant,
    multiplier,
    qty,
    read_venue,
    worth,
)


@pytest.fixture(scope="module", params=SEEDS)
def venue(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Venue:
    return read_venue(tmp_path_factory.mktemp("demo"), request.param)


def test_crypto_volume_stays_in_the_lowest_tier(venue: Venue) -> None:
    fills = [row for row in venue.activities("FILL") if "/" in row["symbol"]]
    for last in fills:
        end = instant(last["transaction_time"])
        window = [row for row in fills if end - timedelta(days=30) < instant(row["transaction_time"]) <= end]

        assert worth(window) < 100_000


def test_day_fees_state_the_base_that_the_days_executions_add_up_to(venue: Venue) -> None:
    days: dict[str, list[Row]] = defaultdict(list)
    for fill in venue.activities("FILL"):
        if "/" not in fill["symbol"]:
            days[fill["transaction_time"][:10]].append(fill)
    rows = venue.activities("FEE")

    assert {row["date"] for row in rows} == set(days)
    assert {row["activity_sub_type"] for row in rows} == {"REG", "TAF", "CAT", "ORF", "OCC"}
    for row in rows:
        fills = days[row["date"]]
        sales = [fill for fill in fills if fill["side"] == "sell"]
        proceeds = sum((worth([fill]) * multiplier(fill["symbol"]) for fill in sales), Decimal(0))
        unit = "contracts" if multiplier(fills[0]["symbol"]) > 1 else "shares"
        base = {
            "REG": f"${proceeds:.2f}",
            "TAF": f"{qty(sales)} {unit} ({len(sales)} trades)",
            "CAT": f"{len(fills)} trades",
        }.get(row["activity_sub_type"], f"{qty(fills)} contracts")
        text = f"{row['activity_sub_type']} fee for proceed of {base} on {row['date']} by PA3DEMO00001"

        assert row["description"] == text
        assert Decimal(row["net_amount"]) <= -CENT
        assert instant(row["created_at"]).date() == date.fromisoformat(row["date"]) + timedelta(days=1)


def test_regulatory_fees_are_the_rate_on_the_base_rounded_up(venue: Venue) -> None:
    for row in venue.activities("FEE"):
        if row["activity_sub_type"] == "REG":
            base = Decimal(re.findall(r"\$([\d.]+)", row["description"])[0])
            fee = (base * Decimal("0.0000206")).quantize(CENT, rounding=ROUND_CEILING)
            assert -Decimal(row["net_amount"]) == fee


def test_open_positions_are_what_executions_and_coin_fees_leave(venue: Venue) -> None:
    held: dict[str, Decimal] = defaultdict(Decimal)
    for fill in venue.activities("FILL"):
        held[fill["symbol"].replace("/", "")] += Decimal(fill["qty"]) * (1 if fill["side"] == "buy" else -1)
    for fee in venue.activities("CFEE"):
        held[fee.get("symbol", "")] += Decimal(fee.get("qty", 0))
    shown = {row["symbol"]: row for row in venue.broker["positions"]}

    assert {symbol: left for symbol, left in held.items() if left} == {
        symbol: Decimal(row["qty"]) for symbol, row in shown.items()
    }
    opened = [each for each in venue.positions.values() if each["status"] == "OPEN"]
    assert {each["symbol"].replace("/", ""): abs(Decimal(str(each["qty"]))) for each in opened} == {
        symbol: abs(Decimal(row["qty"])) for symbol, row in shown.items()
    }


def test_every_option_held_has_all_greeks(venue: Venue) -> None:
    options = {row["symbol"] for row in venue.broker["positions"] if row["asset_class"] == "us_option"}
    snapshots = venue.broker["option_snapshots"]

    assert set(snapshots) == options
    assert len(options) == 2
    for symbol, snapshot in snapshots.items():
        greeks = snapshot["greeks"]
        assert set(greeks) == {"delta", "gamma", "theta", "vega", "rho"}
        assert (greeks["delta"] > 0) == (symbol[-9] == "C")
        assert greeks["theta"] < 0 < greeks["gamma"]


def test_the_account_balances_and_has_no_day_trader_fields(venue: Venue) -> None:
    account = venue.broker["account"]
    equity, cash, long_value, short_value = (
        Decimal(account[name]) for name in ("equity", "cash", "long_market_value", "short_market_value")
    )
    values = [Decimal(row["market_value"]) for row in venue.broker["positions"]]

    assert equity == cash + long_value + short_value
    assert long_value == sum(value for value in values if value > 0)
    assert short_value == sum(value for value in values if value < 0) < 0
    assert not {"pattern_day_trader", "daytrade_count", "daytrading_buying_power"} & set(account)


def test_cash_is_what_trading_left_of_the_month_before(venue: Venue) -> None:
    history = venue.broker["portfolio_history"]
    before = max(
        index for index, stamp in enumerate(history["timestamp"]) if stamp <= demo_data.MONTH_START.timestamp()
    )
    cash = history["equity"][before]
    for fill in venue.activities("FILL"):
        cash += worth([fill]) * multiplier(fill["symbol"]) * (1 if fill["side"] == "sell" else -1)
    for fee in venue.activities("FEE") + venue.activities("CFEE"):
        cash += Decimal(fee["net_amount"])

    assert Decimal(venue.broker["account"]["cash"]) == cash.quantize(CENT, rounding=ROUND_HALF_EVEN)


def test_the_equity_history_covers_every_session_and_has_a_drawdown(venue: Venue) -> None:
    history, account = venue.broker["portfolio_history"], venue.broker["account"]
    sessions = [row["date"] for row in venue.broker["calendar"] if "2026-08-03" <= row["date"] < "2026-10-15"]
    stamped = [datetime.fromtimestamp(stamp, UTC) - timedelta(days=1) for stamp in history["timestamp"]]
    falls = [1 - value / max(history["equity"][: index + 1]) for index, value in enumerate(history["equity"])]

    assert [at.date().isoformat() for at in stamped] == sessions
    assert history["equity"][-2:] == [Decimal(account["last_equity"]), Decimal(account["equity"])]
    assert Decimal("0.02") < max(falls) < Decimal("0.25")


def test_the_calendar_knows_holidays_and_settles_on_the_next_business_day(venue: Venue) -> None:
    settles = {row["date"]: row["settlement_date"] for row in venue.broker["calendar"]}

    assert "2026-09-07" not in settles
    assert settles["2026-09-04"] == "2026-09-08"
    assert settles["2026-09-10"] == "2026-09-11"
    assert settles["2026-10-09"] == settles["2026-10-12"] == "2026-10-13"
    assert min(settles) == "2026-08-03"
    assert max(settles) == "2026-10-30"
