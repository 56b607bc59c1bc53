"""Crypto fees: what every amount may be, whose it is, and when nobody can tell."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_CEILING, Decimal, localcontext
from typing import Any

import pytest

from shared.account_executions import BrokerExecution, executions
from shared.crypto_fees import CryptoFees, Share, attribute, fee_of, value_of
from shared.fee_table import FeeRateUnknownError, Tier, crypto_tiers
from shared.postings import Group, Posting, postings
from shared.reconciliation import reconcile
from shared.trade_fees import Claim, Reconciliation, Total
from shared.volume_tiers import volume_tiers
from tests.emulator.broker_standin.activity_shapes import coin_fee, dollar_fee, full_fill

Row = dict[str, Any]
DAY = date(2026, 9, 28)
NOON = datetime(2026, 9, 28, 12, tzinfo=UTC)
TIERS = crypto_tiers(DAY)
LOWEST, NEXT = TIERS[:2]
RATES = sorted({rate for tier in TIERS for rate in tier.rates if rate})


def traded(number: int, side: str, qty: str, price: str, at: datetime = NOON, **fields: Any) -> BrokerExecution:
    row = full_fill(number, side=side, qty=qty, price=price, transaction_time=at.isoformat(), **fields)
    return next(executions([row], "main"))


def sell(number: int, qty: str, price: str, at: datetime = NOON, **fields: Any) -> BrokerExecution:
    return traded(number, "sell", qty, price, at, **fields)


def buy(number: int, qty: str, price: str, at: datetime = NOON, **fields: Any) -> BrokerExecution:
    return traded(number, "buy", qty, price, at, **fields)


def dollars(number: int, amount: str, created: datetime = NOON + timedelta(seconds=3), **fields: Any) -> Posting:
    return next(postings([{**dollar_fee(number, created.isoformat(), f"-{amount}"), **fields}], "main"))


def coins(number: int, qty: str, created: datetime = NOON + timedelta(seconds=3), **fields: Any) -> Posting:
    return next(postings([coin_fee(number, created.isoformat(), qty=f"-{qty}", **fields)], "main"))


def found(
    fees: Sequence[Posting],
    fills: Sequence[BrokerExecution],
    owners: Sequence[str] | None = None,
    tiers: Mapping[date, Tier] | None = None,
) -> CryptoFees:
    """The attribution; each fill is its own trade's unless `owners` names them."""
    names = owners or [f"trade of {number}" for number, _ in enumerate(fills)]
    return attribute(fees, fills, dict(zip((one.id for one in fills), names, strict=True)), tiers or {})


def given(answer: CryptoFees, *fills: BrokerExecution) -> list[Decimal]:
    """What each fill was given, US dollars."""
    return [sum((share.usd for share in answer.shares if share.execution == one.id), Decimal(0)) for one in fills]


