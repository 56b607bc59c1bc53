"""Option symbols as the OCC writes them: root, expiry, call or put, strike in thousandths."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, Self

from infra.local.broker.query import Query

FORM = re.compile(r"([A-Z]{1,5}\d?)(\d{6})([CP])(\d{8})")
_STRIKE_UNIT = Decimal("0.001")


@dataclass(frozen=True)
class OptionSymbol:
    """What `AAPL261218C00230000` says."""

    symbol: str
    root: str
    expires: date
    kind: Literal["call", "put"]
    strike: Decimal

    @classmethod
    def parse(cls, symbol: str) -> Self | None:
        """Take an OCC symbol apart; None for anything else."""
        match = FORM.fullmatch(symbol)
        if match is None:
            return None
        root, expiry, letter, thousandths = match.groups()
        try:
            expires = date.fromisoformat(f"20{expiry}")
        except ValueError:
            return None
        strike = (Decimal(thousandths) * _STRIKE_UNIT).normalize()
        return cls(symbol, root, expires, "call" if letter == "C" else "put", strike)

    @property
    def underlying(self) -> str:
        """The stock; the digit that marks an adjusted root is not part of it."""
        return self.root.rstrip("0123456789")


def matches(option: OptionSymbol, query: Query) -> bool:
    """Whether the contract passes the filters that chains and contract lists share."""
    expiry, strike = option.expires.isoformat(), option.strike
    lowest, highest = query.decimal("strike_price_gte"), query.decimal("strike_price_lte")
    return (
        query.text("type") in (None, option.kind)
        and query.text("root_symbol") in (None, option.root)
        and query.text("expiration_date") in (None, expiry)
        and (query.text("expiration_date_gte") or expiry) <= expiry <= (query.text("expiration_date_lte") or expiry)
        and (lowest is None or strike >= lowest)
        and (highest is None or strike <= highest)
    )
