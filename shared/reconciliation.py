"""What each trade paid in fees, by the broker's postings, and what became of every posted cent. Pure.

For every account, day and kind, exactly: attributed to trades + paid for other executions + unattributed = posted.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal, localcontext

from shared.account_executions import BrokerExecution
from shared.activities import CRYPTO, OTHER
from shared.apportion import apportion
from shared.crypto_fees import CryptoFees, Share, Tiers, attribute, explained_by
from shared.day_fees import DaySplit, days_of, split
from shared.fee_table import FeeRateUnknownError, crypto_tiers
from shared.fees import REGULATORY, Side, charged_kinds
from shared.fills import suffices
from shared.formulae import EXACT
from shared.postings import Group, Posting, days_for, group_of, valued
from shared.trade_fees import Claim, Reconciliation, Total, TradeFees
from shared.volume_tiers import volume_tiers

CRYPTO_WAIT = timedelta(days=1)
"""How long after an execution its crypto fee may come."""

_NOBODY = ""
"""Stands for whatever is no trade, among ids of trades."""

Settlement = Callable[[date], datetime | None]
"""When the regulatory fees of a New York day are complete; None while the calendar does not say."""


def reconcile(
    claims: Iterable[Claim],
    executions: Sequence[BrokerExecution],
    postings: Sequence[Posting],
    settlement: Settlement,
    fills_known: Sequence[tuple[datetime, datetime]] = (),
) -> Reconciliation:
    """Attribute all postings; `fills_known` are times of which every execution is given, for volume tiers."""
    with localcontext(EXACT):
        work = _Work(claims, executions, settlement)
        for account in sorted({one.account for one in postings} | {one.account for one in executions}):
            work.add_account(account, [one for one in postings if one.account == account], fills_known)
        work.judge()
        return work.result


class _Work:
    """One reconciliation under way."""

    def __init__(self, claims: Iterable[Claim], executions: Sequence[BrokerExecution], settlement: Settlement) -> None:
        self._claims = {claim.trade_id: claim for claim in claims}
        self._executions = {one.id: one for one in executions}
        self._settlement = settlement
        self._claimants: dict[str, list[str]] = {}
        for claim in self._claims.values():
            for order_id in claim.order_ids:
                self._claimants.setdefault(order_id, []).append(claim.trade_id)
        self._own: dict[str, list[BrokerExecution]] = {trade_id: [] for trade_id in self._claims}
        self._owners: dict[str, str] = {}
        self._members: dict[str, tuple[str, ...]] = {}
        self._filled: dict[tuple[str, str, str], Decimal] = {}
        """Owner, symbol and side → units executed."""
        for one in executions:
            self._own_by(one, tuple(sorted(self._claimants_of(one))))
        self._paid: dict[str, list[Share]] = {}
        self._charged: set[tuple[str, str]] = set()
        """Executions and the kinds of daily fees that they were given a part of."""
        self.result = Reconciliation({trade_id: TradeFees() for trade_id in self._claims})

    def _claimants_of(self, one: BrokerExecution) -> Iterator[str]:
        for trade_id in self._claimants.get(one.order_id, ()):
            if self._claims[trade_id].symbol in {None, one.symbol}:
                yield trade_id

    def _own_by(self, one: BrokerExecution, trades: tuple[str, ...]) -> None:
        if trades:
            owner = "\n".join(trades)
            self._owners[one.id], self._members[owner] = owner, trades
            place = owner, one.symbol, one.side
            self._filled[place] = self._filled.get(place, Decimal(0)) + one.qty
        for trade_id in trades:
            self._own[trade_id].append(one)

    def add_account(
        self, account: str, postings: Sequence[Posting], fills_known: Sequence[tuple[datetime, datetime]]
    ) -> None:
        """Attribute what one account was charged."""
        executions = [one for one in self._executions.values() if one.account == account]
        coins = [one for one in executions if one.asset_class == "CRYPTO"]
        tiers = volume_tiers(coins, fills_known)
        self._add_crypto([one for one in postings if one.kind == CRYPTO], coins, tiers)
        self._add_daily([one for one in postings if one.kind != CRYPTO], executions)

    def _add_crypto(self, postings: Sequence[Posting], coins: Sequence[BrokerExecution], tiers: Tiers) -> None:
        found: CryptoFees = attribute(postings, coins, self._owners, tiers)
        self.result.tied |= found.tied
        for owner in found.ambiguous:
            for trade_id in self._members[owner]:
                self.result.trades[trade_id].ambiguous = True
        by_id = {one.id: one for one in postings}
        worth: dict[str, Decimal] = {}
        for share in found.shares:
            posting = by_id[share.posting]
            worth[posting.id] = worth.get(posting.id, Decimal(0)) + share.usd
            self._paid.setdefault(share.execution, []).append(share)
            self._give(share.execution, (posting.id,), group_of(posting), share.usd)
        for posting in postings:
            self._post(posting, worth.get(posting.id))

    def _post(self, posting: Posting, worth: Decimal | None) -> None:
        """Count a crypto posting: what it was worth where it was attributed, else what it states."""
        usd = posting.usd if posting.usd is not None else worth
        if usd is None and posting.price is not None and posting.coins is not None:
            usd = valued(posting.coins, posting.price)
        if usd is None:
            self.result.unvalued.add(posting.id)
            return
        total = self._total(group_of(posting))
        total.posted += usd
        total.unattributed += usd - (worth or Decimal(0))

    def _add_daily(self, postings: Sequence[Posting], executions: Sequence[BrokerExecution]) -> None:
        by_day: dict[date, list[BrokerExecution]] = {}
        for one in executions:
            by_day.setdefault(one.day, []).append(one)
        for (day, kind, _), some in days_of(postings).items():
            group = group_of(some[0])
            answer = self._split(kind, some, by_day.get(day, ()))
            self._total(group).posted += answer.posted
            self._total(group).unattributed += answer.unattributed
            if answer.surplus:
                self.result.surplus.add(group)
            for share in answer.shares:
                self._charged.add((share.execution, kind))
                ids = tuple(one.id for one in some)
                self._give(share.execution, ids, group, share.usd, share.unattributed)

    def _split(self, kind: str, postings: Sequence[Posting], executions: Sequence[BrokerExecution]) -> DaySplit:
        """Split a day's sum; where its rate is not known, nobody can tell whose it is."""
        try:
            return split(kind, postings, executions if kind != OTHER else ())
        except FeeRateUnknownError:
            return split(kind, postings, ())

    def _give(
        self,
        execution: str,
        postings: tuple[str, ...],
        group: Group,
        usd: Decimal,
        unattributed: Decimal = Decimal(0),
    ) -> None:
        """Hand an execution's part to the trades that claim its order, and what is of no trade to nobody."""
        total, weights = self._total(group), self._weights(self._executions[execution])
        for trade_id, part in apportion(usd, weights).items():
            if trade_id == _NOBODY:
                total.foreign += part
                continue
            total.attributed += part
            self.result.trades[trade_id].usd += part
            self.result.trades[trade_id].postings.update(postings)
        for trade_id, part in apportion(unattributed, weights).items():
            if trade_id != _NOBODY:
                self.result.trades[trade_id].unattributed += part

    def _weights(self, one: BrokerExecution) -> dict[str, Decimal]:
        """Tell whose an execution is, by quantity: the trades' that claim its order, and nobody's for the rest of it.

        There is a rest where such orders, together with those they replaced, executed more than their trades closed:
        another position, open still or not archived, was opened by them, too.
        """
        owner = self._owners.get(one.id)
        if owner is None:
            return {_NOBODY: one.qty}
        weights = {trade_id: self._claims[trade_id].qty for trade_id in self._members[owner]}
        filled, claimed = self._filled[owner, one.symbol, one.side], sum(weights.values(), Decimal(0))
        return weights if suffices(claimed, filled, one.asset_class) else {**weights, _NOBODY: filled - claimed}

    def _total(self, group: Group) -> Total:
        return self.result.totals.setdefault(group, Total())

    def judge(self) -> None:
        """Tell for each trade what is missing, when all must be there, and which tier explains it."""
        for trade_id, trade in self.result.trades.items():
            own, claim = self._own[trade_id], self._claims[trade_id]
            trade.unknown_orders = set(claim.order_ids) - {one.order_id for one in own}
            trade.incomplete = any(_traded(own, side) < claim.qty for side in claim.sides)
            trade.groups = {group for one in own for group in _groups(one)}
            trade.unrated = not all(map(_is_rated, own))
            trade.missing = set() if trade.unrated else {group for one in own for group in self._outstanding(one)}
            shares = [(share, one) for one in own for share in self._paid.get(one.id, ())]
            trade.exact = all(share.exact for share, _ in shares) and all(self._pays_alone(one) for one in own)
            trade.tier = _tier(shares) if shares else None
            trade.began_at = min((one.at for one in own), default=None)
            times = [self._complete_at(one) for one in own]
            trade.complete_at = None if None in times else max((one for one in times if one), default=None)

    def _pays_alone(self, one: BrokerExecution) -> bool:
        return one.asset_class == "CRYPTO" and len(self._weights(one)) == 1

    def _outstanding(self, one: BrokerExecution) -> set[Group]:
        if one.asset_class == "CRYPTO":
            return set() if one.id in self._paid else _groups(one)
        return {Group(one.account, one.day, kind) for kind in charged_kinds(one) if (one.id, kind) not in self._charged}

    def _complete_at(self, one: BrokerExecution) -> datetime | None:
        return one.at + CRYPTO_WAIT if one.asset_class == "CRYPTO" else self._settlement(one.day)


def _groups(one: BrokerExecution) -> set[Group]:
    """List what an execution may be charged under."""
    if one.asset_class == "CRYPTO":
        return {Group(one.account, day, CRYPTO) for day in days_for(one)}
    return {Group(one.account, one.day, kind) for kind in REGULATORY}


def _is_rated(one: BrokerExecution) -> bool:
    try:
        charged_kinds(one)
    except FeeRateUnknownError:
        return False
    return True


def _traded(executions: Iterable[BrokerExecution], side: Side) -> Decimal:
    return sum((one.qty for one in executions if one.side == side), Decimal(0))


def _tier(shares: Sequence[tuple[Share, BrokerExecution]]) -> str | None:
    tiers = crypto_tiers(max(one.day for _, one in shares))
    fitting = (tier for tier in tiers if all(explained_by(tier, share, one) for share, one in shares))
    return next((tier.name for tier in fitting), None)
