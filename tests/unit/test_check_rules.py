"""The rules of the check: when its records happened, what its order is, how rows are held to what they must be."""

import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.check.compared import require_equal
from jobs.check.figures import earned, nine, of
from jobs.check.hops import DiffersError, Hops, NotCheckedError, Told
from jobs.check.order import limit_of, require_paper
from jobs.check.times import times_before
from shared.bars import LENGTHS, bar_holding
from shared.broker_calls import Caller
from shared.environment import LIVE_URL, PAPER_URL
from shared.fees import Leg, round_trip
from shared.formulae import gross_pnl
from shared.log import Log
from shared.namespace import Namespace, corner
from shared.paper_orders import LiveAccountError, PaperOrders, is_paper
from shared.parts import connect
from shared.settings import Settings, SettingsError, load

DAYS = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC))

STORAGE = "BIGQUERY_STORAGE_EMULATOR_HOST"


def settings(**changes: str) -> Settings:
    # Nobody listens there, and nobody is asked.
    nobody = dict.fromkeys(("FIRESTORE_EMULATOR_HOST", "BIGQUERY_EMULATOR_HOST", STORAGE), "127.0.0.1:1")
    books = {"GOOGLE_CLOUD_PROJECT": "my-project", "FIRESTORE_BOOKKEEPING_DATABASE": "books"}
    return load({**nobody, **books, **changes})


def test_the_corner_shares_nothing_with_the_real_thing() -> None:
    real = settings(BIGQUERY_DATASET="trading_paper", COLLECTION_PREFIX="paper_", SCHEMA_CHANGES="none")
    there = corner(real)

    assert (there.dataset, there.collection("live_positions")) == ("trading_paper_check", "paper_check_live_positions")
    assert (there.firestore_database, there.bookkeeping_database) == ("books", "books")
    assert there.may_change_schema


def test_the_corner_may_have_a_database_and_a_dataset_of_its_own() -> None:
    there = corner(settings(CHECK_FIRESTORE_DATABASE="gt-paper-check", CHECK_DATASET="somewhere_check"))

    assert there.dataset == "somewhere_check"
    assert {there.firestore_database, there.bookkeeping_database} == {"gt-paper-check"}


@pytest.mark.parametrize("real", [{"BIGQUERY_DATASET": "trading_check"}, {"COLLECTION_PREFIX": "check_"}])
def test_nothing_real_is_called_as_another_environment_s_corner_is(real: dict[str, str]) -> None:
    beside = corner(settings())
    assert (beside.dataset, beside.collection_prefix) == ("trading_check", "check_")

    with pytest.raises(SettingsError, match="works in and empties"):
        settings(**real)


@pytest.mark.parametrize("changes", [{"dataset": "trading"}, {"collection_prefix": ""}])
def test_nothing_is_emptied_that_is_no_corner(changes: dict[str, str]) -> None:
    half = corner(settings()).model_copy(update=changes)

    with pytest.raises(ValueError, match="no corner"):
        Namespace(connect(half, Log(io.StringIO())), ())


@pytest.mark.parametrize(
    ("url", "paper"),
    [
        (PAPER_URL, True),
        ("http://127.0.0.1:8080", True),
        ("http://localhost:8080", True),
        (LIVE_URL, False),
        ("https://paper-api.alpaca.markets.example", False),
        ("http://127.0.0.1.example", False),
        ("https://broker.example", False),
    ],
)
def test_only_the_paper_host_and_this_machine_are_paper(url: str, paper: bool) -> None:  # noqa: FBT001 - a column
    chosen = settings(ALPACA_BASE_URL=url, ALPACA_API_KEY="id", ALPACA_SECRET_KEY="secret")  # noqa: S106 - no secret
    (access,) = chosen.accounts

    assert is_paper(access) is paper
    if not paper:
        with pytest.raises(LiveAccountError):
            PaperOrders(access, Caller(chosen), lambda _: None)
        with pytest.raises(NotCheckedError, match="real money"):
            require_paper(chosen)


def test_without_keys_no_order_is_placed() -> None:
    with pytest.raises(NotCheckedError, match="no keys"):
        require_paper(settings())


@given(st.decimals("0.00001", "200000", places=9))
def test_the_order_is_large_enough_to_be_taken_and_too_low_to_be_filled(price: Decimal) -> None:
    limit, qty = limit_of(price)

    assert 0 < limit < price * Decimal("0.6")
    assert limit * qty >= 12


@given(st.datetimes(*(day.replace(tzinfo=None) for day in DAYS)), st.sampled_from(sorted(LENGTHS)))
def test_all_records_are_over_and_due_and_on_the_grid_of_bars(moment: datetime, timeframe: str) -> None:
    now, chosen = moment.replace(tzinfo=UTC), settings(BAR_TIMEFRAME=timeframe)
    times = times_before(now, chosen)

    assert times.rejected[0] < now - timedelta(days=chosen.rejected_after_days)
    assert times.expired[1] + timedelta(hours=chosen.expired_after_hours) <= now
    assert times.whole[1] <= now
    for start, end in (times.rejected, times.expired, times.position):
        assert start < end
        assert bar_holding(start, times.length) == start


PRICES = st.decimals("0.01", "150000", places=9)


@given(st.sampled_from(["LONG", "SHORT"]), PRICES, PRICES, st.decimals("0.001", "1000", places=9))
def test_two_ways_to_reckon_a_trade_come_to_the_same(side: str, entry: Decimal, leave: Decimal, qty: Decimal) -> None:
    came = earned(side, of(qty), (DAYS[0], entry), (DAYS[1], leave))
    fees = round_trip("CRYPTO", side, (qty, Decimal(1)), Leg(DAYS[0], entry), Leg(DAYS[1], leave))

    assert came.gross_usd == gross_pnl(side, entry, leave, qty)
    assert abs(came.fees_usd - fees) <= Decimal("1e-9")
    assert came.pnl_usd == came.gross_usd - came.fees_usd


def test_numbers_are_rounded_half_even() -> None:
    assert [nine(of(1) / 2 / 10**9), nine(of(3) / 2 / 10**9)] == [0, Decimal("2e-9")]


ROW = {"id": "a", "pnl": Decimal(1), "by": None}


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ([], "expected 1 rows in ledger; found no row a"),
        ([ROW, {**ROW, "id": "b"}], "found a row b that nobody sent"),
        ([ROW, ROW], "found 2 rows where 1 were sent"),
        ([{**ROW, "pnl": Decimal(2)}], "expected ledger a: pnl 1; found pnl 2"),
        ([{**ROW, "by": "x"}], "expected ledger a: by NULL; found by x"),
        ([{"id": "a", "pnl": Decimal(1)}], "expected ledger a: by NULL; found by is no column"),
    ],
)
def test_what_differs_is_named(found: list[dict[str, Any]], told: str) -> None:
    with pytest.raises(DiffersError) as differs:
        require_equal("ledger", ("id",), [ROW], found)

    assert told in str(differs.value)


def test_rows_may_have_more_columns_than_were_told() -> None:
    require_equal("ledger", ("id",), [ROW], [{**ROW, "run_id": "x"}])


def test_an_error_that_nobody_thought_of_is_a_broken_hop_without_the_secret_in_it() -> None:
    hops = Hops(lambda: 0, lambda text: text.replace("s3cret", "***"))

    def stumble() -> Told:
        raise KeyError("s3cret")

    assert not hops.take("hop", stumble, "look")
    assert (hops.taken[0].state.value, hops.taken[0].found) == ("broken", "KeyError: '***'")
