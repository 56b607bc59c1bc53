"""What the fee patch makes of a trade: from waiting to final, and back only when the broker took something back."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from jobs.fee_patch import PATCH, claim, spans
from schemas.trades import PositionDocument, Trade
from shared.account_executions import executions
from shared.ledger import Books
from shared.postings import group_of_row, postings, taken_back
from shared.table_patch import Findings, Mended
from tests.emulator.broker_standin.activity_shapes import coin_fee, dollar_fee, full_fill, option_event, regulatory_fee
from tests.unit.samples import ENTRY, EXIT, MICROSECOND, built, candidate, evidence, settings

Row = dict[str, Any]
DAY = timedelta(days=1)
SETTLED = [(date(2026, 3, day), datetime(2026, 3, day + 1, 17, tzinfo=UTC)) for day in range(2, 6)]
SETTLED_AT = SETTLED[0][1]
PATIENCE = timedelta(days=7)
LATER = EXIT + timedelta(days=100)
EVENT = option_event(1, "OPEXP", "AAPL260302C00100000", "-2")["id"]
CALL = "AAPL260302C00100000"


def trade(**changes: Any) -> Trade:
    """The row of the good position (2 coins bought at 100 and sold at 110) with changed cells."""
    found = built("trades", candidate(PositionDocument), evidence())
    return Trade.model_validate({**found.model_dump(), **changes})


def share_trade(**changes: Any) -> Trade:
    return trade(symbol="AAPL", asset_class="EQUITY", **changes)


def fill(number: int, side: str, order: str, at: datetime, **fields: Any) -> Row:
    price = "100" if side == "buy" else "110"
    row = {"price": price, "qty": "2", "symbol": "BTC/USD", "transaction_time": at.isoformat(), **fields}
    return full_fill(number, side=side, order_id=order, **row)


BOUGHT, SOLD = fill(1, "buy", "o-in", ENTRY), fill(2, "sell", "o-out", EXIT)
COINS = coin_fee(11, (ENTRY + MICROSECOND).isoformat(), symbol="BTCUSD", qty="-0.003", price="0", date="2026-03-02")
"""0.15 % of what was bought: 0.30 dollars."""
DOLLARS = {**dollar_fee(12, (EXIT + MICROSECOND).isoformat(), "-0.33"), "date": "2026-03-02"}
"""0.15 % of what it sold for."""
COIN_BOOKS = (BOUGHT, SOLD, COINS, DOLLARS)


def daily(number: int, kind: str, amount: str, base: str, **fields: Any) -> Row:
    return regulatory_fee(number, kind, amount, f"{kind} fee for proceed of {base}", **{"date": "2026-03-02", **fields})


SHARE_FILLS = (fill(1, "buy", "o-in", ENTRY, symbol="AAPL"), fill(2, "sell", "o-out", EXIT, symbol="AAPL"))
TAF, CAT = daily(21, "TAF", "-0.02", "2 shares (1 trades)"), daily(22, "CAT", "-0.01", "2 trades")
SHARE_BOOKS = (*SHARE_FILLS, TAF, CAT)


def books(rows: Sequence[Row], settlements: Sequence[tuple[date, datetime]] = SETTLED) -> Books:
    read = list(executions(rows, "main")), list(postings(rows, "main")), frozenset(taken_back(rows, "main"))
    return Books(*read, fills_known=(), unreadable=frozenset(), unreadable_orders=frozenset(), settlements=settlements)


def judged(trades: Sequence[Trade], rows: Sequence[Row], as_of: datetime = LATER) -> Findings[Trade]:
    return PATCH.judge(trades, books(rows), as_of, settings())


def verdict(one: Trade, rows: Sequence[Row], as_of: datetime = LATER) -> Mended[Trade]:
    (found,) = judged([one], rows, as_of).rows
    return found


def after(found: Mended[Trade]) -> Trade:
    """The row as it then is; whatever was found, its sums hold."""
    row = Trade.model_validate({**found.row.model_dump(), **found.values})
    assert row.fees_usd == (row.fee_estimate_usd if row.actual_fee_usd is None else row.actual_fee_usd)
    assert row.pnl_usd == row.gross_pnl_usd - row.fees_usd
    return row


def cells(found: Mended[Trade]) -> tuple[Decimal | None, str, bool]:
    row = after(found)
    return row.actual_fee_usd, row.fee_method, row.fee_finalized


def final(one: Trade, rows: Sequence[Row]) -> Trade:
    """The row as an earlier run left it, when the books said this."""
    row = after(verdict(one, rows))
    assert row.fee_finalized
    return row


def open_for(one: Trade, rows: Sequence[Row], as_of: datetime = LATER) -> str:
    """Why a trade stays open and as it was."""
    found = verdict(one, rows, as_of)
    assert (found.settled, found.changed, cells(found)) == (False, False, (None, "ESTIMATED", False))
    return found.outcome


class TestClaims:
    @pytest.mark.parametrize(("side", "sides"), [("LONG", ("buy", "sell")), ("SHORT", ("sell", "buy"))])
    def test_a_trade_claims_its_orders_and_its_quantity_on_both_sides(self, side: str, sides: tuple[str, str]) -> None:
        found = claim(trade(side=side))

        assert found.order_ids == {"o-in", "o-out"}
        assert (found.trade_id, found.qty, found.sides) == ("p-1", Decimal(2), sides)

    def test_every_order_that_filled_is_claimed(self) -> None:
        listed = '{"entry": ["o-1", "o-2"], "exit": ["o-3", "o-4"]}'

        assert claim(trade(order_ids=listed)).order_ids == {"o-1", "o-2", "o-3", "o-4"}

    @pytest.mark.parametrize(
        ("ids", "orders"),
        [(("o-in", "o-out"), {"o-in", "o-out"}), (("o-in", None), {"o-in"}), ((None, None), set())],
    )
    def test_a_row_without_a_list_claims_the_orders_it_names(
        self, ids: tuple[str | None, str | None], orders: set[str]
    ) -> None:
        assert claim(trade(order_ids=None, entry_order_id=ids[0], exit_order_id=ids[1])).order_ids == orders

    @pytest.mark.parametrize(("side", "sides"), [("LONG", ("buy",)), ("SHORT", ("sell",))])
    @pytest.mark.parametrize(("exits", "orders"), [([], {"o-in"}), (["o-half"], {"o-in", "o-half"})])
    def test_what_an_option_event_closed_needs_no_execution(
        self, side: str, sides: tuple[str], exits: list[str], orders: set[str]
    ) -> None:
        listed = f'{{"entry": ["o-in"], "exit": {[*exits, EVENT]}}}'.replace("'", '"')
        found = claim(trade(side=side, order_ids=listed))

        assert found.order_ids == orders
        assert found.sides == sides


class TestSpans:
    @pytest.mark.parametrize(
        ("changes", "days"),
        [({}, 15), ({"FEE_RESTATE_DAYS": "0"}, 13), ({"FEE_GIVE_UP_DAYS": "30"}, 36)],
    )
    def test_the_books_are_read_from_a_day_before_the_entry_until_nothing_more_is_waited_for(
        self, changes: dict[str, str], days: int
    ) -> None:
        assert spans([trade()], settings(**changes)) == [(ENTRY - DAY, EXIT + days * DAY)]


class TestWaiting:
    @pytest.mark.parametrize("as_of", [EXIT, EXIT + DAY - MICROSECOND])
    def test_coins_are_waited_for_a_day_though_all_seems_to_be_there(self, as_of: datetime) -> None:
        assert open_for(trade(), COIN_BOOKS, as_of) == "waiting"

    def test_shares_are_waited_for_until_their_day_is_settled(self) -> None:
        assert open_for(share_trade(), SHARE_BOOKS, SETTLED_AT - MICROSECOND) == "waiting"
        assert verdict(share_trade(), SHARE_BOOKS, SETTLED_AT).outcome == "prorata"

    def test_the_later_of_both_days_decides(self) -> None:
        late = fill(2, "sell", "o-out", EXIT + 2 * DAY, symbol="AAPL")
        rows = (SHARE_FILLS[0], late, CAT, *(daily(n, k, "-0.01", "", date="2026-03-04") for n, k in TWO))

        assert open_for(share_trade(), rows, SETTLED[2][1] - MICROSECOND) == "waiting"
        assert verdict(share_trade(), rows, SETTLED[2][1]).outcome == "prorata"

    def test_a_day_that_the_calendar_does_not_know_is_waited_for_to_the_end(self) -> None:
        def outcome(as_of: datetime) -> str:
            return PATCH.judge([share_trade()], books(SHARE_BOOKS, ()), as_of, settings()).rows[0].outcome

        assert outcome(EXIT + PATIENCE - MICROSECOND) == "waiting"
        assert outcome(EXIT + PATIENCE) == "prorata"

    def test_one_day_of_two_that_the_calendar_does_not_know_is_waited_for_to_the_end(self) -> None:
        late = EXIT + 2 * DAY
        rows = (
            SHARE_FILLS[0],
            fill(2, "sell", "o-out", late, symbol="AAPL"),
            CAT,
            *(daily(n, k, "-0.01", "", date="2026-03-04") for n, k in TWO),
        )
        held = share_trade(exit_time=late)

        for as_of, outcome in ((late + PATIENCE - MICROSECOND, "waiting"), (late + PATIENCE, "prorata")):
            assert PATCH.judge([held], books(rows, SETTLED[:1]), as_of, settings()).rows[0].outcome == outcome

    def test_a_missing_fee_is_waited_for_as_long_as_the_setting_says(self) -> None:
        assert open_for(trade(), COIN_BOOKS[:3], EXIT + DAY + PATIENCE - MICROSECOND) == "waiting"
        assert verdict(trade(), COIN_BOOKS[:3], EXIT + DAY + PATIENCE).outcome == "none posted"
        assert open_for(share_trade(), SHARE_FILLS, SETTLED_AT + PATIENCE - MICROSECOND) == "waiting"
        assert verdict(share_trade(), SHARE_FILLS, SETTLED_AT + PATIENCE).outcome == "none posted"

    def test_a_fee_in_doubt_leaves_the_trade_open_for_ever(self) -> None:
        rival = fill(3, "sell", "of another", EXIT)

        assert open_for(trade(), (*COIN_BOOKS, rival)) == "ambiguous"

    def test_where_a_volume_tier_might_decide_the_fills_of_a_month_are_asked_for(self) -> None:
        rows = (*COIN_BOOKS, fill(3, "sell", "of another", EXIT))

        midnight = datetime(2026, 3, 2, tzinfo=UTC)

        assert judged([trade()], rows).wants_fills == [(midnight - 30 * DAY, midnight)]
        assert judged([trade()], COIN_BOOKS).wants_fills == []

    def test_where_executions_are_missing_the_time_an_order_may_wait_is_asked_for_once(self) -> None:
        assert judged([trade()], COIN_BOOKS[1:]).wants_books == [(ENTRY - 91 * DAY, ENTRY)]
        assert judged([trade()], COIN_BOOKS).wants_books == []
        assert judged([trade(broker_check="NOT_FOUND")], ()).wants_books == []

    @pytest.mark.parametrize(("earlier", "asked"), [(DAY, []), (DAY + MICROSECOND, [(ENTRY - 91 * DAY, ENTRY)])])
    def test_where_fees_of_executions_before_the_books_are_missing_that_time_is_asked_for_too(
        self, earlier: timedelta, asked: list[tuple[datetime, datetime]]
    ) -> None:
        halves = [fill(number, "buy", "o-in", at, qty="1") for number, at in ((1, ENTRY), (4, ENTRY - earlier))]
        paid = [
            coin_fee(number, at.isoformat(), symbol="BTCUSD", qty="-0.0015", price="0", date=at.date().isoformat())
            for number, at in ((11, ENTRY), (14, ENTRY - earlier))
        ]

        assert judged([trade()], (*halves, SOLD, paid[0], DOLLARS)).wants_books == asked
        assert judged([trade()], (*halves, SOLD, *paid, DOLLARS)).wants_books == []

    @pytest.mark.parametrize(
        "rows", [(), (BOUGHT, COINS), (SOLD, DOLLARS), ({**BOUGHT, "qty": "1.999999999"}, *COIN_BOOKS[1:])]
    )
    def test_a_trade_whose_executions_are_missing_is_given_up_in_the_end_and_nothing_is_told(
        self, rows: Sequence[Row]
    ) -> None:
        assert open_for(trade(), rows, EXIT + 6 * DAY) == "executions missing"
        assert cells(verdict(trade(), rows)) == (None, "NONE_POSTED", True)

    @pytest.mark.parametrize("broken", [{**DOLLARS, "net_amount": None}, {**COINS, "qty": None}])
    def test_a_fee_of_its_day_that_cannot_be_read_keeps_a_trade_open_for_ever(self, broken: Row) -> None:
        unread = replace(books(COIN_BOOKS), unreadable=frozenset([group_of_row(broken, "main")]))
        (found,) = PATCH.judge([trade()], unread, LATER, settings()).rows

        assert (found.outcome, found.settled, found.changed) == ("unreadable activities of its own", False, False)

    @pytest.mark.parametrize(("qty", "amount"), [("2", "-9e28"), ("0.000000001", "-4e28")])
    def test_fees_that_no_column_holds_keep_their_trade_open_and_fail_no_run(self, qty: str, amount: str) -> None:
        fills = [{**one, "qty": qty} for one in SHARE_FILLS]
        fees = [{**one, "net_amount": amount, "description": ""} for one in (TAF, CAT)]

        assert open_for(share_trade(qty=Decimal(qty)), (*fills, *fees)) == "beyond all money"

    def test_a_fee_of_another_day_that_cannot_be_read_keeps_nobody_open(self) -> None:
        other = group_of_row({**DOLLARS, "date": "2026-03-20"}, "main")
        (found,) = PATCH.judge(
            [trade()], replace(books(COIN_BOOKS), unreadable=frozenset([other])), LATER, settings()
        ).rows

        assert found.outcome == "exact"

    def test_an_execution_of_its_orders_that_cannot_be_read_keeps_a_trade_open(self) -> None:
        unread = replace(books(COIN_BOOKS), unreadable_orders=frozenset(["o-out"]))
        (found,) = PATCH.judge([trade()], unread, LATER, settings()).rows

        assert not found.settled

    def test_a_day_the_fee_table_does_not_cover_keeps_its_trades_open_and_no_others(self) -> None:
        long_ago = datetime(2010, 5, 3, 15, tzinfo=UTC)
        old = share_trade(trade_id="old", order_ids='{"entry": ["o-1"], "exit": ["o-2"]}')
        fills = [fill(7, "buy", "o-1", long_ago, symbol="AAPL"), fill(8, "sell", "o-2", long_ago, symbol="AAPL")]

        answers = judged([old, share_trade()], [*SHARE_BOOKS, *fills]).rows

        assert [one.outcome for one in answers] == ["no rate for its day", "prorata"]


TWO = ((31, "TAF"), (32, "CAT"))


class TestFinal:
    def test_all_coins_fees_matched_is_exact(self) -> None:
        found = verdict(trade(), COIN_BOOKS, EXIT + DAY)
        row = after(found)

        assert (found.outcome, found.settled) == ("exact", True)
        assert cells(found) == (Decimal("0.63"), "EXACT", True)
        assert (row.fee_tier, row.fee_unattributed_usd) == ("under 100k", Decimal(0))
        assert (row.pnl_usd, row.pnl_pct) == (Decimal("19.37"), Decimal("9.685"))

    def test_a_patch_sets_every_column_it_owns_and_no_other(self) -> None:
        assert set(verdict(trade(), COIN_BOOKS).values) == set(PATCH.columns)

    def test_a_posting_of_a_whole_day_is_pro_rata(self) -> None:
        evening = {**dollar_fee(12, "2026-03-03T00:05:00+00:00", "-0.41"), "date": "2026-03-02"}
        halves = [fill(number, "sell", "o-out", EXIT, qty="1") for number in (2, 3)]

        assert cells(verdict(trade(), (BOUGHT, *halves, COINS, evening))) == (Decimal("0.71"), "PRORATA", True)

    def test_a_posting_that_no_rate_makes_of_one_sale_is_not_that_sale_s(self) -> None:
        stray = {**dollar_fee(12, "2026-03-03T00:05:00+00:00", "-0.41"), "date": "2026-03-02"}

        assert cells(verdict(trade(), (BOUGHT, SOLD, COINS, stray))) == (Decimal("0.30"), "NONE_POSTED", True)

    def test_shares_are_always_pro_rata_and_have_no_tier(self) -> None:
        found = verdict(share_trade(), SHARE_BOOKS)

        assert cells(found) == (Decimal("0.03"), "PRORATA", True)
        assert after(found).fee_tier is None

    def test_what_was_posted_for_unknown_executions_is_kept_out_and_told(self) -> None:
        found = verdict(share_trade(), (*SHARE_FILLS, daily(21, "TAF", "-0.02", "4 shares"), CAT))

        assert cells(found)[0] == Decimal("0.02")
        assert after(found).fee_unattributed_usd == Decimal("0.01")

    def test_a_rebate_may_make_a_fee_negative(self) -> None:
        found = verdict(share_trade(), (*SHARE_BOOKS, daily(23, "CAT", "0.05", "")))

        assert cells(found) == (Decimal("-0.02"), "PRORATA", True)

    def test_a_fee_of_nothing_is_a_fee(self) -> None:
        rows = (*SHARE_FILLS, {**TAF, "net_amount": "0"}, {**CAT, "net_amount": "0"})

        assert cells(verdict(share_trade(), rows)) == (Decimal(0), "PRORATA", True)

    def test_of_fees_that_never_came_nothing_is_known(self) -> None:
        found = verdict(trade(), COIN_BOOKS[:2])

        assert (found.outcome, found.settled) == ("none posted", True)
        assert cells(found) == (None, "NONE_POSTED", True)
        assert after(found).fees_usd == trade().fee_estimate_usd

    @pytest.mark.parametrize(("came", "usd"), [(COINS, "0.30"), (DOLLARS, "0.33")])
    def test_of_two_fees_of_which_one_came_that_one_counts(self, came: Row, usd: str) -> None:
        assert cells(verdict(trade(), (BOUGHT, SOLD, came))) == (Decimal(usd), "NONE_POSTED", True)

    def test_a_late_fee_makes_a_trade_exact_that_had_been_given_up(self) -> None:
        given_up = final(trade(), COIN_BOOKS[:3])

        assert cells(verdict(given_up, COIN_BOOKS)) == (Decimal("0.63"), "EXACT", True)

    @pytest.mark.parametrize("ids", [{}, {"order_ids": None, "entry_order_id": None, "exit_order_id": None}])
    def test_a_trade_that_the_broker_does_not_know_keeps_its_estimate(self, ids: Row) -> None:
        theory = trade(trade_type="THEORETICAL", broker_check="NOT_FOUND", **ids)

        assert open_for(theory, (), EXIT + PATIENCE - MICROSECOND) == "waiting"
        assert cells(verdict(theory, (), EXIT + PATIENCE)) == (None, "NONE_POSTED", True)

    def test_contracts_that_expired_pay_for_their_entry_alone(self) -> None:
        held = trade(
            symbol=CALL,
            asset_class="OPTION",
            contract_multiplier=Decimal(100),
            order_ids=f'{{"entry": ["o-in"], "exit": ["{EVENT}"]}}',
        )
        rows = [
            fill(1, "buy", "o-in", ENTRY, symbol=CALL),
            *(daily(n, kind, "-0.05", base) for n, kind, base in OPTION_FEES),
        ]

        assert cells(verdict(held, rows, SETTLED_AT)) == (Decimal("0.15"), "PRORATA", True)
        assert verdict(held, rows[:-1], SETTLED_AT).outcome == "waiting"
        assert open_for(held, rows[1:], EXIT + 6 * DAY) == "executions missing"

    @pytest.mark.parametrize("price", ["0", "1e28", "9e999999"])
    def test_a_fee_whose_dollars_nobody_knows_is_counted(self, price: str) -> None:
        stray = coin_fee(13, ENTRY.isoformat(), symbol="PEPEUSD", qty="-99", price=price, date="2026-03-02")

        assert judged([trade()], (*COIN_BOOKS, stray)).outcomes == {"fees without a known value": 1}

    def test_every_posted_cent_is_in_the_totals(self) -> None:
        rows = (*COIN_BOOKS, fill(3, "sell", "of another", EXIT, price="900"))
        theirs = {**dollar_fee(13, (EXIT + MICROSECOND).isoformat(), "-4.50"), "date": "2026-03-02"}
        other = {**daily(14, "COM", "-1.00", ""), "activity_sub_type": "COM"}

        assert judged([trade()], (*rows, theirs, other)).totals == {
            "posted": Decimal("6.13"),
            "attributed": Decimal("0.63"),
            "foreign": Decimal("4.50"),
            "unattributed": Decimal("1.00"),
        }


OPTION_FEES = ((21, "CAT", "1 trades"), (22, "ORF", "2 contracts"), (23, "OCC", "2 contracts"))


class TestWhatIsFinalStays:
    def test_the_same_books_change_nothing(self) -> None:
        done = final(trade(), COIN_BOOKS)

        assert not verdict(done, COIN_BOOKS).changed

    @pytest.mark.parametrize("days", [0, 2, 9, 100])
    @pytest.mark.parametrize("left", [(), COIN_BOOKS[:2], COIN_BOOKS[:3], (BOUGHT, COINS), (COINS, DOLLARS)])
    def test_evidence_that_is_merely_gone_proves_nothing(self, left: Sequence[Row], days: int) -> None:
        done = final(trade(), COIN_BOOKS)
        found = verdict(done, left, EXIT + days * DAY)

        assert (found.outcome, found.settled, found.changed) == ("final", True, False)

    @pytest.mark.parametrize("days", [0, 2, 9, 100])
    @pytest.mark.parametrize("left", [(), SHARE_FILLS, SHARE_BOOKS[:3]])
    def test_nor_does_it_for_shares(self, left: Sequence[Row], days: int) -> None:
        found = verdict(final(share_trade(), SHARE_BOOKS), left, EXIT + days * DAY)

        assert (found.outcome, found.settled, found.changed) == ("final", True, False)

    def test_doubt_that_comes_later_leaves_what_is_final(self) -> None:
        found = verdict(final(trade(), COIN_BOOKS), (*COIN_BOOKS, fill(3, "sell", "of another", EXIT)))

        assert (found.outcome, found.settled, found.changed) == ("final", True, False)

    def test_a_correction_downwards_reaches_a_trade_that_was_given_up(self) -> None:
        given_up = final(share_trade(), (*SHARE_FILLS, TAF))
        assert cells(verdict(share_trade(), (*SHARE_FILLS, TAF))) == (Decimal("0.02"), "NONE_POSTED", True)

        lower = {**TAF, "id": "lower", "net_amount": "-0.01", "status": "correct", "previous_id": TAF["id"]}
        assert cells(verdict(given_up, (*SHARE_FILLS, TAF, lower))) == (Decimal("0.01"), "NONE_POSTED", True)

    def test_what_was_given_up_stays_so_while_nothing_comes(self) -> None:
        assert not verdict(final(trade(), COIN_BOOKS[:2]), COIN_BOOKS[:2]).changed


class TestWhatWasTakenBack:
    def test_a_fee_taken_back_reopens_its_trade_while_another_may_come(self) -> None:
        found = verdict(final(trade(), COIN_BOOKS), (*COIN_BOOKS[:3], {**DOLLARS, "status": "canceled"}), EXIT + DAY)
        row = after(found)

        assert (found.outcome, found.settled, found.changed) == ("waiting", False, True)
        assert cells(found) == (None, "ESTIMATED", False)
        assert (row.fee_tier, row.fee_unattributed_usd) == (None, None)
        assert row.pnl_usd == trade().pnl_usd

    def test_a_fee_taken_back_for_good_leaves_what_is_left(self) -> None:
        found = verdict(final(trade(), COIN_BOOKS), (*COIN_BOOKS[:3], {**DOLLARS, "status": "canceled"}))

        assert cells(found) == (Decimal("0.30"), "NONE_POSTED", True)

    def test_a_daily_fee_taken_back_reopens_its_trades(self) -> None:
        rows = (*SHARE_FILLS, TAF, {**CAT, "status": "canceled"})

        assert cells(verdict(final(share_trade(), SHARE_BOOKS), rows, SETTLED_AT)) == (None, "ESTIMATED", False)

    def test_a_coin_fee_dated_new_yorks_day_and_taken_back_reopens_its_trade_too(self) -> None:
        night = EXIT.replace(day=3, hour=1)
        sold = fill(2, "sell", "o-out", night)
        paid = {**DOLLARS, "created_at": (night + MICROSECOND).isoformat()}
        done = final(trade(), (BOUGHT, COINS, sold, paid))

        found = verdict(done, (BOUGHT, COINS, sold, {**paid, "status": "canceled"}), night + DAY)

        assert cells(found) == (None, "ESTIMATED", False)

    def test_a_correction_restates_a_final_fee(self) -> None:
        right = {**DOLLARS, "id": DOLLARS["id"][:-1] + "9", "net_amount": "-0.55", "status": "correct"}
        found = verdict(final(trade(), COIN_BOOKS), (*COIN_BOOKS, {**right, "previous_id": DOLLARS["id"]}))

        assert cells(found) == (Decimal("0.85"), "EXACT", True)

    def test_a_correction_of_a_daily_fee_restates_its_trades(self) -> None:
        right = daily(29, "CAT", "-0.03", "2 trades", status="correct")

        assert cells(verdict(final(share_trade(), SHARE_BOOKS), (*SHARE_BOOKS, right))) == (
            Decimal("0.05"),
            "PRORATA",
            True,
        )

    def test_another_fee_taken_back_that_day_leaves_a_trade_that_has_all_of_its_own(self) -> None:
        stray = {**dollar_fee(19, EXIT.isoformat(), "-0.33"), "date": "2026-03-02", "status": "canceled"}

        assert not verdict(final(trade(), COIN_BOOKS), (*COIN_BOOKS, stray)).changed

    def test_a_fee_of_another_kind_taken_back_does_not_excuse_one_that_is_gone(self) -> None:
        rows = (*SHARE_FILLS, CAT, {**daily(24, "REG", "-0.02", "$220.00"), "status": "canceled"})

        assert verdict(final(share_trade(), SHARE_BOOKS), rows, SETTLED_AT).outcome == "final"


class TestSharedOrders:
    """Five coins bought by one order; two trades sold two and three of them."""

    FIRST = trade(order_ids='{"entry": ["o-in"], "exit": ["o-out"]}')
    SECOND = trade(trade_id="p-2", qty=Decimal(3), order_ids='{"entry": ["o-in"], "exit": ["o-more"]}')
    ROWS = (
        fill(1, "buy", "o-in", ENTRY, qty="5"),
        fill(2, "sell", "o-out", EXIT),
        fill(3, "sell", "o-more", EXIT, qty="3"),
        {**COINS, "qty": "-0.0075"},
        DOLLARS,
        {**dollar_fee(13, (EXIT + MICROSECOND).isoformat(), "-0.50"), "date": "2026-03-02"},
    )

    def test_a_shared_orders_fee_is_split_by_quantity_and_counted_once(self) -> None:
        found = judged([self.FIRST, self.SECOND], self.ROWS)

        assert [after(one).actual_fee_usd for one in found.rows] == [Decimal("0.63"), Decimal("0.95")]
        assert found.totals["attributed"] == found.totals["posted"] == Decimal("1.58")

    def test_a_part_of_a_posting_is_not_exact(self) -> None:
        assert [one.outcome for one in judged([self.FIRST, self.SECOND], self.ROWS).rows] == ["prorata", "prorata"]

    def test_what_no_trade_claims_of_an_order_is_charged_to_none(self) -> None:
        found = judged([self.FIRST], (*self.ROWS[:2], *self.ROWS[3:5]))
        (one,) = found.rows

        assert cells(one) == (Decimal("0.63"), "PRORATA", True)
        assert (found.totals["attributed"], found.totals["foreign"]) == (Decimal("0.63"), Decimal("0.45"))

    def test_nor_is_what_no_trade_claims_of_an_order_that_filled_in_part_and_was_replaced(self) -> None:
        replaced = trade(order_ids='{"entry": ["o-in", "o-new"], "exit": ["o-out"]}')
        rest = fill(3, "buy", "o-new", ENTRY, qty="3")
        fees = {**COINS, "qty": "-0.003"}, {**COINS, "id": COINS["id"][:-1] + "x", "qty": "-0.0045"}

        assert cells(verdict(replaced, (BOUGHT, rest, SOLD, *fees, DOLLARS))) == (Decimal("0.63"), "PRORATA", True)

    def test_a_fee_in_coins_is_no_part_that_nobody_claims(self) -> None:
        whole = trade(qty=Decimal("4.9875"), order_ids='{"entry": ["o-in"], "exit": ["o-out"]}')
        sold = fill(2, "sell", "o-out", EXIT, qty="4.9875")
        (one,) = judged(
            [whole], (self.ROWS[0], sold, {**COINS, "qty": "-0.0125"}, {**DOLLARS, "net_amount": "-1.38"})
        ).rows

        assert cells(one) == (Decimal("2.63"), "EXACT", True)

    def test_doubt_about_a_shared_order_is_doubt_for_both(self) -> None:
        rival = fill(4, "buy", "of another", ENTRY, qty="5", price="101")

        assert [one.outcome for one in judged([self.FIRST, self.SECOND], (*self.ROWS, rival)).rows] == ["ambiguous"] * 2

    def test_a_shared_orders_missing_fee_is_missing_for_both(self) -> None:
        found = judged([self.FIRST, self.SECOND], (*self.ROWS[:3], *self.ROWS[4:]))

        assert [cells(one) for one in found.rows] == [
            (Decimal("0.33"), "NONE_POSTED", True),
            (Decimal("0.50"), "NONE_POSTED", True),
        ]
