from pathlib import Path

import pytest
from alpaca.common.exceptions import APIError
from alpaca.data.historical import OptionHistoricalDataClient
from alpaca.data.requests import OptionChainRequest, OptionSnapshotRequest
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import ContractType

from tests.emulator.broker_server import BrokerServer
from tests.emulator.broker_standin.clients import Row, refusal
from tests.emulator.broker_standin.fixture_data import CALL, EXPIRED_PUT, fixture


def test_snapshots_come_as_they_are_with_or_without_greeks(options: OptionHistoricalDataClient) -> None:
    request = OptionSnapshotRequest(symbol_or_symbols=[CALL, EXPIRED_PUT, "AAPL991218C00999000"])

    assert options.get_option_snapshot(request) == {
        EXPIRED_PUT: {"latestQuote": {"bp": 0}},
        CALL: {"latestTrade": {"p": 4.1}, "impliedVolatility": 0.337, "greeks": {"delta": 0.752}},
    }


def test_snapshots_are_refused_beyond_a_hundred_symbols(options: OptionHistoricalDataClient) -> None:
    symbols = [f"AAPL991218C{number:08}" for number in range(101)]

    with pytest.raises(APIError) as answer:
        options.get_option_snapshot(OptionSnapshotRequest(symbol_or_symbols=symbols))

    assert refusal(answer) == (400, '{"message":"too many symbols: 101, at most 100 are allowed"}')


def test_snapshots_have_pages(broker: BrokerServer) -> None:
    symbols = f"{CALL},{EXPIRED_PUT}"
    path = "/v1beta1/options/snapshots"
    first = broker.get(path, {"symbols": symbols, "limit": 1}).json()
    second = broker.get(path, {"symbols": symbols, "page_token": first["next_page_token"]}).json()

    assert [list(page["snapshots"]) for page in (first, second)] == [[EXPIRED_PUT], [CALL]]
    assert second["next_page_token"] is None


def test_a_chain_holds_the_contracts_of_its_underlying_that_pass_the_filters(
    options: OptionHistoricalDataClient,
) -> None:
    everything = options.get_option_chain(OptionChainRequest(underlying_symbol="AAPL"))
    calls = options.get_option_chain(OptionChainRequest(underlying_symbol="AAPL", type=ContractType.CALL))
    cheap = options.get_option_chain(OptionChainRequest(underlying_symbol="AAPL", strike_price_lte=90.5))

    assert (set(everything), set(calls), set(cheap)) == ({CALL, EXPIRED_PUT}, {CALL}, {EXPIRED_PUT})
    assert options.get_option_chain(OptionChainRequest(underlying_symbol="AA")) == {}


def test_a_contract_that_was_ever_traded_can_be_asked_for(trading: TradingClient) -> None:
    contract = dict(trading.get_option_contract(EXPIRED_PUT))

    assert (contract["multiplier"], contract["strike_price"], contract["status"]) == ("100", "90.5", "inactive")
    assert trading.get_option_contract(contract["id"]) == contract


def test_contract_lists_hold_the_active_ones_unless_told(broker: BrokerServer) -> None:
    active, inactive = (
        broker.get("/v2/options/contracts", {"underlying_symbols": "AAPL", "status": status}).json()
        for status in ("active", "inactive")
    )

    assert [row["symbol"] for row in active["option_contracts"]] == [CALL]
    assert [row["symbol"] for row in inactive["option_contracts"]] == [EXPIRED_PUT]


@pytest.mark.parametrize(
    "snapshot",
    [
        {"greeks": {"delta": 0.752}},
        {"greeks": {"delta": 0, "gamma": 0, "theta": 0, "vega": 0, "rho": 0}, "impliedVolatility": 0},
        {"latestQuote": {"t": "2026-09-28T19:59:59.992734208Z", "ap": 0.02, "bp": 0}},
        {"greeks": None, "impliedVolatility": None},
        {},
        None,
    ],
)
def test_a_snapshot_with_gaps_comes_with_its_gaps(snapshot: Row | None, blank: BrokerServer, tmp_path: Path) -> None:
    blank.seed(fixture(tmp_path, option_snapshots={CALL: snapshot}))

    # The official client cannot read a null.
    assert blank.get("/v1beta1/options/snapshots", {"symbols": CALL}).json()["snapshots"] == {CALL: snapshot}
