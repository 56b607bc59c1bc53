"""Regulatory fees to executions: the broker posts one sum per account, day and sub type; it is split by base. Pure.

The description states the base the broker reckoned with. Where the executions known here come to less, somebody else's
are missing, and their part of the sum stays unattributed rather than inflating the ones known.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext

from shared.account_executions import BrokerExecution
from shared.apportion import apportion
from shared.fees import charge
from shared.formulae import EXACT
from shared.postings import Posting

CENT = Decimal("0.01")
_GAP = ""
"""Stands for the executions that are missing; no execution has an empty id."""


@dataclass(frozen=True)
class DayShare:
    """One execution's part of a day's fee, US dollars."""

    execution: str
    usd: Decimal
    unattributed: Decimal
    """Its part, by the same weights, of what belongs to executions that are not known."""


@dataclass(frozen=True)
class DaySplit:
    """How the sum of one day and sub type was split. The shares and `unattributed` add up to `posted` exactly."""

    posted: Decimal
    shares: Sequence[DayShare]
    unattributed: Decimal
    surplus: bool = False
    """Whether more is known than the broker reckoned with: an execution may belong to another day."""


def split(kind: str, postings: Sequence[Posting], executions: Iterable[BrokerExecution]) -> DaySplit:
    """Split the postings of one account, day, sub type and unit over the day's executions.

    Raises:
        FeeRateUnknownError: The table does not cover the day.
    """
    with localcontext(EXACT):
        return _split(kind, postings, executions)


def _split(kind: str, postings: Sequence[Posting], executions: Iterable[BrokerExecution]) -> DaySplit:
    posted = sum((one.usd or Decimal(0) for one in postings), Decimal(0))
    unit = postings[0].unit
    weights = _weights(kind, unit, executions)
    if not weights:
        return DaySplit(posted, (), posted)
    known = sum((_measure(unit, one) for one in weights), Decimal(0))
    difference = _difference(_control(postings), unit, known)
    gap = _missing_weight(difference, known, weights)
    parts = apportion(posted, {**{one.id: weight for one, weight in weights.items()}, _GAP: gap})
    missing = parts.pop(_GAP)
    lost = apportion(missing, {one.id: weight for one, weight in weights.items()})
    shares = [DayShare(name, usd, lost[name]) for name, usd in parts.items()]
    return DaySplit(posted, shares, missing, surplus=difference < 0)


def days_of(postings: Iterable[Posting]) -> Mapping[tuple[date, str, str], list[Posting]]:
    """Group postings that are split together: by day, sub type and unit of their base."""
    groups: dict[tuple[date, str, str], list[Posting]] = {}
    for one in sorted(postings, key=lambda one: one.id):
        groups.setdefault((one.day, one.kind, one.unit), []).append(one)
    return groups


def _weights(kind: str, unit: str, executions: Iterable[BrokerExecution]) -> dict[BrokerExecution, Decimal]:
    """Weigh the executions a fee was charged for, by what the fee is reckoned from."""
    ordered = sorted(executions, key=lambda one: one.id)
    found = {one: _weight(kind, one) for one in ordered if _counts(unit, one)}
    return {one: weight for one, weight in found.items() if weight > 0}


def _weight(kind: str, one: BrokerExecution) -> Decimal:
    match kind:
        case "REG":
            return one.notional if one.side == "sell" else Decimal(0)
        case "CAT":
            return one.qty * one.multiplier
        case _:
            return charge(kind, one)


def _counts(unit: str, one: BrokerExecution) -> bool:
    """Tell whether an execution is in the base at all; a row about shares is not about contracts."""
    of_unit = {"shares": "EQUITY", "contracts": "OPTION"}.get(unit, one.asset_class)
    return one.asset_class == of_unit and one.asset_class != "CRYPTO"


def _control(postings: Sequence[Posting]) -> Decimal | None:
    """Add up the bases that the descriptions state; None when one states none, or nothing is left of them.

    What is taken back repeats the base of what it takes back: a fee, its rebate and the fee anew are of one base, a fee
    and a rebate of a part of it likewise.
    """
    bases: dict[Decimal, list[Decimal]] = {}
    for one in postings:
        if one.control is None:
            return None
        bases.setdefault(one.control, []).append(one.usd or Decimal(0))
    return sum((base * _times(posted) for base, posted in bases.items()), Decimal(0)) or None


def _times(posted: Sequence[Decimal]) -> int:
    """Count how often fees of one base were charged and stand, US dollars each, negative when taken back."""
    return max(1, sum((usd > 0) - (usd < 0) for usd in posted)) if sum(posted) else 0


def _missing_weight(difference: Decimal, known: Decimal, weights: Mapping[BrokerExecution, Decimal]) -> Decimal:
    """Weigh what the broker reckoned with and is not known here, in proportion to what is known."""
    return sum(weights.values(), Decimal(0)) * difference / known if difference > 0 else Decimal(0)


def _difference(control: Decimal | None, unit: str, known: Decimal) -> Decimal:
    """How far the broker's base is above (or, negative, below) the known one; 0 where it states none.

    The broker rounds dollars to the cent, one way or another, so a cent is no difference.
    """
    if control is None or abs(control - known) <= (CENT if unit == "dollars" else 0):
        return Decimal(0)
    return control - known


def _measure(unit: str, one: BrokerExecution) -> Decimal:
    match unit:
        case "dollars":
            return one.notional
        case "trades":
            return Decimal(1)
        case _:
            return one.qty
