"""Something to do for the jobs that ask the broker, and for those that quarantine."""

import json
from pathlib import Path

from schemas.registry import TABLES
from tests.emulator.builders import account, position, put
from tests.emulator.fees import exit_price, history, seed_broker
from tests.stack import LocalStack


def seed_work(stack: LocalStack, directory: Path) -> None:
    """Give trades with orders and fees, an account, a broken document and a missing price; and make the tables."""
    seed_broker(stack, directory / "broker", range(1, 4), history(range(1, 4)))
    (directory / "account").mkdir()
    (directory / "account" / "broker.json").write_text(json.dumps({"account": account("1000")}), encoding="utf-8")
    stack.seed(directory / "account")
    put(stack, "live_positions", position(1, exit_fill_price=exit_price(1)), position(2, qty="NaN"))
    put(stack, "live_positions", position(3, exit_fill_price=0))
    for row in TABLES:
        stack.parts().tables.hold(row)