class TestAmounts:
    @pytest.mark.parametrize(("rate", "coins_"), [("0.0025", "0.282405188"), ("0.0015", "0.169443113")])
    def test_a_purchase_pays_a_fraction_of_its_coins_rounded_up_to_a_billionth(self, rate: str, coins_: str) -> None:
        assert fee_of(buy(1, "112.962074947", "0.2"), Decimal(rate)) == Decimal(coins_)

    @pytest.mark.parametrize(
        ("proceeds", "usd"), [("880.43", "2.21"), ("880", "2.20"), ("880.004", "2.21"), ("0.01", "0.01")]
    )
    def test_a_sale_pays_a_fraction_of_its_dollars_rounded_up_to_the_cent(self, proceeds: str, usd: str) -> None:
        assert fee_of(sell(1, "1", proceeds), Decimal("0.0025")) == Decimal(usd)

    def test_sales_for_tether_are_charged_in_tether_and_not_to_the_cent(self) -> None:
        one = sell(1, "1", "880.43", symbol="ETH/USDT")

        assert (one.received, fee_of(one, Decimal("0.0025"))) == ("USDT", Decimal("2.201075"))

    @pytest.mark.parametrize("rate", RATES)
    def test_every_rate_of_the_table_explains_a_fee_on_a_purchase(self, rate: Decimal) -> None:
        one, amount = buy(1, "0.123456789", "2712.31"), (Decimal("0.123456789") * rate)
        rounded = amount.quantize(Decimal("1e-9"), rounding=ROUND_CEILING)

        (share,) = found([coins(1, str(rounded))], [one]).shares

        assert (share.exact, share.amount) == (True, rounded)
        assert share.usd == (rounded * Decimal("2712.31")).quantize(Decimal("1e-9"))

    @pytest.mark.parametrize("rate", RATES)
    def test_every_rate_of_the_table_explains_a_fee_on_a_sale(self, rate: Decimal) -> None:
        amount = (Decimal("54321.01") * rate).quantize(Decimal("0.01"), rounding=ROUND_CEILING)

        assert found([dollars(1, str(amount))], [sell(1, "1", "54321.01")]).shares == [
            Share(dollars(1, "1").id, sell(1, "1", "1").id, amount, exact=True, amount=amount)
        ]

    @pytest.mark.parametrize("amount", ["135.80", "135.82", "54.32", "9999"])
    def test_a_cent_beside_every_rate_is_nobodys_exactly(self, amount: str) -> None:
        answer = found([dollars(1, amount)], [sell(1, "1", "54321.01")])

        assert not any(share.exact for share in answer.shares)

    def test_before_2023_only_the_assumed_rates_explain_a_fee(self) -> None:
        at = datetime(2022, 5, 2, 12, tzinfo=UTC)
        one = sell(1, "1", "10000", at)
        fees = [
            dollars(number, usd, at + timedelta(seconds=2), date="2022-05-02")
            for number, usd in enumerate(("25.00", "22.00"), 1)
        ]

        assert given(found(fees[:1], [one]), one) == [25]
        assert not any(share.exact for share in found(fees[1:], [one]).shares)

    def test_a_day_that_the_table_does_not_cover_is_an_error(self) -> None:
        one = sell(1, "1", "10000", datetime(1999, 12, 31, tzinfo=UTC))

        with pytest.raises(FeeRateUnknownError):
            found([], [one])


class TestTheWorthOfCoins:
    @pytest.mark.parametrize("stated", ["0", "2712.31", "9999", None])
    def test_coins_are_worth_the_price_of_the_fill_whatever_the_row_states(self, stated: str | None) -> None:
        one = buy(1, "0.5", "2700")

        assert given(found([coins(1, "0.00125", price=stated)], [one]), one) == [Decimal("3.375")]

    def test_the_callers_precision_does_not_matter(self) -> None:
        fills = [buy(1, "0.5", "2712.345678"), sell(2, "1", "167.50")]
        fees = [coins(1, "0.00125"), dollars(2, "0.42")]
        claims = [Claim(one.id, frozenset([one.order_id]), Decimal(1), ("sell",)) for one in fills]
        with localcontext(prec=3):
            sloppy = value_of(fees[0], fills[0]), reconcile(claims, fills, fees, lambda _: None)

        assert sloppy == (Decimal("3.390432098"), reconcile(claims, fills, fees, lambda _: None))

    def test_coins_bought_for_coins_are_worth_the_price_the_row_states_in_dollars(self) -> None:
        one = buy(1, "0.5", "0.045", symbol="ETH/BTC")

        assert given(found([coins(1, "0.00125", price="2700")], [one]), one) == [Decimal("3.375")]

    def test_coins_bought_for_coins_that_nothing_prices_are_given_to_nobody(self) -> None:
        assert found([coins(1, "0.00125", price="0")], [buy(1, "0.5", "0.045", symbol="ETH/BTC")]).shares == []

    def test_a_sale_for_coins_pays_in_the_coin_received(self) -> None:
        one = sell(1, "2", "0.045", symbol="ETH/BTC")
        fee = coins(1, "0.000225", symbol="BTCUSD", price="60000")

        assert given(found([fee], [one]), one) == [Decimal("13.5")]
        assert found([coins(1, "0.000225", symbol="ETHUSD")], [one]).shares == []

    def test_tiny_coins_without_a_stated_price_are_not_free(self) -> None:
        one = buy(1, "481800", "0.0000089", symbol="PEPE/USD")

        assert given(found([coins(1, "1204.5", symbol="PEPEUSD", price="0")], [one]), one) == [Decimal("0.01072005")]

    def test_coins_of_another_kind_are_not_confused(self) -> None:
        assert found([coins(1, "0.00125", symbol="BTCUSD")], [buy(1, "0.5", "2700")]).shares == []

    def test_dollars_are_never_a_purchases_nor_coins_a_sales(self) -> None:
        assert found([dollars(1, "0.01")], [buy(1, "4", "1")]).shares == []
        assert found([coins(1, "0.01")], [sell(1, "4", "1")]).shares == []


