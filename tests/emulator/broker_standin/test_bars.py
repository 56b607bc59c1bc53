from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from alpaca.data.enums import Adjustment
from alpaca.data.historical import CryptoHistoricalDataClient, OptionHistoricalDataClient, StockHistoricalDataClient
from alpaca.data.requests import OptionBarsRequest, StockBarsRequest
from alpaca.data.timeframe import TimeFrame, TimeFrameUnit

from tests.emulator.broker_server import BrokerServer, Parameters
from tests.emulator.broker_standin.clients import Row, bars_of, crypto_client
from tests.emulator.broker_standin.fixture_data import (
    CALL,
    DAY,
    HOUR,
    START,
    TWO_WEEKS_OF_MINUTES,
    fixture,
    rising_bars,
)

PATH = "/v1beta3/crypto/us/bars"


def rows_of(page: Row) -> list[tuple[str, str]]:
    return [(symbol, bar["t"]) for symbol, bars in page["bars"].items() for bar in bars]


def test_the_client_follows_the_pages_and_gets_every_bar_once(crypto: CryptoHistoricalDataClient) -> None:
    bars = bars_of(crypto, "ETH/USD", "BTC/USD", timeframe=TimeFrame.Minute, end=START + 30 * DAY)

    assert list(bars) == ["BTC/USD"]
    assert [bar["o"] for bar in bars["BTC/USD"]] == list(range(TWO_WEEKS_OF_MINUTES))


def test_pages_cut_anywhere_join_without_loss(broker: BrokerServer) -> None:
    wanted = {"symbols": "ETH/USD,BTC/USD", "timeframe": "1Day", "start": "2026-09-28", "end": "2026-10-31"}
    page = broker.get(PATH, {**wanted, "limit": 4}).json()
    seen = rows_of(page)
    while token := page["next_page_token"]:
        page = broker.get(PATH, {**wanted, "limit": 4, "page_token": token}).json()
        seen += rows_of(page)

    assert len(seen) == 14 + 3
    assert seen == sorted(set(seen))


def test_the_limit_counts_the_rows_of_all_symbols_together(crypto: CryptoHistoricalDataClient) -> None:
    bars = bars_of(crypto, "ETH/USD", "BTC/USD", timeframe=TimeFrame.Day, limit=15, end=START + 30 * DAY)

    assert {symbol: len(rows) for symbol, rows in bars.items()} == {"BTC/USD": 14, "ETH/USD": 1}


def test_symbols_without_bars_are_absent(broker: BrokerServer) -> None:
    answer = broker.get(PATH, {"symbols": "DOGE/USD", "timeframe": "1Day", "start": "2026-09-28"})

    assert answer.json() == {"bars": {}, "next_page_token": None}


def test_hours_add_up_to_days(crypto: CryptoHistoricalDataClient) -> None:
    days = bars_of(crypto, "ETH/USD", timeframe=TimeFrame.Day, end=START + 9 * DAY)["ETH/USD"]

    assert days[1] == {
        "t": "2026-09-29T00:00:00Z",
        "o": 24,
        "h": 47.5,
        "l": 23.5,
        "c": 47,
        "v": 48,
        "n": 24,
        "vw": 35.5,
    }
    assert len(days) == 3


@pytest.mark.parametrize(
    ("timeframe", "second_opening"),
    [
        (TimeFrame(7, TimeFrameUnit.Minute), "2026-09-28T00:07:00Z"),
        (TimeFrame(4, TimeFrameUnit.Hour), "2026-09-28T04:00:00Z"),
        (TimeFrame.Week, "2026-10-05T00:00:00Z"),
        (TimeFrame.Month, "2026-10-01T00:00:00Z"),
        (TimeFrame(3, TimeFrameUnit.Month), "2026-10-01T00:00:00Z"),
    ],
)
def test_coarser_bars_open_on_the_clock_of_utc(
    timeframe: TimeFrame, second_opening: str, crypto: CryptoHistoricalDataClient
) -> None:
    bars = bars_of(crypto, "BTC/USD", timeframe=timeframe, start=START - 90 * DAY, end=START + 30 * DAY)

    assert bars["BTC/USD"][1]["t"] == second_opening


