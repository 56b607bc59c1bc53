"""The account at the end: balances, positions, option quotes."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from infra.local import rfc3339
from infra.local.demo_data import options
from infra.local.demo_data.broker import ASSET_CLASSES, plain
from infra.local.demo_data.cash_book import CashBook, to_cent
from infra.local.demo_data.instruments import AAPL, ACCOUNT, CENT, INSTRUMENTS, Instrument
from infra.local.demo_data.market import Market
from infra.local.demo_data.sessions import AS_OF, DAY, HOUR
from infra.local.demo_data.trades import Trade
from infra.local.exact_json import JsonObject

_ACCOUNT_ID = "6f1d1c3e-5a7b-4c3d-9e21-000000000001"
_EXCHANGES = {"CRYPTO": "CRYPTO", "EQUITY": "NASDAQ", "OPTION": ""}
_INITIAL_MARGIN = {"CRYPTO": Decimal(1), "EQUITY": Decimal("0.5"), "OPTION": Decimal(1)}
_MAINTENANCE_MARGIN = {"CRYPTO": Decimal(1), "EQUITY": Decimal("0.3"), "OPTION": Decimal(1)}
_YESTERDAY = AS_OF - DAY
_RATIO = Decimal("1e-10")


def account_row(book: CashBook, market: Market) -> JsonObject:
    """The account as the broker shows it since July 2026, when the pattern day trader fields went away."""
    values = {each: book.value(each, AS_OF, market) for each in INSTRUMENTS}
    equity, maintenance = book.equity(AS_OF, market), _margin(values, _MAINTENANCE_MARGIN)
    money = {
        "cash": book.cash(AS_OF),
        "portfolio_value": equity,
        "equity": equity,
        "last_equity": book.equity(_YESTERDAY, market),
        "long_market_value": sum((value for value in values.values() if value > 0), Decimal(0)),
        "short_market_value": sum((value for value in values.values() if value < 0), Decimal(0)),
        "position_market_value": sum(values.values(), Decimal(0)),
        "initial_margin": _margin(values, _INITIAL_MARGIN),
        "maintenance_margin": maintenance,
        "last_maintenance_margin": maintenance,
    }
    powers = _buying_powers(equity - money["initial_margin"])
    return _IDENTITY | _NOTHING_PENDING | {name: plain(amount) for name, amount in {**money, **powers}.items()}


def _buying_powers(free: Decimal) -> dict[str, Decimal]:
    """What can be bought with the equity that no margin binds, twice as much of what is marginable."""
    marginable = ("buying_power", "regt_buying_power", "effective_buying_power")
    return dict.fromkeys(marginable, 2 * free) | dict.fromkeys(
        ("non_marginable_buying_power", "options_buying_power"), free
    )


_NOTHING_PENDING: JsonObject = dict.fromkeys(
    ("accrued_fees", "pending_reg_taf_fees", "pending_transfer_in", "sma", "intraday_adjustments"), "0"
)
_IDENTITY: JsonObject = {
    "id": _ACCOUNT_ID,
    "admin_configurations": {},
    "user_configurations": None,
    "account_number": ACCOUNT,
    "status": "ACTIVE",
    "crypto_status": "ACTIVE",
    "crypto_tier": 1,
    "options_approved_level": 3,
    "options_trading_level": 3,
    "currency": "USD",
    "trading_blocked": False,
    "transfers_blocked": False,
    "account_blocked": False,
    "trade_suspended_by_user": False,
    "created_at": "2026-07-20T15:04:11.120000Z",
    "multiplier": "2",
    "shorting_enabled": True,
    "balance_asof": (_YESTERDAY - DAY).date().isoformat(),
}


def position_rows(trades: Iterable[Trade], market: Market) -> list[JsonObject]:
    """One row per open position."""
    return [_position(trade, market) for trade in trades]


def snapshot_rows(trades: Iterable[Trade], market: Market) -> JsonObject:
    """Quote, volatility and greeks of every option held."""
    held = (trade.instrument for trade in trades if trade.instrument.terms)
    return {each.symbol: _snapshot(each, market) for each in held}


def _position(trade: Trade, market: Market) -> JsonObject:
    instrument, signed = trade.instrument, trade.sign * trade.qty
    now = market.last_close(instrument.symbol, AS_OF)
    before = market.last_close(instrument.symbol, _YESTERDAY)
    value, cost, value_before = (
        to_cent(signed * instrument.multiplier * price) for price in (now, trade.entry.price, before)
    )
    opened_today = trade.entry.at >= _YESTERDAY
    intraday = value - (cost if opened_today else value_before)
    return {
        "asset_id": instrument.asset_id,
        "symbol": instrument.position_symbol,
        "exchange": _EXCHANGES[instrument.asset_class],
        "asset_class": ASSET_CLASSES[instrument.asset_class],
        "asset_marginable": instrument.asset_class == "EQUITY",
        "qty": plain(signed),
        "qty_available": plain(signed),
        "avg_entry_price": plain(trade.entry.price),
        "side": "long" if trade.is_long else "short",
        "market_value": plain(value),
        "cost_basis": plain(cost),
        "unrealized_pl": plain(value - cost),
        "unrealized_plpc": _ratio(value - cost, abs(cost)),
        "unrealized_intraday_pl": plain(intraday),
        "unrealized_intraday_plpc": _ratio(intraday, abs(cost if opened_today else value_before)),
        "current_price": plain(now),
        "lastday_price": plain(before),
        "change_today": _ratio(now - before, before),
    }


def _snapshot(option: Instrument, market: Market) -> JsonObject:
    if option.terms is None:
        raise ValueError(f"{option.symbol} is not an option")
    spot = market.last_close(AAPL.symbol, AS_OF)
    greeks = options.greeks(option.terms, spot, AS_OF)
    price = market.last_close(option.symbol, AS_OF)
    at = rfc3339.render(AS_OF - 4 * HOUR)
    return {
        "latestTrade": {"t": at, "x": "A", "p": price, "s": 1, "c": "I"},
        "latestQuote": _quote(at, price),
        "impliedVolatility": Decimal(str(options.VOLATILITY)),
        "greeks": vars(greeks),
    }


def _quote(at: str, price: Decimal) -> JsonObject:
    bid, ask = max(CENT, price - 5 * CENT), price + 5 * CENT
    return {"t": at, "ax": "B", "ap": ask, "as": 91, "bx": "C", "bp": bid, "bs": 16, "c": "A"}


def _margin(values: Mapping[Instrument, Decimal], shares: Mapping[str, Decimal]) -> Decimal:
    """What has to be set aside: a share of each position's value, whichever way it is held."""
    return to_cent(sum((abs(value) * shares[each.asset_class] for each, value in values.items()), Decimal(0)))


def _ratio(part: Decimal, whole: Decimal) -> str:
    return plain((part / whole).quantize(_RATIO))