class TestWhoseItIs:
    def test_one_fee_that_fits_the_sales_of_two_trades_is_given_to_neither(self) -> None:
        fills = [sell(1, "1", "167"), sell(2, "1", "167.50")]
        answer = found([dollars(1, "0.42")], fills, ["a", "b"])

        assert answer.ambiguous == {"a", "b"}
        assert given(answer, *fills) == [0, 0]

    def test_one_fee_that_fits_two_sales_of_one_trade_is_that_trades(self) -> None:
        fills = [sell(1, "1", "167"), sell(2, "1", "167.50")]
        answer = found([dollars(1, "0.42")], fills, ["a", "a"])

        assert not answer.ambiguous
        assert sum(given(answer, *fills)) == Decimal("0.42")

    def test_one_fee_that_fits_a_trade_and_nobody_is_given_to_neither(self) -> None:
        fills = [sell(1, "1", "167"), sell(2, "1", "167.50")]
        for mine in fills:
            answer = attribute([dollars(1, "0.42")], fills, {mine.id: "a"}, {})

            assert answer.ambiguous == {"a"}
            assert given(answer, *fills) == [0, 0]

    def test_two_equal_fees_on_two_equal_sales_leave_no_doubt(self) -> None:
        fills = [sell(1, "1", "167"), sell(2, "1", "167.50")]
        answer = found([dollars(1, "0.42"), dollars(2, "0.42")], fills, ["a", "b"])

        assert not answer.ambiguous
        assert given(answer, *fills) == [Decimal("0.42")] * 2

    def test_sales_of_another_coin_for_the_same_dollars_compete(self) -> None:
        fills = [sell(1, "1", "167"), sell(2, "167", "1", symbol="DOGE/USD")]

        assert found([dollars(1, "0.42")], fills, ["a", "b"]).ambiguous == {"a", "b"}

    def test_a_fee_with_one_candidate_decides_whose_the_other_is(self) -> None:
        fills = [sell(1, "1", "167"), sell(2, "1", "167", NOON + timedelta(minutes=5))]
        early, late = dollars(1, "0.42"), dollars(2, "0.42", NOON + timedelta(minutes=6))
        answer = found([late, early], fills, ["a", "b"])

        assert not answer.ambiguous
        assert given(answer, *fills) == [Decimal("0.42")] * 2
        assert {(share.posting, share.execution) for share in answer.shares} == {
            (early.id, fills[0].id),
            (late.id, fills[1].id),
        }

    def test_of_equal_fees_the_first_that_came_is_the_first_sale_s(self) -> None:
        fills = [sell(number, "1", "167", NOON + timedelta(seconds=number)) for number in (1, 2, 3)]
        unknown = dollars(1, "0.42", created_at=None)
        late, early = (dollars(number, "0.42", NOON + timedelta(seconds=9 - number)) for number in (2, 3))
        answer = found([unknown, late, early], fills, ["a", "b", "c"])

        assert [(share.posting, share.execution) for share in answer.shares] == [
            (early.id, fills[0].id),
            (late.id, fills[1].id),
            (unknown.id, fills[2].id),
        ]

    def test_doubt_about_one_sale_takes_none_from_doubt_about_another(self) -> None:
        days = (NOON, NOON + timedelta(days=1))
        fills = [
            sell(n, "1", usd, at) for n, (usd, at) in enumerate((usd, at) for at in days for usd in ("10000", "8800"))
        ]
        fees = [dollars(n, "22.00", at, date=f"{at.date()}") for n, at in enumerate(days)]
        answer = found(fees, fills, ["a", "b", "c", "d"])

        assert (answer.ambiguous, answer.tied) == ({"a", "b", "c", "d"}, {at.date() for at in days})

    def test_equal_coins_bought_at_different_prices_are_in_doubt(self) -> None:
        fills = [buy(1, "0.5", "2700"), buy(2, "0.5", "2800")]

        assert found([coins(1, "0.00125")], fills, ["a", "b"]).ambiguous == {"a", "b"}
        assert found([coins(1, "0.00125")], fills, ["a", "a"]).ambiguous == {"a"}
        assert not found([coins(1, "0.00125"), coins(2, "0.00125")], fills, ["a", "b"]).ambiguous

    def test_a_trade_beside_an_ambiguous_pair_keeps_its_own_fee(self) -> None:
        fills = [sell(1, "1", "167"), sell(2, "1", "167"), sell(3, "1", "900")]
        answer = found([dollars(1, "0.42"), dollars(2, "2.25")], fills, ["a", "b", "c"])

        assert answer.ambiguous == {"a", "b"}
        assert given(answer, *fills) == [0, 0, Decimal("2.25")]

    def test_penny_fills_by_the_dozen_pay_a_cent_each_whatever_their_rate(self) -> None:
        fills = [sell(n, "1", f"{Decimal(n) / 100 + 1}", NOON + timedelta(seconds=n)) for n in range(1, 37)]
        fees = [dollars(n, "0.01", NOON + timedelta(minutes=2)) for n in range(1, 37)]
        owners = ["abc"[n % 3] for n in range(36)]
        answer = found(fees, fills, owners)

        assert not answer.ambiguous
        assert given(answer, *fills) == [Decimal("0.01")] * 36

    def test_of_penny_fills_with_one_fee_missing_no_trade_is_certain(self) -> None:
        fills = [sell(n, "1", "1", NOON + timedelta(seconds=n)) for n in range(1, 37)]
        fees = [dollars(n, "0.01", NOON + timedelta(minutes=2)) for n in range(1, 36)]
        answer = found(fees, fills, ["abc"[n % 3] for n in range(36)])

        assert answer.ambiguous == {"a", "b", "c"}
        assert answer.shares == []

    def test_two_accounts_never_pay_for_each_other(self) -> None:
        mine, theirs = sell(1, "1", "167"), replace(sell(2, "1", "167"), account="other")
        claims = [
            Claim("mine", frozenset([mine.order_id]), Decimal(1), ("sell",)),
            Claim("theirs", frozenset([theirs.order_id]), Decimal(1), ("sell",)),
        ]
        answer: Reconciliation = reconcile(claims, [mine, theirs], [dollars(1, "0.42")], lambda _: None)

        assert (answer.trades["mine"].usd, answer.trades["theirs"].usd) == (Decimal("0.42"), Decimal(0))
        assert not answer.trades["mine"].ambiguous
        assert answer.trades["theirs"].missing == {Group("other", DAY, "CFEE")}