def test_a_timeframe_finer_than_the_stored_one_has_no_bars(crypto: CryptoHistoricalDataClient) -> None:
    assert bars_of(crypto, "ETH/USD", timeframe=TimeFrame.Minute, end=START + DAY) == {}


def test_daily_bars_that_do_not_open_at_midnight_are_served_as_they_are(crypto: CryptoHistoricalDataClient) -> None:
    bars = bars_of(crypto, "LTC/USD", timeframe=TimeFrame.Day, end=START + 9 * DAY)["LTC/USD"]

    assert [bar["t"][11:13] for bar in bars] == ["06", "06", "06"]


def test_start_and_end_both_include_the_bar_that_opens_on_them(crypto: CryptoHistoricalDataClient) -> None:
    bars = bars_of(crypto, "ETH/USD", timeframe=TimeFrame.Hour, start=START + HOUR, end=START + 3 * HOUR)

    assert [bar["o"] for bar in bars["ETH/USD"]] == [1, 2, 3]


def test_bars_can_come_newest_first(broker: BrokerServer) -> None:
    window = {"symbols": "ETH/USD", "timeframe": "1H", "start": "2026-09-28", "end": "2026-09-28T03:00:00Z"}
    first = broker.get(PATH, {**window, "sort": "desc", "limit": 3}).json()
    second = broker.get(PATH, {**window, "sort": "desc", "page_token": first["next_page_token"]}).json()

    assert [bar["o"] for page in (first, second) for bar in page["bars"]["ETH/USD"]] == [3, 2, 1, 0]


def test_prices_keep_their_digits_on_the_wire(broker: BrokerServer) -> None:
    day = "2026-09-28"
    answer = broker.get(PATH, {"symbols": "ETH/USD", "timeframe": "1Hour", "start": day, "end": day})

    assert '"o":0,"h":0.50,"l":-0.50,"c":0,"v":2,' in answer.text


def test_stock_and_option_bars_have_their_own_paths(broker: BrokerServer, options: OptionHistoricalDataClient) -> None:
    stocks = StockHistoricalDataClient("key", "secret", url_override=broker.url, raw_data=True)
    hours = StockBarsRequest(symbol_or_symbols="AAPL", timeframe=TimeFrame.Hour, start=START, end=START + DAY)
    days = OptionBarsRequest(symbol_or_symbols=CALL, timeframe=TimeFrame.Day, start=START, end=START + DAY)

    assert [bar["v"] for bar in stocks.get_stock_bars(hours)["AAPL"]] == [8]
    assert len(options.get_option_bars(days)[CALL]) == 2


@pytest.mark.parametrize(
    ("path", "parameters", "message"),
    [
        ("crypto/us", {"symbols": "BTCUSD"}, "invalid symbol: BTCUSD does not match ^[A-Z]+/[A-Z]+$"),
        ("crypto/us", {"timeframe": "90Min"}, "invalid timeframe: 90Min"),
        ("crypto/us", {"limit": 10_001}, "limit must be between 1 and 10000"),
        ("crypto/us", {"page_token": "bm9uc2Vuc2U="}, "invalid page_token"),
        ("crypto/us", {"start": "yesterday"}, "invalid start: yesterday"),
        ("crypto/us", {"symbols": ""}, "symbols is required"),
        ("crypto/mars", {}, "invalid location: mars"),
    ],
)
def test_the_data_host_refuses_what_it_cannot_read(
    path: str, parameters: Parameters, message: str, broker: BrokerServer
) -> None:
    usual = {"symbols": "BTC/USD", "timeframe": "1Day"}

    answer = broker.get(f"/v1beta3/{path}/bars", {**usual, **parameters}, keys=False)

    assert (answer.status_code, answer.json()) == (400, {"message": message})


