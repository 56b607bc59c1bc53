from datetime import UTC, datetime
from pathlib import Path

import pytest
from alpaca.common.exceptions import APIError
from alpaca.trading.client import TradingClient
from alpaca.trading.models import TradeAccount
from alpaca.trading.requests import GetPortfolioHistoryRequest

from tests.emulator.broker_server import BrokerServer
from tests.emulator.broker_standin.clients import refusal, trading_client
from tests.emulator.broker_standin.fixture_data import ACCOUNT, HOUR, fixture


def test_the_account_is_served_verbatim_without_day_trade_keys(broker: BrokerServer, trading: TradingClient) -> None:
    assert trading.get_account() == ACCOUNT
    parsed = TradingClient("key", "secret", url_override=broker.url).get_account()
    assert isinstance(parsed, TradeAccount)
    assert parsed.daytrade_count is None


def test_a_position_is_found_by_its_bare_symbol_or_asset(trading: TradingClient) -> None:
    (position,) = trading.get_all_positions()

    assert trading.get_open_position("BTCUSD") == position
    assert trading.get_open_position("64bbff51-0000-4000-8000-000000000001") == position


@pytest.mark.parametrize("symbol", ["AAPL", "BTC/USD"])
def test_a_position_that_is_not_held_is_not_found(symbol: str, trading: TradingClient) -> None:
    with pytest.raises(APIError) as answer:
        trading.get_open_position(symbol)

    assert refusal(answer) == (404, '{"code":40410000,"message":"position does not exist"}')


def test_portfolio_history_counts_its_period_back_from_the_last_point(trading: TradingClient) -> None:
    history = dict(trading.get_portfolio_history(GetPortfolioHistoryRequest(period="1W", timeframe="1D")))

    assert history["equity"] == list(range(1052, 1060))
    assert history["base_value"] == 1051
    assert {len(history[name]) for name in ("timestamp", "profit_loss", "profit_loss_pct")} == {8}
    assert history["cashflow"] == {"FEE": [0] * 8}


def test_portfolio_history_ends_where_it_is_told(trading: TradingClient) -> None:
    request = GetPortfolioHistoryRequest(
        start=datetime.fromtimestamp(1790726400, UTC), end=datetime.fromtimestamp(1790812800, UTC)
    )

    assert dict(trading.get_portfolio_history(request))["equity"] == [1000, 1001]


def test_portfolio_history_takes_two_bounds_of_three(broker: BrokerServer) -> None:
    bounds = {"start": "2026-09-01", "end": "2026-09-02", "period": "1D"}
    answer = broker.get("/v2/account/portfolio/history", bounds)

    assert answer.status_code == 422


def test_an_account_without_a_history_has_one_point(blank: BrokerServer, tmp_path: Path) -> None:
    blank.seed(fixture(tmp_path, account=ACCOUNT))

    assert trading_client(blank).get_portfolio_history() == {
        "timestamp": [int(datetime(2026, 9, 29, 0, tzinfo=UTC).timestamp())],
        "equity": [103820.56],
        "profit_loss": [291.32],
        "profit_loss_pct": [0.002814],
        "base_value": 103529.24,
        "timeframe": "1D",
        "cashflow": {},
    }


def test_the_calendar_has_the_fixture_days_inside_its_span_and_weekdays_outside(broker: BrokerServer) -> None:
    sessions = broker.get("/v2/calendar", {"start": "2026-09-03", "end": "2026-09-14"}).json()

    days = [(day["date"][-2:], day["settlement_date"][-2:]) for day in sessions]

    assert days == [("03", "04"), ("04", "09"), ("08", "09"), ("09", "10"), ("10", "11"), ("11", "14"), ("14", "15")]


def test_the_clock_is_in_new_york_and_looks_ahead(trading: TradingClient) -> None:
    clock = dict(trading.get_clock())
    timestamp, opens, closes = (
        datetime.fromisoformat(clock[name]) for name in ("timestamp", "next_open", "next_close")
    )

    assert timestamp.utcoffset() in (-4 * HOUR, -5 * HOUR)
    assert timestamp < min(opens, closes)
    assert clock["is_open"] == (closes < opens)


@pytest.mark.parametrize("status", ["ACCOUNT_CLOSED_PENDING", "SLEEPING"])
def test_an_account_in_any_state_and_in_debt_is_served_as_it_is(
    status: str, blank: BrokerServer, tmp_path: Path
) -> None:
    account = ACCOUNT | {"status": status, "cash": "-0.01", "balance_asof": None}
    blank.seed(fixture(tmp_path, account=account))

    assert trading_client(blank).get_account() == account


@pytest.mark.parametrize(
    ("day", "stamp"),
    [
        # Twenty o'clock in New York: the next day in UTC, an hour later in winter.
        ("2026-07-31", "2026-08-01T00:00:00Z"),
        ("2026-10-30", "2026-10-31T00:00:00Z"),
        ("2026-11-02", "2026-11-03T01:00:00Z"),
        ("2027-03-12", "2027-03-13T01:00:00Z"),
        ("2027-03-15", "2027-03-16T00:00:00Z"),
    ],
)
def test_a_day_of_the_history_is_stamped_at_its_end_in_new_york(
    day: str, stamp: str, blank: BrokerServer, tmp_path: Path
) -> None:
    blank.seed(fixture(tmp_path, account=ACCOUNT | {"balance_asof": day}))
    (timestamp,) = dict(trading_client(blank).get_portfolio_history())["timestamp"]

    assert datetime.fromtimestamp(timestamp, UTC) == datetime.fromisoformat(stamp)


def test_a_half_day_is_what_the_fixture_says(blank: BrokerServer, tmp_path: Path) -> None:
    half_day = {
        "date": "2026-11-27",
        "open": "09:30",
        "close": "13:00",
        "session_open": "0400",
        "session_close": "1700",
        "settlement_date": "2026-11-30",
    }
    blank.seed(fixture(tmp_path, calendar=[half_day]))

    assert blank.get("/v2/calendar", {"start": "2026-11-27", "end": "2026-11-29"}).json() == [half_day]


@pytest.mark.parametrize(
    ("traded", "settles"), [("2026-09-24", "2026-09-25"), ("2026-09-25", "2026-09-28"), ("2026-10-30", "2026-11-02")]
)
def test_a_trade_settles_on_the_next_working_day(traded: str, settles: str, blank: BrokerServer) -> None:
    (day,) = blank.get("/v2/calendar", {"start": traded, "end": traded}).json()

    assert day["settlement_date"] == settles
