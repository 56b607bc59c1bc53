"""A position as any program would type it: what the floor, the stock path and dlt validate with."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict


class PlainPosition(BaseModel):
    """The fields of a document, without this program's rules."""

    model_config = ConfigDict(extra="allow", hide_input_in_errors=True)

    position_id: str
    signal_id: str
    account_id: str
    strategy_id: str
    strategy_version: int | None = None
    symbol: str
    asset_class: Literal["CRYPTO", "EQUITY", "OPTION"]
    status: Literal["CLOSED"]
    side: Literal["LONG", "SHORT"]
    trade_type: Literal["EXECUTED", "THEORETICAL"]
    discord_thread_id: str | None = None
    qty: Decimal
    original_qty: Decimal | None = None
    target_entry_price: Decimal | None = None
    entry_fill_price: Decimal | None = None
    exit_fill_price: Decimal | None = None
    entry_time: datetime
    exit_time: datetime
    exit_reason: str
    commission: Decimal | None = None
    current_stop: Decimal | None = None
    trailing_stop_final: Decimal | None = None
    ds: str | None = None


def as_line(position: PlainPosition) -> bytes:
    """Serialise one position as a line of JSON."""
    return orjson.dumps({**vars(position), **(position.model_extra or {})}, default=_text)


def _text(value: Any) -> str:
    return str(value)
