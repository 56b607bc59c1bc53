"""Crypto fees to executions: each fee row is one execution's, and its amount says which could have paid it. Pure.

A purchase pays in the coin it received, rounded up to 1e-9 coins; a sale pays in US dollars, rounded up to the cent.
The rate may be any maker or taker rate of the day's table. Where that leaves two valid answers, the rates of the
volume tier decide if they can; otherwise nobody is given the fee.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from decimal import ROUND_CEILING, Decimal, localcontext

from shared.account_executions import BrokerExecution
from shared.apportion import NANO, apportion
from shared.assignment import Assignment, Worth, assign
from shared.components import connected
from shared.fee_table import Tier, crypto_tiers
from shared.formulae import EXACT
from shared.postings import Posting, may_belong, valued

CENT = Decimal("0.01")
_UNITS = {"USD": CENT}
"""What a fee in a currency is rounded up to; coins to 1e-9."""


@dataclass(frozen=True)
class Share:
    """What one execution paid of one posting."""

    posting: str
    execution: str
    usd: Decimal
    exact: bool
    """Whether the posting is this execution's alone and its amount that of a rate in the table."""
    amount: Decimal | None = None
    """The posting's own amount, in its own currency, where it is exact."""


@dataclass
class CryptoFees:
    """Who paid which fee."""

    shares: list[Share] = field(default_factory=list)
    ambiguous: set[str] = field(default_factory=set)
    """Owners for whom two assignments are valid and differ."""
    tied: set[date] = field(default_factory=set)
    """Days whose volume tier is not known and might decide one of these."""


Tiers = Mapping[date, Tier]
"""The account's volume tier by day, as far as it is known."""


def attribute(
    postings: Sequence[Posting], executions: Sequence[BrokerExecution], owners: Mapping[str, str], tiers: Tiers
) -> CryptoFees:
    """Give the crypto fees of one account to its executions; `owners` maps executions to whoever owns them.

    Raises:
        FeeRateUnknownError: The table does not cover the day of an execution.
    """
    work = _Attribution(postings, executions, owners, tiers)
    work.assign()
    work.share_daily()
    return work.found


def base_of(execution: BrokerExecution) -> Decimal:
    """The amount received, on which the fee is reckoned: coins, or the quote currency."""
    return execution.qty if execution.side == "buy" else execution.qty * execution.price


def fee_of(execution: BrokerExecution, rate: Decimal) -> Decimal:
    """Compute the fee at a rate, in the currency received, rounded up as the broker does."""
    with localcontext(EXACT):
        unit = _UNITS.get(execution.received, NANO)
        return (base_of(execution) * rate).quantize(unit, rounding=ROUND_CEILING)


def explained_by(tier: Tier, share: Share, execution: BrokerExecution) -> bool:
    """Tell whether a tier's rates explain an exact share."""
    return share.amount in {fee_of(execution, rate) for rate in tier.rates}


def value_of(posting: Posting, execution: BrokerExecution) -> Decimal | None:
    """Value a posting if it is this execution's, US dollars: coins at the fill price; None where nothing states one."""
    if posting.usd is not None:
        return posting.usd
    price = execution.price if execution.in_dollars and execution.side == "buy" else posting.price
    return None if posting.coins is None or price is None else valued(posting.coins, price)


def _amount(posting: Posting) -> Decimal:
    return posting.usd if posting.usd is not None else posting.coins or Decimal(0)


