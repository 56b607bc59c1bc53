"""The invented broker's orders and executions add up, from `broker.json` and the documents alone."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from decimal import ROUND_CEILING, Decimal

import pytest

from infra.local import demo_data
from tests.unit.demo_venue import (
    CENT,
    NANO,
    RATES,
    SEEDS,
    Row,
    Venue,
    instant,
    multiplier,
    qty,
    read_venue,
    rounded,
    worth,
)


@pytest.fixture(scope="module", params=SEEDS)
def venue(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Venue:
    return read_venue(tmp_path_factory.mktemp("demo"), request.param)


def round_trips(venue: Venue) -> Iterator[tuple[demo_data.ExpectedTrade, list[Row], list[Row]]]:
    """Each clean trade that the broker knows, with its entry and exit executions as the document's ids lead to them."""
    for trade in venue.expected.trades:
        fields = venue.positions[trade.trade_id]
        entry = fields.get("alpaca_order_id") or fields.get("entry_order_id")
        if entry:
            exits = (fields.get(name) for name in ("exit_order_id", "tp_order_id", "sl_order_id"))
            yield trade, venue.fills(venue.chains(entry)), venue.fills(venue.chains(*exits))


def test_an_order_says_what_its_executions_say(venue: Venue) -> None:
    for order_id, order in venue.orders().items():
        fills = venue.fills({order_id})

        assert Decimal(order["filled_qty"]) == qty(fills)
        if fills:
            assert Decimal(order["filled_avg_price"]) == rounded(worth(fills) / qty(fills))
            assert Decimal(fills[-1]["cum_qty"]) + Decimal(fills[-1]["leaves_qty"]) == Decimal(order["qty"])
        else:
            assert order["filled_avg_price"] is None
        assert (order["status"] == "filled") == (order["filled_qty"] == order["qty"])


def test_executions_happen_inside_their_bar(venue: Venue) -> None:
    for fill in venue.activities("FILL"):
        at, price = instant(fill["transaction_time"]), Decimal(fill["price"])
        (bar,) = (bar for bar in venue.bars[fill["symbol"]] if bar.time <= at < bar.time + timedelta(hours=1))

        assert bar.low <= price <= bar.high
        assert "/" in fill["symbol"] or (at.hour, at.minute) >= (13, 30)


def test_trades_follow_to_the_digit_from_the_executions_their_document_leads_to(venue: Venue) -> None:
    seen = 0
    for trade, entries, exits in round_trips(venue):
        seen += 1
        sign = 1 if trade.side == "LONG" else -1
        entry_price, exit_price = rounded(worth(entries) / qty(entries)), rounded(worth(exits) / qty(exits))

        assert (trade.entry_price, trade.exit_price, trade.qty) == (entry_price, exit_price, qty(exits))
        size = trade.qty * multiplier(exits[0]["symbol"])
        assert trade.gross_pnl_usd == rounded(sign * (exit_price - entry_price) * size)
        assert {row["side"] for row in entries} == {"buy" if sign > 0 else "sell"}
        assert {row["side"] for row in exits} == {"sell" if sign > 0 else "buy"}
    assert seen >= 140


def test_the_entry_order_carries_the_positions_id(venue: Venue) -> None:
    by_client_id = {order["client_order_id"]: order["id"] for order in venue.broker["orders"]}

    for trade, _, _ in round_trips(venue):
        fields = venue.positions[trade.trade_id]
        assert by_client_id[trade.trade_id] == fields.get("alpaca_order_id", fields.get("entry_order_id"))


def test_the_broker_check_follows_from_the_stated_prices(venue: Venue) -> None:
    checks = Counter(trade.broker_check for trade in venue.expected.trades)
    for trade, _, _ in round_trips(venue):
        fields = venue.positions[trade.trade_id]
        entry = fields.get("entry_fill_price", fields.get("filled_avg_price"))
        stated = [Decimal(str(price or 0)) for price in (entry, fields.get("exit_fill_price"))]

        assert (trade.broker_check == "MATCHED") == (stated == [trade.entry_price, trade.exit_price])
    assert checks["NOT_FOUND"] == sum(
        venue.positions[trade.trade_id].get("trade_type") == "THEORETICAL" for trade in venue.expected.trades
    )
    assert min(checks.values()) >= 3


