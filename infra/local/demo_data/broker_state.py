"""`broker.json` as a whole."""

from infra.local.demo_data.account import account_row, position_rows, snapshot_rows
from infra.local.demo_data.broker import fill_rows, order_rows
from infra.local.demo_data.cash_book import open_book
from infra.local.demo_data.cast import Cast
from infra.local.demo_data.fee_rows import coin_fee_rows, day_fee_rows
from infra.local.demo_data.history import DEPOSIT, FIRST_DAY, before_the_month, calendar_rows, history_row
from infra.local.demo_data.market import Market
from infra.local.demo_data.seeding import stream
from infra.local.exact_json import JsonObject


def broker_state(seed: int, market: Market, cast: Cast) -> JsonObject:
    """Everything the broker knows of the account."""
    chance = stream(seed, "broker")
    earlier = before_the_month(stream(seed, "history"))
    fees = [*coin_fee_rows(chance, cast.broker_orders), *day_fee_rows(chance, cast.broker_orders)]
    book = open_book(earlier[-1], cast.broker_orders, fees)
    activities = [_DEPOSITED, *fill_rows(cast.broker_orders), *fees]
    return {
        "account": account_row(book, market),
        "orders": order_rows(cast.broker_orders),
        "activities": sorted(activities, key=lambda row: (row.get("transaction_time") or row["created_at"], row["id"])),
        "positions": position_rows(cast.open, market),
        "portfolio_history": history_row(earlier, book, market),
        "option_snapshots": snapshot_rows(cast.open, market),
        "calendar": calendar_rows(),
    }


_DEPOSITED: JsonObject = {
    "id": f"{FIRST_DAY:%Y%m%d}000000000::8d0e6a54-1c7b-4d9e-8f11-000000000001",
    "activity_type": "JNLC",
    "date": FIRST_DAY.isoformat(),
    "created_at": f"{FIRST_DAY.isoformat()}T12:00:00Z",
    "net_amount": str(DEPOSIT),
    "description": "",
    "status": "executed",
    "currency": "USD",
}