class _Attribution:
    """One attribution under way."""

    def __init__(
        self,
        postings: Sequence[Posting],
        executions: Sequence[BrokerExecution],
        owners: Mapping[str, str],
        tiers: Tiers,
    ) -> None:
        early = sorted(postings, key=lambda one: (one.created or datetime.combine(one.day, time.max, UTC), one.id))
        self._fees = {one.id: one for one in early}
        self._executions = {one.id: one for one in sorted(executions, key=lambda one: (one.at, one.id))}
        self._owners = owners
        self._tiers = tiers
        self._open: set[str] = set()
        """Fees and executions of parts that have no single answer."""
        self.found = CryptoFees()

    def assign(self) -> None:
        """Give each fee to one execution where its amount allows that."""
        worth = self._worth()
        for fees in connected({fee: places for fee, places in worth.items() if places}):
            self._settle({fee: worth[fee] for fee in fees})

    def _worth(self) -> dict[str, dict[str, Decimal]]:
        """List for each fee which executions may have paid it, and what it is worth there, US dollars."""
        payers: dict[tuple[str, Decimal], list[BrokerExecution]] = {}
        for one in self._executions.values():
            for amount in {fee_of(one, rate) for tier in crypto_tiers(one.day) for rate in tier.rates}:
                payers.setdefault((one.received, amount), []).append(one)
        return {
            fee.id: {
                one.id: value
                for one in payers.get((fee.currency, _amount(fee)), ())
                if may_belong(fee, one) and (value := value_of(fee, one)) is not None
            }
            for fee in self._fees.values()
        }

    def _settle(self, worth: dict[str, dict[str, Decimal]]) -> None:
        """Assign one connected part; where that is ambiguous, try with the rates of the volume tier alone."""
        answer = assign(worth, self._owners)
        if answer.ambiguous:
            answer = self._by_tier(worth, answer)
        if answer.ambiguous:
            places = {place for options in worth.values() for place in options}
            self.found.tied |= {self._executions[place].day for place in places} - self._tiers.keys()
            self.found.ambiguous |= answer.ambiguous
            self._open |= {*worth, *places}
        for fee, place in answer.pairs.items():
            # Where there is doubt, that a fee is nobody's here is a guess too.
            certain = place in self._owners or not answer.ambiguous
            if certain and self._owners.get(place) not in answer.ambiguous:
                amount = _amount(self._fees[fee])
                self.found.shares.append(Share(fee, place, worth[fee][place], exact=True, amount=amount))

    def _by_tier(self, worth: Worth, first: Assignment) -> Assignment:
        """Assign with the volume tier's rates only, if that places as many fees and leaves one answer."""
        narrowed = {
            fee: {place: usd for place, usd in places.items() if self._is_usual(fee, place)}
            for fee, places in worth.items()
        }
        answer = assign(narrowed, self._owners)
        decided = len(answer.pairs) == len(first.pairs) and not answer.ambiguous
        return answer if decided else first

    def _is_usual(self, fee: str, place: str) -> bool:
        one = self._executions[place]
        tier = self._tiers.get(one.day)
        return tier is not None and _amount(self._fees[fee]) in {fee_of(one, rate) for rate in tier.rates}

    def share_daily(self) -> None:
        """Split what was posted for a whole day over that day's executions that nothing else was posted for.

        That needs one such posting for the day and the currency, several executions (a single one's amount would have
        matched), and an amount that the rates of one tier can make up.
        """
        done = {share.posting for share in self.found.shares} | self._open
        paid = {share.execution for share in self.found.shares} | self._open
        days: dict[tuple[date, str], list[Posting]] = {}
        for fee in (fee for fee in self._fees.values() if fee.id not in done):
            days.setdefault((fee.day, fee.currency), []).append(fee)
        for (day, currency), fees in days.items():
            unpaid = [
                one
                for one in self._executions.values()
                if (one.at.date(), one.received) == (day, currency) and one.id not in paid and may_belong(fees[0], one)
            ]
            if len(fees) == 1 and len(unpaid) > 1 and _plausible(fees[0], unpaid):
                self.found.shares += _daily(fees[0], unpaid)


def _plausible(posting: Posting, executions: Sequence[BrokerExecution]) -> bool:
    """Tell whether the executions, all charged at one tier's rates, can have cost so much together."""
    return any(_can_cost(_amount(posting), executions, tier) for tier in crypto_tiers(executions[0].day))


def _can_cost(amount: Decimal, executions: Sequence[BrokerExecution], tier: Tier) -> bool:
    charged = [rate for rate in tier.rates if rate]
    most = sum((fee_of(one, max(charged)) for one in executions), Decimal(0))
    with localcontext(EXACT):
        least = sum(map(base_of, executions), Decimal(0)) * min(charged)
    return 0 < least <= amount <= most


def _daily(posting: Posting, executions: Sequence[BrokerExecution]) -> Iterator[Share]:
    parts = apportion(_amount(posting), {one.id: base_of(one) for one in executions})
    for one in executions:
        part = replace(posting, usd=parts[one.id]) if posting.usd is not None else replace(posting, coins=parts[one.id])
        if (usd := value_of(part, one)) is not None:
            yield Share(posting.id, one.id, usd, exact=False)