class TestBalance:
    def balance(self, *fees: Posting) -> Total:
        """What became of fees of nobody."""
        (total,) = reconcile([], [], fees, lambda _: None).totals.values()
        return total

    def test_a_fee_of_nobody_is_unattributed_whole(self) -> None:
        assert self.balance(dollars(1, "0.42"), dollars(2, "0.58")) == Total(Decimal(1), unattributed=Decimal(1))

    def test_coins_of_nobody_are_worth_what_their_row_states(self) -> None:
        assert self.balance(coins(1, "0.00125", price="2000")) == Total(Decimal("2.5"), unattributed=Decimal("2.5"))

    def test_coins_of_nobody_without_a_price_are_counted_apart(self) -> None:
        answer = reconcile([], [], [coins(1, "0.00125", price="0")], lambda _: None)

        assert (answer.totals, answer.unvalued) == ({}, {coins(1, "1").id})


class TestTiers:
    FILLS = (sell(1, "1", "10000"), sell(2, "1", "8800"))
    """22.00 is the next tier's taker rate of the first, and the lowest tier's of the second."""

    def test_the_volume_tier_breaks_a_tie_of_rates(self) -> None:
        unknown = found([dollars(1, "22.00")], self.FILLS, ["a", "b"])
        lowest = found([dollars(1, "22.00")], self.FILLS, ["a", "b"], {DAY: LOWEST})
        following = found([dollars(1, "22.00")], self.FILLS, ["a", "b"], {DAY: NEXT})

        assert (unknown.ambiguous, unknown.tied) == ({"a", "b"}, {DAY})
        assert given(lowest, *self.FILLS) == [0, 22]
        assert given(following, *self.FILLS) == [22, 0]
        assert not lowest.ambiguous | following.ambiguous
        assert not lowest.tied

    def test_a_tier_that_breaks_no_tie_leaves_it_and_no_more_fills_are_asked_for(self) -> None:
        fills = [sell(1, "1", "167"), sell(2, "1", "167")]
        answer = found([dollars(1, "0.42")], fills, ["a", "b"], {DAY: LOWEST})

        assert (answer.ambiguous, answer.tied, answer.shares) == ({"a", "b"}, set(), [])

    def test_a_tier_that_explains_neither_leaves_the_tie(self) -> None:
        answer = found([dollars(1, "22.00")], self.FILLS, ["a", "b"], {DAY: TIERS[-1]})

        assert (answer.ambiguous, answer.shares) == ({"a", "b"}, [])

    def test_a_fee_at_another_tiers_rate_is_matched_all_the_same_when_only_one_sale_fits(self) -> None:
        answer = found([dollars(1, "22.00")], self.FILLS[:1], ["a"], {DAY: LOWEST})

        assert given(answer, self.FILLS[0]) == [22]
        assert answer.shares[0].exact

    def test_a_tier_never_takes_away_a_fee_that_had_a_place(self) -> None:
        # By the next tier's rates alone, 20.00 would be nobody's and 22.00 one of the first two's.
        fills = [self.FILLS[0], sell(3, "1", "10000"), self.FILLS[1]]
        answer = found([dollars(1, "22.00"), dollars(2, "20.00")], fills, ["a", "a too", "b"], {DAY: NEXT})

        assert answer.ambiguous == {"a", "a too", "b"}
        assert answer.shares == []


