"""What activities say: which rows count, what each is for, and what nobody may read into them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from shared.account_executions import BrokerExecution, executions
from shared.activities import UnreadableActivityError, effective
from shared.pairs import asset_class_of, pair
from shared.postings import Group, Posting, group_of_row, postings, taken_back
from tests.emulator.broker_standin.activity_shapes import ACTIVITIES, coin_fee, dollar_fee, full_fill, regulatory_fee

Row = dict[str, Any]
CREATED = "2026-09-28T14:29:34.569345Z"
DAY = date(2026, 9, 28)


def reg(number: int, amount: str = "-1.00", **fields: Any) -> Row:
    return regulatory_fee(number, "REG", amount, "REG fee for proceed of $100.00", **fields)


def read(*rows: Row) -> list[Posting]:
    return list(postings(rows, "main"))


def fee(row: Row) -> Posting:
    (one,) = read(row)
    return one


def fill(**fields: Any) -> BrokerExecution:
    (one,) = executions([full_fill(1, **fields)], "main")
    return one


def amounts(*rows: Row) -> list[str]:
    """The dollars of what counts, which must be the same in any order."""
    answers = {tuple(str(one.usd) for one in read(*some)) for some in permutations(rows)}
    (only,) = answers
    return [text.rstrip("0") for text in only]


class TestWhatCounts:
    def test_a_row_that_came_twice_counts_once(self) -> None:
        assert amounts(reg(1), reg(1)) == ["1."]

    def test_of_two_states_of_one_row_the_later_counts(self) -> None:
        assert amounts(reg(1), reg(1, "-2.00", status="correct")) == ["2."]
        assert amounts(reg(1), reg(1, status="canceled")) == []
        assert amounts(reg(1, status="correct"), reg(1, status="canceled"), reg(1)) == []

    @pytest.mark.parametrize("name", [reg(1)["id"], reg(1)["id"].rsplit("::", 1)[1]])
    def test_a_correction_replaces_the_row_it_names_by_its_whole_id_or_its_last_part(self, name: str) -> None:
        assert amounts(reg(1), reg(2, "-2.00", status="correct", previous_id=name)) == ["2."]

    def test_the_last_part_of_an_id_is_what_stands_behind_its_last_colons(self) -> None:
        row = reg(1, id="2026::09::28")

        assert amounts(row, reg(2, "-2.00", status="correct", previous_id="28")) == ["2."]
        assert amounts(row, reg(2, "-2.00", status="correct", previous_id="09::28")) == ["2.", "1."]

    def test_a_correction_may_name_a_row_of_another_day_and_kind(self) -> None:
        moved = {**regulatory_fee(2, "TAF", "-2.00", "TAF fee"), "date": "2026-09-29"}

        assert amounts(reg(1), {**moved, "status": "correct", "previous_id": reg(1)["id"]}) == ["2."]

    def test_of_two_readings_of_one_row_in_one_state_the_same_counts_whatever_their_order(self) -> None:
        assert amounts(reg(1), reg(1, "-2.00")) == ["2."]

    def test_of_nameless_corrections_one_that_says_when_it_came_is_later_than_one_that_does_not(self) -> None:
        silent = reg(9, "-2.00", status="correct", created_at=None)

        assert amounts(reg(1), silent, reg(4, "-3.00", status="correct")) == ["3."]

    def test_only_the_last_of_a_chain_of_corrections_counts(self) -> None:
        first = reg(2, "-2.00", status="correct", previous_id=reg(1)["id"])
        second = reg(3, "-3.00", status="correct", previous_id=first["id"])

        assert amounts(reg(1), first, second) == ["3."]

    def test_cancelling_a_correction_does_not_bring_back_what_it_corrected(self) -> None:
        correction = reg(2, "-2.00", status="correct", previous_id=reg(1)["id"])

        assert amounts(reg(1), {**correction, "status": "canceled"}) == []
        assert amounts(reg(1), correction, reg(3, "-2.00", status="canceled", previous_id=correction["id"])) == []

    def test_a_notice_of_cancellation_takes_back_the_row_it_names_and_is_no_fee_itself(self) -> None:
        assert amounts(reg(1), reg(2, "-2.00"), reg(3, status="canceled", previous_id=reg(1)["id"])) == ["2."]

    @pytest.mark.parametrize("status", ["correct", "executed"])
    @pytest.mark.parametrize("name", [reg(1)["id"], reg(1)["id"].rsplit("::", 1)[1]])
    def test_a_row_that_names_itself_replaces_nothing(self, status: str, name: str) -> None:
        assert amounts(reg(1, status=status, previous_id=name), reg(2, "-2.00")) == ["1.", "2."]

    def test_an_executed_row_replaces_nothing_whatever_it_names(self) -> None:
        assert amounts(reg(1), reg(2, "-2.00", previous_id=reg(1)["id"])) == ["1.", "2."]

    def test_a_correction_of_a_daily_fee_that_names_none_replaces_that_days_row_of_its_sub_type(self) -> None:
        other_kind = regulatory_fee(2, "CAT", "-2.00", "CAT fee for proceed of 2 trades")
        other_day = reg(3, "-3.00", date="2026-09-29")

        assert amounts(reg(1), other_kind, other_day, reg(4, "-4.00", status="correct")) == ["2.", "3.", "4."]

    def test_a_nameless_correction_about_shares_leaves_the_row_about_contracts(self) -> None:
        shares = regulatory_fee(1, "TAF", "-1.00", "TAF fee for proceed of 10 shares (1 trades)")
        contracts = regulatory_fee(2, "TAF", "-2.00", "TAF fee for proceed of 2 contracts")
        correction = regulatory_fee(3, "TAF", "-3.00", "TAF fee for proceed of 12 shares (1 trades)", status="correct")

        assert amounts(shares, contracts, correction) == ["2.", "3."]

    @pytest.mark.parametrize(
        ("wrong", "right"), [("TAF fee", "TAF fee for proceed of 9 shares"), ("TAF fee for proceed of 9 shares", "")]
    )
    def test_a_nameless_correction_replaces_a_row_of_which_one_does_not_state_its_unit(
        self, wrong: str, right: str
    ) -> None:
        correction = regulatory_fee(2, "TAF", "-2.00", right, status="correct")

        assert amounts(regulatory_fee(1, "TAF", "-1.00", wrong), correction) == ["2."]

    def test_a_nameless_correction_of_a_crypto_fee_replaces_nothing_for_there_are_many_a_day(self) -> None:
        correction = {**dollar_fee(2, CREATED, "-2.00"), "status": "correct"}

        assert amounts(dollar_fee(1, CREATED, "-1.00"), correction) == ["1.", "2."]

    def test_a_state_that_nobody_knows_does_not_count_and_gives_way_to_one_that_is_known(self) -> None:
        assert amounts(reg(1, status="pending_review")) == []
        assert amounts(reg(1, "-2.00", status="pending_review"), reg(1)) == ["1."]

    @pytest.mark.parametrize("status", [None, ""])
    def test_a_row_without_a_state_counts(self, status: str | None) -> None:
        assert amounts(reg(1, status=status)) == ["1."]
        assert amounts({name: value for name, value in reg(1).items() if name != "status"}) == ["1."]

    def test_a_bust_execution_does_not_count_nor_what_a_correction_replaced(self) -> None:
        fixed = full_fill(2, price="2713", status="correct", previous_id=full_fill(1)["id"])
        bust = full_fill(3, status="canceled")

        assert [one.price for one in executions([full_fill(1), fixed, bust], "main")] == [Decimal(2713)]

    def test_what_counts_comes_in_the_order_of_ids(self) -> None:
        rows = [full_fill(9), reg(2), full_fill(1), reg(1)]

        assert [row["id"] for row in effective(rows)] == sorted(row["id"] for row in rows)

    def test_fees_taken_back_are_told_by_account_day_and_kind(self) -> None:
        rows = [reg(1, status="canceled"), reg(2, date="2026-09-29"), full_fill(1, status="canceled")]

        assert list(taken_back(rows, "main")) == [Group("main", DAY, "REG")]

    def test_a_fee_whose_correction_was_cancelled_is_taken_back_too(self) -> None:
        rows = [reg(1), reg(2, status="canceled", previous_id=reg(1)["id"])]

        assert set(taken_back(rows, "main")) == {Group("main", DAY, "REG")}


class TestTheKindOfAFee:
    @pytest.mark.parametrize("kind", ["REG", "TAF", "CAT", "ORF", "OCC"])
    def test_the_description_tells_the_sub_type_where_none_is_stated(self, kind: str) -> None:
        row = regulatory_fee(1, None, "-0.01", f"{kind} fee for proceed of 2 contracts")

        assert fee(row).kind == fee({**row, "activity_sub_type": ""}).kind == kind
        assert fee({**row, "activity_sub_type": None}).kind == kind

    @pytest.mark.parametrize("kind", ["COM", "LCT", "NRC", "NRV", "ICF", "EPI"])
    def test_a_sub_type_that_is_of_no_trade_is_other(self, kind: str) -> None:
        assert fee(regulatory_fee(1, kind, "-1.00", "REG fee for proceed of $1.00")).kind == "OTHER"

    @pytest.mark.parametrize("text", ["", "Wire fee", "REGULAR fee", "TAFfee", "A REG fee", "CAT feeder"])
    def test_a_description_of_something_else_is_other(self, text: str) -> None:
        assert fee(regulatory_fee(1, None, "-1.00", text)).kind == "OTHER"

    def test_the_sub_type_that_is_stated_outranks_the_description(self) -> None:
        assert fee(regulatory_fee(1, "TAF", "-1.00", "REG fee for proceed of $1.00")).kind == "TAF"

    def test_a_crypto_fee_may_be_posted_as_a_fee(self) -> None:
        dollars = fee({**dollar_fee(1, CREATED, "-2.21"), "activity_type": "FEE"})
        coins = fee({**coin_fee(1, CREATED), "activity_type": "FEE"})

        assert (dollars.kind, dollars.usd, dollars.currency) == ("CFEE", Decimal("2.21"), "USD")
        assert (coins.kind, coins.usd, coins.coins) == ("CFEE", None, Decimal("0.00125"))

    def test_a_crypto_fee_needs_no_description(self) -> None:
        assert fee({**dollar_fee(1, CREATED, "-2.21"), "description": None}).kind == "CFEE"

    def test_other_activities_are_no_fees(self) -> None:
        others = [row for row in ACTIVITIES.values() if row["activity_type"] not in {"CFEE", "FEE"}]

        assert len(others) > 5
        assert read(*others) == []


class TestAmounts:
    @pytest.mark.parametrize("amount", ["0", "0.00", "-0", None, 0])
    def test_no_dollars_with_coins_is_a_fee_in_coins_and_not_free(self, amount: object) -> None:
        one = fee(coin_fee(1, CREATED, net_amount=amount))

        assert (one.usd, one.coins, one.currency, one.price) == (
            None,
            Decimal("0.00125"),
            "ETH",
            Decimal("2712.31"),
        )

    @pytest.mark.parametrize("fields", [{"qty": None}, {"qty": "0"}, {"symbol": None}, {"symbol": ""}, {"qty": "NaN"}])
    def test_no_dollars_and_no_coins_cannot_be_read(self, fields: Row) -> None:
        with pytest.raises(UnreadableActivityError, match="neither dollars nor coins"):
            fee(coin_fee(1, CREATED, **fields))

    @pytest.mark.parametrize("price", ["0", "0.000000000", None, "", "NaN"])
    def test_a_price_of_nothing_is_not_known(self, price: str | None) -> None:
        assert fee(coin_fee(1, CREATED, price=price)).price is None

    @pytest.mark.parametrize("symbol", ["ETHBTC", "ETH/BTC"])
    def test_a_price_in_coins_is_none_in_dollars(self, symbol: str) -> None:
        one = fee(coin_fee(1, CREATED, symbol=symbol, price="0.045"))

        assert (one.currency, one.price) == ("ETH", None)

    def test_a_rebate_is_a_negative_cost(self) -> None:
        assert fee(reg(1, "0.05")).usd == Decimal("-0.05")
        assert fee(coin_fee(1, CREATED, qty="0.00125")).coins == Decimal("-0.00125")

    def test_a_regulatory_fee_of_zero_is_zero(self) -> None:
        assert fee(reg(1, "0")).usd == 0

    def test_a_fee_without_a_time_of_creation_is_read(self) -> None:
        assert fee(reg(1, created_at=None)).created is None
        assert fee(coin_fee(1, CREATED)).created == datetime.fromisoformat(CREATED)


@pytest.mark.parametrize(
    ("text", "control", "unit"),
    [
        ("REG fee for proceed of $185271.37 on 2026-09-28 by PA3TEST00001", "185271.37", "dollars"),
        ("REG fee for proceed of $185,271.37 on 2026-09-28 by PA3TEST00001", "185271.37", "dollars"),
        ("REG fee for proceed of 185271.37 on 2026-09-28", "185271.37", "dollars"),
        ("REG fee for proceed of $100", "100", "dollars"),
        ("TAF fee for proceed of 1572 shares (89 trades) on 2026-09-28 by PA3TEST00001", "1572", "shares"),
        ("TAF fee for proceed of 1.371115174 shares (1 trades) on 2026-09-28", "1.371115174", "shares"),
        ("TAF fee for proceed of 1,234,567.5 shares", "1234567.5", "shares"),
        ("TAF fee for proceed of 1 share (1 trade) on 2026-09-28", "1", "shares"),
        ("TAF fee for proceed of 3 contracts (1 trades)", "3", "contracts"),
        ("CAT fee for proceed of 174 trades on 2026-09-28 by PA3TEST00001", "174", "trades"),
        ("CAT fee for proceed of 1 trade on 2026-09-28", "1", "trades"),
        ("ORF fee for proceed of 2 contracts on 2026-09-28 by PA3TEST00001", "2", "contracts"),
        ("OCC fee for proceed of 1 contract", "1", "contracts"),
    ],
)
def test_the_description_states_the_base_and_its_unit(text: str, control: str, unit: str) -> None:
    one = fee({**reg(1), "activity_sub_type": text[:3], "description": text})

    assert (one.control, one.unit) == (Decimal(control), unit)


@pytest.mark.parametrize(
    "text",
    ["", "TAF fee", "TAF fee for proceed of", "TAF fee for proceed of shares", "TAF fee for proceed of -5 shares"],
)
def test_a_description_without_a_number_states_no_base(text: str) -> None:
    one = fee({**reg(1), "description": text})

    assert (one.control, one.unit) == (None, "")


@pytest.mark.parametrize("kind", ["TAF", "CAT", "ORF", "OCC"])
def test_a_number_of_nobody_says_what_is_no_base_for_only_proceeds_are_dollars(kind: str) -> None:
    one = fee(regulatory_fee(1, kind, "-0.01", f"{kind} fee for proceed of 1572"))

    assert (one.control, one.unit) == (None, "")


class TestSymbols:
    @pytest.mark.parametrize("symbol", ["ETH/USD", "ETHUSD"])
    def test_a_pair_may_come_with_and_without_its_slash(self, symbol: str) -> None:
        one = fill(symbol=symbol)

        assert (one.asset_class, one.symbol, one.received, one.multiplier) == ("CRYPTO", "ETHUSD", "ETH", Decimal(1))

    @pytest.mark.parametrize(
        ("symbol", "asset_class"),
        [
            ("BTC/USD", "CRYPTO"),
            ("BTCUSD", "CRYPTO"),
            ("UNIUSDT", "CRYPTO"),
            ("ETHBTC", "CRYPTO"),
            ("A/USD", "CRYPTO"),
            ("AAPL", "EQUITY"),
            ("F", "EQUITY"),
            ("BTC", "EQUITY"),
            ("BRK.B", "EQUITY"),
            ("XXUSD", "EQUITY"),
            ("GOOGLW", "EQUITY"),
            ("BAC.PRK", "EQUITY"),
            ("AAPL261218C00230000", "OPTION"),
            ("F261218P00011000", "OPTION"),
            ("AAPL1261218C00230000", "OPTION"),
        ],
    )
    def test_no_ticker_is_taken_for_a_pair_nor_a_pair_for_a_ticker(self, symbol: str, asset_class: str) -> None:
        assert asset_class_of(symbol) == asset_class

    @pytest.mark.parametrize(
        ("symbol", "parts"),
        [
            ("BTCUSD", ("BTC", "USD")),
            ("BTCUSDT", ("BTC", "USDT")),
            ("BTCUSDC", ("BTC", "USDC")),
            ("ETHBTC", ("ETH", "BTC")),
            ("USDTUSD", ("USDT", "USD")),
            ("USDCUSD", ("USDC", "USD")),
            ("USDTUSDC", ("USDT", "USDC")),
            ("USD", ("USD", "")),
            ("ETH", ("ETH", "")),
        ],
    )
    def test_the_longest_known_quote_takes_a_pair_apart(self, symbol: str, parts: tuple[str, str]) -> None:
        assert pair(symbol) == parts

    def test_a_purchase_receives_coins_and_a_sale_the_quote_currency(self) -> None:
        assert fill(symbol="ETH/BTC", side="buy").received == "ETH"
        assert fill(symbol="ETH/BTC", side="sell").received == "BTC"
        assert fill(symbol="ETH/USD", side="sell").received == "USD"
        assert not fill(symbol="ETH/BTC").in_dollars

    def test_an_option_is_a_hundred_units(self) -> None:
        one = fill(symbol="AAPL261218C00230000", price="4.10", qty="2")

        assert (one.multiplier, one.notional) == (Decimal(100), Decimal(820))

    def test_a_short_sale_is_a_sale(self) -> None:
        assert fill(symbol="AAPL", side="sell_short").side == "sell"


class TestDays:
    @pytest.mark.parametrize(
        ("time", "day"),
        [
            ("2026-09-29T03:59:59.999Z", date(2026, 9, 28)),
            ("2026-09-29T04:00:00Z", date(2026, 9, 29)),
            ("2026-12-01T04:59:59Z", date(2026, 11, 30)),
            ("2026-12-01T05:00:00Z", date(2026, 12, 1)),
            ("2026-03-08T04:59:59Z", date(2026, 3, 7)),
            ("2026-03-09T03:59:59Z", date(2026, 3, 8)),
            ("2026-11-01T04:00:00Z", date(2026, 11, 1)),
            ("2026-11-02T04:30:00Z", date(2026, 11, 1)),
            ("2026-09-28T23:59:59-04:00", date(2026, 9, 28)),
        ],
    )
    def test_a_share_is_traded_on_the_day_of_new_york(self, time: str, day: date) -> None:
        assert fill(symbol="AAPL", transaction_time=time).day == day
        assert fill(symbol="AAPL261218C00230000", transaction_time=time).day == day

    def test_a_coin_is_traded_on_the_day_of_utc(self) -> None:
        assert fill(transaction_time="2026-09-29T00:00:00Z").day == date(2026, 9, 29)
        assert fill(transaction_time="2026-09-28T23:59:59-04:00").day == date(2026, 9, 29)

    @pytest.mark.parametrize(
        ("stated", "created", "day"),
        [
            ("2026-09-30", CREATED, date(2026, 9, 30)),
            (None, "2026-09-29T03:59:59Z", date(2026, 9, 28)),
            ("soon", "2026-09-29T04:00:00Z", date(2026, 9, 29)),
            (None, None, date.min),
        ],
    )
    def test_a_row_that_cannot_be_read_is_of_the_day_it_states_or_was_created_on(
        self, stated: str | None, created: str | None, day: date
    ) -> None:
        assert group_of_row(reg(1, date=stated, created_at=created), "main") == Group("main", day, "REG")

    def test_nanoseconds_are_cut_to_microseconds(self) -> None:
        at = datetime(2026, 9, 28, 14, 29, 31, 123456, tzinfo=UTC)

        assert fill(transaction_time="2026-09-28T14:29:31.123456789Z").at == at
        assert fee(reg(1, created_at="2026-09-28T14:29:31.123456999Z")).created == at


UNREADABLE_FILLS: Sequence[Row] = [
    {"order_id": None},
    {"order_id": ""},
    {"symbol": None},
    {"side": None},
    {"side": "BUY"},
    {"side": "hold"},
    {"price": None},
    {"price": "0"},
    {"price": "-1"},
    {"price": "NaN"},
    {"price": "Infinity"},
    {"price": "secret-key"},
    {"qty": None},
    {"qty": "0"},
    {"qty": "-0.5"},
    {"transaction_time": None},
    {"transaction_time": "2026-09-28"},
    {"transaction_time": "2026-09-28T14:29:31"},
    {"transaction_time": "secret-key"},
    {"transaction_time": "9999-12-31T23:59:59-12:00"},
]
UNREADABLE_FEES: Sequence[Row] = [
    {"date": None},
    {"date": "secret-key"},
    {"date": "2026-13-01"},
    {"net_amount": None},
    {"net_amount": "secret-key"},
    {"net_amount": "NaN"},
    {"net_amount": "-1e30"},
    {"net_amount": "-1e29"},
    {"net_amount": f"-{'9' * 29}.{'9' * 10}"},
]


def assert_names_only_the_row(error: UnreadableActivityError, row: Row) -> None:
    text = str(error)
    assert str(row["id"]) in text
    spoken = text.replace(str(row["id"]), "")
    assert not any(str(value) in spoken for value in ("secret-key", row.get("order_id"), "PA3TEST00001") if value)


@pytest.mark.parametrize("fields", UNREADABLE_FILLS)
def test_a_broken_fill_is_named_by_its_id_and_nothing_else(fields: Row) -> None:
    row = full_fill(1, **fields)

    with pytest.raises(UnreadableActivityError) as raised:
        list(executions([row], "main"))

    assert_names_only_the_row(raised.value, row)


@pytest.mark.parametrize("fields", UNREADABLE_FEES)
def test_a_broken_fee_is_named_by_its_id_and_nothing_else(fields: Row) -> None:
    row = reg(1, **fields)

    with pytest.raises(UnreadableActivityError) as raised:
        read(row)

    assert_names_only_the_row(raised.value, row)


def test_a_broken_fee_is_handed_over_and_the_others_are_read() -> None:
    handed: list[tuple[str, str]] = []
    rows = [reg(1, net_amount=None), reg(2, "-2.00")]

    read_ones = list(postings(rows, "main", lambda row, error: handed.append((row["id"], str(error)))))

    assert [one.usd for one in read_ones] == [Decimal(2)]
    assert handed == [(rows[0]["id"], f"activity {rows[0]['id']}: a fee without an amount")]


def test_more_coins_than_a_column_holds_are_a_broken_row() -> None:
    with pytest.raises(UnreadableActivityError):
        fee(coin_fee(1, CREATED, qty="-1e30"))


def test_a_broken_row_that_does_not_count_breaks_nothing() -> None:
    assert read(reg(1, net_amount=None, status="canceled")) == []
    assert list(executions([full_fill(1, price=None, status="canceled")], "main")) == []
