"""A fixture with everything that the broker has to show, in full."""

from pathlib import Path
from typing import Any

from tests.emulator.broker_standin.activity_shapes import ACTIVITIES
from tests.emulator.broker_standin.fixture_data import CALL, DAY, EXPIRED_PUT, HOUR, START, fixture, rising_bars
from tests.emulator.broker_standin.order_shapes import DOCUMENTED

Row = dict[str, Any]

ACCOUNT: Row = {
    "id": "11111111-2222-4333-8444-555555555555",
    "admin_configurations": {},
    "user_configurations": None,
    "account_number": "PA3TEST00001",
    "status": "ACTIVE",
    "crypto_status": "ACTIVE",
    "crypto_tier": 1,
    "options_approved_level": 2,
    "options_trading_level": 2,
    "currency": "USD",
    "buying_power": "262113.632",
    "regt_buying_power": "80680.36",
    "effective_buying_power": "262113.632",
    "non_marginable_buying_power": "40340.18",
    "options_buying_power": "40340.18",
    "cash": "-23140.2",
    "accrued_fees": "0",
    "pending_reg_taf_fees": "0.02",
    "pending_transfer_in": "0",
    "portfolio_value": "103820.56",
    "trading_blocked": False,
    "transfers_blocked": False,
    "account_blocked": False,
    "trade_suspended_by_user": False,
    "created_at": "2024-06-12T22:47:07.99658Z",
    "multiplier": "2",
    "shorting_enabled": True,
    "equity": "103820.56",
    "last_equity": "103529.24",
    "long_market_value": "126960.76",
    "short_market_value": "0",
    "position_market_value": "126960.76",
    "initial_margin": "63480.38",
    "maintenance_margin": "38088.228",
    "last_maintenance_margin": "38000.832",
    "sma": "0",
    "balance_asof": "2026-09-29",
    "intraday_adjustments": "0",
}

_COIN: Row = {
    "asset_id": "64bbff51-0000-4000-8000-000000000001",
    "symbol": "BTCUSD",
    "exchange": "CRYPTO",
    "asset_class": "crypto",
    "asset_marginable": False,
    "qty": "0.9975",
    "qty_available": "0.9975",
    "avg_entry_price": "60000",
    "side": "long",
    "market_value": "60847.5",
    "cost_basis": "59850",
    "unrealized_pl": "997.5",
    "unrealized_plpc": "0.0166666667",
    "unrealized_intraday_pl": "99.75",
    "unrealized_intraday_plpc": "0.0016420118",
    "current_price": "61000",
    "lastday_price": "60900",
    "change_today": "0.0016420361",
}
_SHORT_CALL: Row = {
    **_COIN,
    "asset_id": "98359ef7-0000-4000-8000-000000000002",
    "symbol": CALL,
    "exchange": "",
    "asset_class": "us_option",
    "qty": "-2",
    "qty_available": "-2",
    "side": "short",
    "market_value": "-845",
    "cost_basis": "-820",
}

SNAPSHOTS: Row = {
    CALL: {
        "latestTrade": {"t": "2026-09-28T19:57:32.589554432Z", "x": "A", "p": 4.1, "s": 1, "c": "I"},
        "latestQuote": {
            "t": "2026-09-28T19:59:59.99Z",
            "ax": "B",
            "ap": 4.3,
            "as": 91,
            "bx": "C",
            "bp": 4.15,
            "bs": 16,
            "c": "A",
        },
        "impliedVolatility": 0.337,
        "greeks": {"delta": 0.752, "gamma": 0.0624, "theta": -0.2848, "vega": 0.0475, "rho": 0.0099},
    },
    EXPIRED_PUT: {},
}


def whole_fixture(directory: Path) -> Path:
    """Write it."""
    return fixture(
        directory,
        bars={
            "BTC/USD": rising_bars(72, HOUR),
            "AAPL": rising_bars(9, HOUR, START + 14 * HOUR),
            CALL: rising_bars(2, DAY),
        },
        account=ACCOUNT,
        orders=list(DOCUMENTED.values()),
        activities=list(ACTIVITIES.values()),
        positions=[_COIN, _SHORT_CALL],
        portfolio_history={
            "timestamp": [1790640000, 1790726400],
            "equity": [8425.21, 8639.77],
            "profit_loss": [12.17, 214.56],
            "profit_loss_pct": [0.0014, 0.0255],
            "base_value": 8413.04,
            "base_value_asof": "2026-09-25",
            "timeframe": "1D",
            "cashflow": {"CSD": [9.93, 10.13], "FEE": [0, -0.31]},
        },
        option_snapshots=SNAPSHOTS,
        calendar=[
            {
                "date": "2026-09-28",
                "open": "09:30",
                "close": "16:00",
                "session_open": "0400",
                "session_close": "2000",
                "settlement_date": "2026-09-29",
            }
        ],
    )