class TestVolumeTiers:
    FILL = sell(1, "1", "1")

    def tier(self, *days_before: tuple[int, str], known_from: timedelta = timedelta(days=31)) -> str | None:
        """The tier on the day of a fill after sales so many days before it."""
        earlier = [sell(9, "1", usd, NOON - timedelta(days=days)) for days, usd in days_before]
        tier = volume_tiers([self.FILL, *earlier], [(NOON - known_from, NOON)]).get(DAY)
        return tier.name if tier else None

    def test_the_volume_of_thirty_days_decides_the_tier(self) -> None:
        assert self.tier((30, "60000"), (1, "39999.99")) == LOWEST.name
        assert self.tier((30, "60000"), (1, "40000")) == NEXT.name
        assert self.tier((1, "60000"), (1, "40000")) == NEXT.name

    def test_neither_the_day_itself_nor_what_is_older_counts(self) -> None:
        assert self.tier((0, "9000000")) == LOWEST.name
        assert self.tier((31, "9000000")) == LOWEST.name

    def test_no_tier_is_known_while_the_thirty_days_are_not_known_whole(self) -> None:
        midnight = timedelta(days=30, hours=12)

        assert self.tier((1, "9000000"), known_from=midnight) == "1M to 10M"
        assert self.tier((1, "9000000"), known_from=midnight - timedelta(microseconds=1)) is None
        assert volume_tiers([self.FILL], []) == {}

    def test_sales_for_coins_are_no_dollars_of_volume(self) -> None:
        earlier = sell(2, "9000000", "1", NOON - timedelta(days=1), symbol="ETH/BTC")

        assert volume_tiers([self.FILL, earlier], [(NOON - timedelta(days=99), NOON)])[DAY] == LOWEST


