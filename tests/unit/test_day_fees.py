"""Fees posted by the day: split by what each is reckoned from, to the last billionth, and never inflated."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, localcontext
from random import Random

import pytest

from shared.account_executions import BrokerExecution, executions
from shared.day_fees import DaySplit, days_of, split
from shared.fee_table import regulatory_rate
from shared.postings import Group, Posting, postings
from shared.reconciliation import reconcile
from shared.trade_fees import Claim, Total
from tests.emulator.broker_standin.activity_shapes import full_fill, regulatory_fee

NOON = datetime(2026, 9, 28, 16, tzinfo=UTC)
DAY = date(2026, 9, 28)
CALL = "AAPL261218C00230000"


def traded(number: int, side: str, qty: str, price: str, symbol: str = "AAPL", at: datetime = NOON) -> BrokerExecution:
    row = full_fill(number, side=side, qty=qty, price=price, symbol=symbol, transaction_time=at.isoformat())
    return next(executions([row], "main"))


def fee(kind: str, amount: str, base: str = "", number: int = 1) -> Posting:
    """A row; `amount` as the broker books it, negative for a cost."""
    text = f"{kind} fee for proceed of {base}" if base else f"{kind} fee"
    return next(postings([regulatory_fee(number, kind, amount, text)], "main"))


def parts(answer: DaySplit) -> dict[int, Decimal]:
    """What each execution got, by the number it was made with."""
    return {int(share.execution.split("::")[1][:8]): share.usd for share in answer.shares}


def assert_adds_up(answer: DaySplit) -> None:
    assert sum((share.usd for share in answer.shares), answer.unattributed) == answer.posted
    assert sum((share.unattributed for share in answer.shares), Decimal(0)) in {answer.unattributed, Decimal(0)}


BUY, SELL = traded(1, "buy", "10", "100"), traded(2, "sell", "10", "100")
SOLD_MORE, SOLD_CALLS = traded(3, "sell", "10", "300"), traded(4, "sell", "2", "5", CALL)
BOUGHT_CALLS = traded(5, "buy", "3", "5", CALL)
ALL = (BUY, SELL, SOLD_MORE, SOLD_CALLS, BOUGHT_CALLS)


class TestBases:
    def test_reg_goes_by_the_proceeds_of_sales_a_contract_being_a_hundred_shares(self) -> None:
        # 1000 + 3000 + 2 * 5 * 100 dollars.
        assert parts(split("REG", [fee("REG", "-0.50", "$5000.00")], ALL)) == {
            2: Decimal("0.10"),
            3: Decimal("0.30"),
            4: Decimal("0.10"),
        }

    def test_taf_on_shares_goes_by_shares_sold(self) -> None:
        assert parts(split("TAF", [fee("TAF", "-0.02", "20 shares (2 trades)")], ALL)) == {
            2: Decimal("0.01"),
            3: Decimal("0.01"),
        }

    def test_taf_on_contracts_goes_by_contracts_sold(self) -> None:
        assert parts(split("TAF", [fee("TAF", "-0.01", "2 contracts (1 trades)")], ALL)) == {4: Decimal("0.01")}

    def test_taf_that_says_nothing_goes_by_the_charge_on_shares_and_contracts(self) -> None:
        equity, option = (regulatory_rate(name, DAY).rate for name in ("TAF_EQUITY", "TAF_OPTION"))
        shares = split("TAF", [fee("TAF", str(-(10 * equity + 2 * option)))], (SELL, SOLD_CALLS)).shares

        assert [share.usd for share in shares] == [10 * equity, 2 * option]

    def test_taf_is_capped_by_the_execution(self) -> None:
        # One sale of a million shares pays no more than one that only just reaches the cap.
        rate = regulatory_rate("TAF_EQUITY", DAY)
        assert rate.cap is not None
        at_cap = (rate.cap / rate.rate).quantize(Decimal(1)) + 1
        fills = (traded(1, "sell", str(at_cap), "1"), traded(2, "sell", "1000000", "1"))

        answer = split("TAF", [fee("TAF", "-19.58", f"{at_cap + 1_000_000} shares (2 trades)")], fills)

        assert parts(answer) == {1: Decimal("9.79"), 2: Decimal("9.79")}

    def test_cat_goes_by_equivalent_shares_on_both_sides(self) -> None:
        # 10 + 10 + 10 + 200 + 300 shares.
        assert parts(split("CAT", [fee("CAT", "-0.53", "5 trades")], ALL)) == {
            1: Decimal("0.01"),
            2: Decimal("0.01"),
            3: Decimal("0.01"),
            4: Decimal("0.20"),
            5: Decimal("0.30"),
        }

    @pytest.mark.parametrize("kind", ["ORF", "OCC"])
    def test_orf_and_occ_go_by_contracts_on_both_sides(self, kind: str) -> None:
        assert parts(split(kind, [fee(kind, "-0.05", "5 contracts")], ALL)) == {4: Decimal("0.02"), 5: Decimal("0.03")}

    def test_occ_is_capped_by_the_execution(self) -> None:
        fills = (traded(1, "buy", "2750", "1", CALL), traded(2, "sell", "9999", "1", CALL))

        assert parts(split("OCC", [fee("OCC", "-110", "12749 contracts")], fills)) == {1: Decimal(55), 2: Decimal(55)}

    @pytest.mark.parametrize("kind", ["REG", "TAF", "CAT", "ORF", "OCC"])
    def test_coins_pay_none_of_them(self, kind: str) -> None:
        coins = [traded(1, "sell", "1", "60000", "BTC/USD"), traded(2, "buy", "1", "60000", "BTC/USD")]

        assert split(kind, [fee(kind, "-1")], coins) == DaySplit(Decimal(1), (), Decimal(1))

    @pytest.mark.parametrize(("kind", "day"), [("REG", date(2026, 1, 5)), ("CAT", date(2023, 5, 1))])
    def test_a_fee_that_the_table_puts_at_nothing_is_split_all_the_same_once_posted(self, kind: str, day: date) -> None:
        at = datetime(day.year, day.month, day.day, 16, tzinfo=UTC)
        answer = split(kind, [fee(kind, "-0.02")], [traded(n, "sell", "10", "100", at=at) for n in (1, 2)])

        assert regulatory_rate(kind, day).rate == 0
        assert parts(answer) == {1: Decimal("0.01"), 2: Decimal("0.01")}


class TestExactness:
    def test_a_cent_over_174_executions_adds_up_to_a_cent(self) -> None:
        fills = [traded(n, "buy" if n % 2 else "sell", f"{n}.5", "10") for n in range(1, 175)]
        answer = split("CAT", [fee("CAT", "-0.01", "174 trades")], fills)

        assert len(answer.shares) == 174
        assert min(share.usd for share in answer.shares) > 0
        assert (sum(share.usd for share in answer.shares), answer.unattributed) == (Decimal("0.01"), Decimal(0))

    @pytest.mark.parametrize("base", ["174 trades", "180 trades", "100000 trades"])
    def test_no_order_of_the_executions_changes_a_billionth(self, base: str) -> None:
        fills = [traded(n, "sell", f"{n}.3", "7") for n in range(1, 175)]
        answer = split("CAT", [fee("CAT", "-0.01", base)], fills)
        Random(7).shuffle(fills)  # noqa: S311 - an order, no secret

        assert split("CAT", [fee("CAT", "-0.01", base)], fills) == answer
        assert_adds_up(answer)

    @pytest.mark.parametrize(("kind", "base"), [("REG", "$900000000.01"), ("CAT", "9 trades"), ("TAF", "77.5 shares")])
    def test_the_callers_precision_does_not_matter(self, kind: str, base: str) -> None:
        rows = [fee(kind, "-1234567.89", base), fee(kind, "-0.01", base, number=2)]
        fills = [traded(n, "sell", f"{n}.123456789", "98765.4321") for n in (1, 2, 3)]
        with localcontext(prec=3):
            sloppy = split(kind, rows, fills)

        assert sloppy == split(kind, rows, fills)

    def test_a_rebate_is_split_as_a_cost_is(self) -> None:
        answer = split("REG", [fee("REG", "0.01", "$8000.00")], (SELL, SOLD_MORE))

        assert parts(answer) == {2: Decimal("-0.00125"), 3: Decimal("-0.00375")}
        assert (answer.posted, answer.unattributed) == (Decimal("-0.01"), Decimal("-0.005"))
        assert_adds_up(answer)

    def test_a_cost_and_its_rebate_leave_nothing(self) -> None:
        rows = [fee("REG", "-0.50", "$5000.00"), fee("REG", "0.50", "$5000.00", number=2)]

        assert {share.usd for share in split("REG", rows, ALL).shares} == {Decimal(0)}

    @pytest.mark.parametrize(
        ("rows", "total"),
        [
            (("-3.82 4000", "3.82 4000", "-3.50 4000"), "3.50"),
            (("-3.82 4000", "3.82 4000", "-3.50 4000", "0.10 4000"), "3.40"),
            (("-3.82 4100", "3.82 4100", "-3.50 4000"), "3.50"),
            (("-3.82 4000", "0.32 4000"), "3.50"),
            (("-2.00 2000", "-2.00 2000"), "4.00"),
        ],
    )
    def test_what_is_taken_back_is_not_a_base_of_its_own(self, rows: Sequence[str], total: str) -> None:
        amounts = [row.split() for row in rows]
        posted = [fee("REG", usd, f"${base}.00", number) for number, (usd, base) in enumerate(amounts)]
        answer = split("REG", posted, (SELL, SOLD_MORE))

        assert sum(parts(answer).values()) == Decimal(total)
        assert (answer.unattributed, answer.surplus) == (Decimal(0), False)

    def test_a_posting_of_nothing_is_split_into_nothings(self) -> None:
        assert parts(split("REG", [fee("REG", "0", "$5000.00")], ALL)) == {2: 0, 3: 0, 4: 0}


class TestTheControlSum:
    def test_executions_that_are_missing_keep_their_part_out_of_the_known_ones(self) -> None:
        answer = split("REG", [fee("REG", "-0.50", "$5000.00")], (SELL, SOLD_MORE))

        assert parts(answer) == {2: Decimal("0.10"), 3: Decimal("0.30")}
        assert answer.unattributed == Decimal("0.10")

    def test_what_is_missing_is_told_to_each_execution_by_its_weight(self) -> None:
        answer = split("REG", [fee("REG", "-0.50", "$5000.00")], (SELL, SOLD_MORE))

        assert [share.unattributed for share in answer.shares] == [Decimal("0.025"), Decimal("0.075")]

    @pytest.mark.parametrize(
        ("kind", "base", "expected"),
        [
            ("TAF", "40 shares (9 trades)", "0.50"),
            ("CAT", "6 trades", "0.50"),
            ("ORF", "10 contracts", "0.50"),
            ("OCC", "20 contracts", "0.25"),
        ],
    )
    def test_every_unit_is_compared_with_its_own_measure(self, kind: str, base: str, expected: str) -> None:
        fills = (BUY, SELL, SOLD_MORE) if kind in {"TAF", "CAT"} else ALL
        answer = split(kind, [fee(kind, "-1.00", base)], fills)

        assert sum(parts(answer).values()) == Decimal(expected)
        assert answer.unattributed == 1 - Decimal(expected)

    def test_a_part_of_a_share_is_missed_too(self) -> None:
        answer = split("TAF", [fee("TAF", "-1.00", "10.5 shares (2 trades)")], [SELL])

        assert parts(answer) == {2: Decimal("0.952380952")}

    @pytest.mark.parametrize("base", ["$4999.99", "$5000.00", "$5000.01"])
    def test_a_cent_of_rounding_is_no_gap(self, base: str) -> None:
        answer = split("REG", [fee("REG", "-0.50", base)], ALL)

        assert answer.unattributed == 0
        assert sum(parts(answer).values()) == Decimal("0.50")

    def test_two_cents_are_a_gap(self) -> None:
        assert split("REG", [fee("REG", "-0.50", "$5000.02")], ALL).unattributed == Decimal("0.000002")

    @pytest.mark.parametrize("base", ["$4.11", "$4.12"])
    def test_proceeds_rounded_either_way_are_no_gap(self, base: str) -> None:
        sold = traded(1, "sell", "0.123456789", "33.3333")

        assert split("REG", [fee("REG", "-0.01", base)], [sold]).unattributed == 0

    def test_the_hundredth_of_a_share_is_a_gap(self) -> None:
        answer = split("TAF", [fee("TAF", "-10.01", "10.01 shares (2 trades)")], [SELL])

        assert answer.unattributed == Decimal("0.01")

    def test_a_sale_for_less_than_a_cent_takes_no_more_than_its_part_of_the_day(self) -> None:
        answer = split("REG", [fee("REG", "-0.50", "$5000.00")], [traded(1, "sell", "0.001", "1")])

        assert parts(answer) == {1: Decimal("0.0000001")}
        assert_adds_up(answer)

    @pytest.mark.parametrize(("kind", "base"), [("REG", "$10.00"), ("CAT", "1 trades"), ("TAF", "1 shares")])
    def test_where_more_is_known_than_the_broker_reckoned_with_the_known_share_the_whole_sum(
        self, kind: str, base: str
    ) -> None:
        answer = split(kind, [fee(kind, "-0.50", base)], (SELL, SOLD_MORE))

        assert sum(parts(answer).values()) == Decimal("0.50")
        assert answer.unattributed == 0

    def test_a_row_without_a_control_sum_is_taken_to_be_about_what_is_known(self) -> None:
        assert split("REG", [fee("REG", "-0.50")], [SELL]).unattributed == 0

    def test_one_row_without_a_control_sum_leaves_the_day_without_one(self) -> None:
        rows = [fee("REG", "-0.50", "$9999.00"), Posting("x", "main", "REG", DAY, None, Decimal("0.10"))]

        assert split("REG", rows, [SELL]).unattributed == 0

    def test_the_control_sums_of_several_rows_add_up(self) -> None:
        rows = [fee("REG", "-0.40", "$4000.00"), fee("REG", "-0.10", "$1000.00", number=2)]
        answer = split("REG", rows, ALL)

        assert (answer.posted, answer.unattributed, answer.surplus) == (Decimal("0.50"), Decimal(0), False)

    @pytest.mark.parametrize(
        ("kind", "fills"),
        [("REG", ()), ("REG", (BUY,)), ("TAF", (BUY, BOUGHT_CALLS)), ("ORF", (BUY, SELL)), ("CAT", ())],
    )
    def test_without_executions_that_pay_it_all_of_a_fee_is_unattributed(
        self, kind: str, fills: Sequence[BrokerExecution]
    ) -> None:
        assert split(kind, [fee(kind, "-0.31", "5 trades")], fills) == DaySplit(Decimal("0.31"), (), Decimal("0.31"))


class TestDays:
    def test_rows_of_one_day_and_sub_type_with_different_units_are_split_apart(self) -> None:
        shares, contracts = fee("TAF", "-0.02", "20 shares"), fee("TAF", "-0.01", "2 contracts", number=2)
        again = fee("TAF", "-0.04", "40 shares", number=3)

        assert days_of([contracts, again, shares]) == {
            (DAY, "TAF", "shares"): [shares, again],
            (DAY, "TAF", "contracts"): [contracts],
        }

    def test_shares_and_contracts_sold_on_one_day_pay_what_was_posted_for_each(self) -> None:
        rows = [fee("TAF", "-0.02", "20 shares (2 trades)"), fee("TAF", "-0.05", "2 contracts (1 trades)", number=2)]
        claims = [
            Claim("shares", frozenset([SELL.order_id, SOLD_MORE.order_id]), Decimal(20), ("sell",)),
            Claim("calls", frozenset([SOLD_CALLS.order_id]), Decimal(2), ("sell",)),
        ]

        answer = reconcile(claims, ALL, rows, lambda _: None)

        assert {name: one.usd for name, one in answer.trades.items()} == {
            "shares": Decimal("0.02"),
            "calls": Decimal("0.05"),
        }
        total = answer.totals[Group("main", DAY, "TAF")]
        assert (total.posted, total.attributed, total.unattributed) == (Decimal("0.07"), Decimal("0.07"), Decimal(0))

    def test_what_is_missed_of_shares_and_of_contracts_adds_up(self) -> None:
        rows = [fee("TAF", "-0.04", "40 shares (4 trades)"), fee("TAF", "-0.06", "3 contracts (1 trades)", number=2)]
        total = reconcile([], ALL, rows, lambda _: None).totals[Group("main", DAY, "TAF")]

        assert (total.posted, total.foreign, total.unattributed) == (Decimal("0.10"), Decimal("0.06"), Decimal("0.04"))

    def test_where_the_rate_of_a_day_is_not_known_its_fee_is_unattributed(self) -> None:
        old = traded(1, "sell", "10", "100", at=datetime(2010, 5, 3, 15, tzinfo=UTC))
        row = regulatory_fee(1, "TAF", "-0.07", "TAF fee", date="2010-05-03")

        totals = reconcile([], [old], list(postings([row], "main")), lambda _: None).totals

        assert totals == {Group("main", old.day, "TAF"): Total(Decimal("0.07"), unattributed=Decimal("0.07"))}

    def test_a_fee_that_came_for_shares_alone_is_still_missing_for_contracts(self) -> None:
        claims = [
            Claim("shares", frozenset([SELL.order_id]), Decimal(10), ("sell",)),
            Claim("calls", frozenset([SOLD_CALLS.order_id]), Decimal(2), ("sell",)),
        ]
        answer = reconcile(claims, ALL, [fee("TAF", "-0.02", "20 shares (2 trades)")], lambda _: None)
        taf = Group("main", DAY, "TAF")

        assert taf not in answer.trades["shares"].missing
        assert taf in answer.trades["calls"].missing

    def test_a_days_fee_is_for_that_day_of_new_york_alone(self) -> None:
        late, next_day = (
            traded(n, "sell", "10", "100", at=datetime(2026, 9, 29, hour, tzinfo=UTC)) for n, hour in ((1, 3), (2, 4))
        )
        claims = [
            Claim("late", frozenset([late.order_id]), Decimal(10), ("sell",)),
            Claim("next day", frozenset([next_day.order_id]), Decimal(10), ("sell",)),
        ]
        answer = reconcile(claims, [late, next_day], [fee("REG", "-0.03", "$1000.00")], lambda _: None)

        assert answer.trades["late"].usd == Decimal("0.03")
        assert answer.trades["next day"].usd == 0
        assert Group("main", DAY + timedelta(days=1), "REG") in answer.trades["next day"].missing

    def test_what_is_paid_for_orders_of_nobody_is_foreign_and_not_unattributed(self) -> None:
        claims = [Claim("mine", frozenset([SELL.order_id]), Decimal(10), ("sell",))]
        total = reconcile(claims, ALL, [fee("REG", "-0.50", "$10000.00")], lambda _: None).totals[
            Group("main", DAY, "REG")
        ]

        assert (total.posted, total.attributed) == (Decimal("0.50"), Decimal("0.05"))
        assert (total.foreign, total.unattributed) == (Decimal("0.20"), Decimal("0.25"))

    def test_a_fee_of_no_trade_is_nobodys(self) -> None:
        claims = [Claim("mine", frozenset([SELL.order_id]), Decimal(10), ("sell",))]
        answer = reconcile(claims, ALL, [fee("COM", "-1.00")], lambda _: None)

        assert answer.trades["mine"].usd == 0
        assert answer.totals[Group("main", DAY, "OTHER")].unattributed == 1