def test_coin_purchases_and_sales_balance_after_the_coin_fee(venue: Venue) -> None:
    by_execution = coin_fees(venue)
    for trade, entries, exits in round_trips(venue):
        if trade.coin_fees_usd is None:
            continue
        coin = -sum((Decimal(by_execution[row["id"]]["qty"]) for row in entries), Decimal(0))
        usd = -sum((Decimal(by_execution[row["id"]]["net_amount"]) for row in exits), Decimal(0))
        fee_usd = usd + sum(-Decimal(by_execution[row["id"]]["qty"]) * Decimal(row["price"]) for row in entries)
        cash = worth(exits) - usd - worth(entries)

        assert qty(exits) == qty(entries) - coin
        assert trade.coin_fees_usd == fee_usd
        # The coin fee is worth its entry price: P&L on the sold quantity, less that, is what happened to the cash.
        assert abs(cash - (trade.gross_pnl_usd - fee_usd)) < Decimal("1e-6")


def coin_fees(venue: Venue) -> dict[str, Row]:
    """Every coin execution's id with its own fee row: the next in time of the right amount, unique for these seeds."""
    rows = sorted(venue.activities("CFEE"), key=lambda row: str(row["created_at"]))
    found: dict[str, Row] = {}
    for fill in (row for row in venue.activities("FILL") if "/" in row["symbol"]):
        match = next(row for row in rows if explains(row, fill))
        rows.remove(match)
        found[fill["id"]] = match
    assert rows == []
    return found


def explains(row: Row, fill: Row) -> bool:
    amount, price = Decimal(fill["qty"]), Decimal(fill["price"])
    if instant(row["created_at"]) < instant(fill["transaction_time"]):
        return False
    if fill["side"] == "buy":
        fees = {(rate * amount).quantize(NANO, rounding=ROUND_CEILING) for rate in RATES}
        return row.get("symbol") == fill["symbol"].replace("/", "") and -Decimal(row["qty"]) in fees
    fees = {(rate * amount * price).quantize(CENT, rounding=ROUND_CEILING) for rate in RATES}
    return "symbol" not in row and -Decimal(row["net_amount"]) in fees


def test_orders_come_in_every_shape(venue: Venue) -> None:
    orders = venue.orders()
    chained = [order for order in orders.values() if order["replaced_by"]]

    assert all(orders[order["replaced_by"]]["replaces"] == order["id"] for order in chained)
    assert any(order["replaces"] and Decimal(order["filled_qty"]) > 0 for order in chained)
    assert any(order["status"] == "canceled" and Decimal(order["filled_qty"]) > 0 for order in orders.values())
    assert any(order["order_class"] == "bracket" and len(order["legs"] or ()) == 2 for order in orders.values())
    assert {order["type"] for order in orders.values()} == {"market", "limit", "stop", "stop_limit"}
    assert len(venue.fills(set(orders))) > sum(Decimal(order["filled_qty"]) > 0 for order in orders.values())


def test_positions_exit_in_every_way(venue: Venue) -> None:
    clean = [venue.positions[trade.trade_id] for trade in venue.expected.trades]
    exits = {tuple(bool(each.get(name)) for name in ("exit_order_id", "tp_order_id", "sl_order_id")) for each in clean}

    assert exits >= {(True, False, False), (False, True, True), (False, False, True), (True, True, False)}
    assert any(each.get("scaled_out_prices") for each in clean)
    assert any(each.get("scaled_out_price") and "scaled_out_prices" not in each for each in clean)
    assert {each["asset_class"] for each in clean} == {"CRYPTO", "EQUITY", "OPTION"}
    assert {each["strategy_version"] for each in clean if "strategy_version" in each} == {1, "1", 2}
    assert any("engine_build" in each for each in clean)
    entries = [each.get("entry_time") or each["filled_at"] for each in clean]
    assert any(instant(str(each["exit_time"])) == instant(str(at)) for each, at in zip(clean, entries, strict=True))


def test_broker_faults_are_true_of_the_broker(venue: Venue) -> None:
    orders = venue.orders()
    known = set(orders) | {order["client_order_id"] for order in orders.values()}
    for path, reason in venue.expected.reasons.items():
        fields = venue.positions.get(path.split("/")[1], {})
        ids = {fields[name] for name in ("alpaca_order_id", "entry_order_id", "exit_order_id") if fields.get(name)}
        if reason == "BROKER_ORDER_MISSING":
            assert not {*ids, fields["position_id"]} & known
        if reason == "BROKER_NOT_FILLED":
            assert ids <= known
            assert not venue.fills(ids)
        if reason == "MISSING_FILL_PRICE":
            assert not venue.fills(ids)