class TestTime:
    @pytest.mark.parametrize("lag", [timedelta(0), timedelta(seconds=3), timedelta(hours=3.5), timedelta(days=1)])
    def test_a_fee_may_come_at_once_or_hours_late(self, lag: timedelta) -> None:
        one = sell(1, "1", "167")

        assert given(found([dollars(1, "0.42", NOON + lag, date="2026-09-29")], [one]), one) == [Decimal("0.42")]

    def test_a_fee_a_day_late_counts_when_it_is_dated_the_fills_day(self) -> None:
        one, late = sell(1, "1", "167"), NOON + timedelta(hours=25)

        assert given(found([dollars(1, "0.42", late)], [one]), one) == [Decimal("0.42")]
        assert found([dollars(1, "0.42", late, date="2026-09-29")], [one]).shares == []

    def test_the_fills_day_may_be_new_yorks(self) -> None:
        at = datetime(2026, 9, 29, 1, tzinfo=UTC)
        one = sell(1, "1", "167", at)

        assert given(found([dollars(1, "0.42", at + timedelta(hours=26))], [one]), one) == [Decimal("0.42")]
        assert given(found([dollars(1, "0.42", created_at=None)], [one]), one) == [Decimal("0.42")]

    @pytest.mark.parametrize("amount", ["0.42", "0.40"])
    def test_no_fee_is_posted_before_its_fill(self, amount: str) -> None:
        early = dollars(1, amount, NOON - timedelta(microseconds=1))

        assert found([early], [sell(1, "1", "167")]).shares == []

    @pytest.mark.parametrize(("day", "matched"), [("2026-09-28", True), ("2026-09-29", False)])
    def test_a_fee_that_does_not_say_when_it_came_goes_by_its_date(self, day: str, matched: bool) -> None:  # noqa: FBT001 - a parameter of the example
        answer = found([dollars(1, "0.42", created_at=None, date=day)], [sell(1, "1", "167")])

        assert bool(answer.shares) == matched