def test_recent_bars_of_the_consolidated_feed_need_a_subscription(broker: BrokerServer) -> None:
    wanted = {"symbols": "AAPL", "timeframe": "1Day", "start": "2026-09-28", "feed": "sip"}
    answer = broker.get("/v2/stocks/bars", wanted)

    assert (answer.status_code, answer.json()) == (
        403,
        {"message": "subscription does not permit querying recent SIP data"},
    )


def test_the_last_bar_may_still_be_forming(blank: BrokerServer, tmp_path: Path) -> None:
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    blank.seed(fixture(tmp_path, bars={"BTC/USD": rising_bars(9, DAY, today - 3 * DAY)}))

    # Without an end the answer runs to now.
    bars = bars_of(crypto_client(blank), "BTC/USD", timeframe=TimeFrame.Day, start=today - 3 * DAY)["BTC/USD"]

    assert [bar["o"] for bar in bars[:4]] == [0, 1, 2, 3]
    assert datetime.fromisoformat(bars[-1]["t"]) + DAY > datetime.now(UTC)


def test_a_bar_of_quotes_alone_has_no_volume(blank: BrokerServer, tmp_path: Path) -> None:
    quotes = [bar._replace(volume=Decimal(0)) for bar in rising_bars(2, HOUR)]
    blank.seed(fixture(tmp_path, bars={"BTC/USD": quotes}))

    bars = bars_of(crypto_client(blank), "BTC/USD", timeframe=TimeFrame.Hour, end=START + DAY)["BTC/USD"]

    assert [(bar["v"], bar["n"], bar["h"]) for bar in bars] == [(0, 0, 0.5), (0, 0, 1.5)]


SPLIT: Row = {"id": "1", "symbol": "AAPL", "ex_date": "2026-09-30", "new_rate": 2, "old_rate": 1}


def opens(broker: BrokerServer, adjustment: Adjustment | None) -> list[float]:
    """The opening prices of a stock by the day."""
    stocks = StockHistoricalDataClient("key", "secret", url_override=broker.url, raw_data=True)
    request = StockBarsRequest(
        symbol_or_symbols="AAPL",
        timeframe=TimeFrame.Day,
        start=START,
        end=START + 9 * DAY,
        adjustment=adjustment,
    )
    found: Row = stocks.get_stock_bars(request)  # type: ignore[assignment]  # raw data was asked for
    return [bar["o"] for bar in found["AAPL"]]


@pytest.mark.parametrize(
    ("adjustment", "expected"),
    [(None, [0, 1, 2]), (Adjustment.RAW, [0, 1, 2]), (Adjustment.SPLIT, [0, 0.5, 2]), (Adjustment.ALL, [0, 0.5, 2])],
)
def test_prices_are_as_traded_or_adjusted_for_the_splits_that_came_later(
    adjustment: Adjustment | None, expected: list[float], blank: BrokerServer, tmp_path: Path
) -> None:
    assert START.isoformat() == "2026-09-28T00:00:00+00:00"
    # Midnight in New York is four hours later: the bar that opens before it is of the day before the split.
    blank.seed(fixture(tmp_path, bars={"AAPL": rising_bars(3, DAY, START + 4 * HOUR)}, splits=[SPLIT]))

    assert opens(blank, adjustment) == expected


def test_without_a_split_adjusting_changes_nothing(blank: BrokerServer, tmp_path: Path) -> None:
    another = {**SPLIT, "symbol": "MSFT"}
    blank.seed(fixture(tmp_path, bars={"AAPL": rising_bars(3, DAY, START)}, splits=[another]))

    assert opens(blank, Adjustment.SPLIT) == opens(blank, Adjustment.RAW) == [0, 1, 2]


@pytest.mark.parametrize(
    "wrong", [{"ex_date": "soon"}, {"ex_date": None}, {"symbol": 5}, {"new_rate": 0}, {"old_rate": "1"}]
)
def test_a_split_that_says_nothing_is_refused_when_it_is_loaded(
    wrong: Row, blank: BrokerServer, tmp_path: Path
) -> None:
    answer = blank.seed(fixture(tmp_path, splits=[{**SPLIT, **wrong}]))

    assert (answer.status_code, answer.json()["message"].partition(": 1: ")[0]) == (422, "broker.json: splits")