class TestPostingsOfADay:
    FILLS = (sell(1, "1", "1000"), sell(2, "1", "3000", NOON + timedelta(hours=1)))
    EVENING = datetime(2026, 9, 29, 0, 5, tzinfo=UTC)

    def test_one_posting_for_the_day_is_split_by_proceeds_and_not_exact(self) -> None:
        answer = found([dollars(1, "9.99", self.EVENING)], self.FILLS, ["a", "b"])

        assert given(answer, *self.FILLS) == [Decimal("2.4975"), Decimal("7.4925")]
        assert {(share.exact, share.amount) for share in answer.shares} == {(False, None)}

    def test_coins_of_a_day_are_split_by_quantity_and_valued_at_each_fill(self) -> None:
        fills = [buy(1, "1", "2000"), buy(2, "3", "3000")]
        answer = found([coins(1, "0.0099", self.EVENING, price="0")], fills)

        assert given(answer, *fills) == [Decimal("4.95"), Decimal("22.275")]

    def test_the_parts_add_up_to_the_posting_exactly(self) -> None:
        fills = [sell(n, "1", "1000", NOON + timedelta(minutes=n)) for n in range(1, 8)]

        assert sum(given(found([dollars(1, "16.99", self.EVENING)], fills), *fills)) == Decimal("16.99")

    def test_executions_that_have_a_fee_of_their_own_take_no_part(self) -> None:
        fills = (*self.FILLS, sell(3, "1", "900"))
        answer = found([dollars(1, "2.25"), dollars(2, "9.99", self.EVENING)], fills)

        assert given(answer, *fills) == [Decimal("2.4975"), Decimal("7.4925"), Decimal("2.25")]

    def test_executions_after_the_posting_take_no_part(self) -> None:
        fills = (*self.FILLS, sell(3, "1", "1000"))
        answer = found([dollars(1, "4.40", NOON + timedelta(minutes=30))], fills)

        assert given(answer, *fills) == [Decimal("2.20"), 0, Decimal("2.20")]

    def test_an_odd_amount_is_not_the_fee_of_the_only_sale_of_its_day(self) -> None:
        stray = dollars(1, "3.40", self.EVENING)

        assert found([stray], [sell(1, "1", "60000")]).shares == []

    def test_an_amount_below_what_any_tier_charges_is_not_split(self) -> None:
        # The highest tier's makers pay nothing, which makes no amount of takers plausible.
        assert found([dollars(1, "0.01", self.EVENING)], [sell(1, "1", "60000"), sell(2, "1", "60000")]).shares == []

    def test_executions_of_another_day_or_currency_take_no_part(self) -> None:
        others = [
            sell(3, "1", "1000", NOON - timedelta(days=1)),
            sell(4, "1", "1000", symbol="ETH/USDT"),
            buy(5, "1", "1000"),
        ]
        answer = found([dollars(1, "9.99", self.EVENING)], [*self.FILLS, *others])

        assert given(answer, *others) == [0, 0, 0]
        assert sum(given(answer, *self.FILLS)) == Decimal("9.99")

    @pytest.mark.parametrize("amount", ["10.01", "999"])
    def test_more_than_the_highest_rate_makes_of_the_day_is_not_split(self, amount: str) -> None:
        assert found([dollars(1, amount, self.EVENING)], self.FILLS).shares == []

    @pytest.mark.parametrize(("amount", "split"), [("5.99", False), ("6.00", True), ("10.00", True), ("10.01", False)])
    def test_what_is_split_lies_between_what_the_lowest_and_the_highest_rate_make_of_the_day(
        self, *, amount: str, split: bool
    ) -> None:
        at = datetime(2022, 5, 2, 12, tzinfo=UTC)
        fee = dollars(1, amount, at + timedelta(hours=13), date="2022-05-02")

        assert bool(found([fee], [sell(1, "1", "1000", at), sell(2, "1", "3000", at)]).shares) == split

    def test_two_postings_for_one_day_are_not_split_for_nobody_can_tell_which_is_for_what(self) -> None:
        fees = [dollars(1, "9.99", self.EVENING), dollars(2, "3.33", self.EVENING)]

        assert found(fees, self.FILLS).shares == []

    def test_a_rebate_is_not_split(self) -> None:
        rebate = replace(dollars(1, "1"), usd=Decimal(-1), created=self.EVENING)

        assert found([rebate], self.FILLS).shares == []

    def test_what_is_in_doubt_is_neither_split_nor_splits_others(self) -> None:
        tied = [sell(number, "1", usd) for number, usd in enumerate(("167", "167", "9000", "9000"), 3)]
        fees = [dollars(1, "0.42"), dollars(2, "9.99", self.EVENING), dollars(3, "22.50")]
        answer = found(fees, [*self.FILLS, *tied], list("abcdef"))

        assert answer.ambiguous == {"c", "d", "e", "f"}
        assert given(answer, *tied) == [0, 0, 0, 0]
        assert given(answer, *self.FILLS) == [Decimal("2.4975"), Decimal("7.4925")]
