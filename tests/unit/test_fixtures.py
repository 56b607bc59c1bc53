import gzip
import json
import math
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from google.cloud.firestore import GeoPoint
from hypothesis import given
from hypothesis import strategies as st

from infra.local import exact_json
from infra.local.fixture_values import decode, encode
from infra.local.fixtures import (
    Bar,
    FixtureError,
    Reference,
    bar_files,
    collections,
    read_bars,
    read_broker,
    write_bars,
    write_broker,
    write_collection,
)
from infra.local.seed import seed
from tests.unit.samples import settings

OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
INSTANTS = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=OFFSETS)  # noqa: DTZ001 - zoned by the strategy
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(),
    st.binary(),
    INSTANTS,
    st.text(min_size=1).map(Reference),
    st.builds(GeoPoint, st.floats(-90, 90), st.floats(-180, 180)),
)
NAMES = st.text(min_size=1).filter(lambda name: name != "_id") | st.sampled_from(["$ref", "$map", "$when"])
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=12
)
PRICES = st.decimals(0, 10**9, places=9)


@given(fields=st.dictionaries(NAMES, VALUES, max_size=5))
def test_a_document_reads_back_as_it_was_written(
    fields: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory = tmp_path_factory.getbasetemp() / "round_trip"

    write_collection(directory, "live_positions", [("p1", fields)])

    assert list(collections(directory)) == [("live_positions", "p1", fields)]


@given(value=VALUES)
def test_a_value_keeps_its_type_through_json(value: Any) -> None:
    read_back = decode(json.loads(json.dumps(encode(value, "f"))), "f")

    assert type(read_back) is type(value)


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan])
def test_numbers_that_json_does_not_know_are_named(number: float) -> None:
    encoded = encode(number, "f")

    assert encoded.keys() == {"$double"}
    assert str(decode(encoded, "f")) == str(number)


def test_integers_doubles_and_text_stay_what_they_are() -> None:
    fields = decode(json.loads('{"qty": 1, "price": 1.0, "stop": "1.0"}'), "f")

    assert [type(value) for value in fields.values()] == [int, float, str]


def test_times_are_cut_to_microseconds_and_become_utc() -> None:
    assert decode({"$timestamp": "2026-09-28T16:29:31.337711497+02:00"}, "f") == datetime(
        2026, 9, 28, 14, 29, 31, 337711, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ({"$timestamp": "2026-09-28T14:29:31"}, "f: $timestamp cannot be '2026-09-28T14:29:31'"),
        ({"$timestamp": 5}, "f: $timestamp cannot be 5"),
        ({"$bytes": "?"}, "f: $bytes cannot be '?'"),
        ({"$geo": [1]}, "f: $geo cannot be [1]"),
        ({"$double": "one"}, "f: $double cannot be 'one'"),
        ({"$ref": ""}, "f: $ref cannot be ''"),
        ({"$date": "2026-09-28"}, "f: $date is not one of $timestamp, $bytes, $ref, $geo, $double"),
        ({"a": [{"b": 2**63}]}, "f.a[0].b: 9223372036854775808 does not fit"),
    ],
)
def test_a_malformed_value_is_refused_by_its_field(value: Any, complaint: str) -> None:
    with pytest.raises(FixtureError) as refusal:
        decode(value, "f")

    assert str(refusal.value).startswith(complaint)


@pytest.mark.parametrize(
    "value",
    [Decimal(1), datetime(2026, 9, 28), 2**63, {1, 2}],  # noqa: DTZ001 - naive is the case
)
def test_a_value_that_firestore_does_not_hold_is_not_written(value: Any) -> None:
    with pytest.raises(FixtureError, match=r"^f\.inner: "):
        encode({"inner": value, "other": 1}, "f")


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (
            '{"_id": "p2", "exit_time": {"$timestamp": "yesterday"}}',
            "field exit_time: $timestamp cannot be 'yesterday'",
        ),
        ('{"qty": 1}', "field _id: None is not a document id"),
        ('{"_id": "a/b"}', "field _id: 'a/b' is not a document id"),
        ('{"_id": "p2", "qty": NaN}', 'NaN is not JSON; write {"$double": "NaN"}'),
        ("[]", "expected a JSON object"),
        ("{", "Expecting property name"),
    ],
)
def test_a_malformed_line_is_refused_by_file_and_number(line: str, complaint: str, tmp_path: Path) -> None:
    path = write_collection(tmp_path, "live_positions", [("p1", {"qty": 1})])
    path.write_text(path.read_text() + line + "\n")

    with pytest.raises(FixtureError) as refusal:
        list(collections(tmp_path))

    assert str(refusal.value).startswith(f"{path}:2: {complaint}")


def test_a_document_cannot_have_a_field_in_the_place_of_its_id(tmp_path: Path) -> None:
    with pytest.raises(FixtureError, match="live_positions/p1: field _id"):
        write_collection(tmp_path, "live_positions", [("p1", {"_id": "p2"})])


def test_collections_come_by_name_and_hidden_files_are_no_collections(tmp_path: Path) -> None:
    for name in ("live_signals", "dim_strategies"):
        write_collection(tmp_path, name, [("a", {}), ("b", {})])
    (tmp_path / "firestore" / ".DS_Store").touch()

    assert [(name, key) for name, key, _ in collections(tmp_path)] == [
        ("dim_strategies", "a"),
        ("dim_strategies", "b"),
        ("live_signals", "a"),
        ("live_signals", "b"),
    ]


def test_a_stray_file_is_not_skipped_silently(tmp_path: Path) -> None:
    write_collection(tmp_path, "live_signals", [])
    (tmp_path / "firestore" / "live_signals.json").touch()

    with pytest.raises(FixtureError, match=r"live_signals\.json: expected a name ending in \.ndjson"):
        list(collections(tmp_path))


def test_a_missing_directory_is_refused_and_an_empty_one_is_empty(tmp_path: Path) -> None:
    assert (list(collections(tmp_path)), bar_files(tmp_path), read_broker(tmp_path)) == ([], {}, {})
    with pytest.raises(FixtureError, match="nowhere: no such fixture directory"):
        list(collections(tmp_path / "nowhere"))


@given(prices=st.lists(PRICES, min_size=5, max_size=5))
def test_bars_keep_every_digit(prices: list[Decimal], tmp_path_factory: pytest.TempPathFactory) -> None:
    bar = Bar(datetime(2026, 9, 28, tzinfo=UTC), *prices)

    path = write_bars(tmp_path_factory.getbasetemp() / "bars_round_trip", "BTC/USD", [bar])

    assert [str(value) for value in read_bars(path)[0]] == [str(value) for value in bar]


@pytest.mark.parametrize("symbol", ["BTC/USD", "ETH/BTC", "SOL/USDT", "AAPL", "BRK.B", "BF-B", "AAPL261218C00230000"])
def test_a_symbol_survives_its_file_name(symbol: str, tmp_path: Path) -> None:
    path = write_bars(tmp_path, symbol, [])

    assert bar_files(tmp_path) == {symbol: path}


@pytest.mark.parametrize("symbol", ["BF-USD", "BTC/EUR"])
def test_a_symbol_that_would_read_back_as_another_is_refused(symbol: str, tmp_path: Path) -> None:
    with pytest.raises(FixtureError, match="reads back as"):
        write_bars(tmp_path, symbol, [])


def test_the_same_bars_give_the_same_bytes_in_place_of_a_plain_file(tmp_path: Path) -> None:
    plain = tmp_path / "bars" / "AAPL.csv"
    plain.parent.mkdir()
    plain.write_text("time,open,high,low,close,volume\n2026-09-28T13:30:00Z,1,2,0.5,1.50,10\n")
    bars = read_bars(plain)

    first = write_bars(tmp_path, "AAPL", bars).read_bytes()

    assert write_bars(tmp_path, "AAPL", bars).read_bytes() == first
    assert gzip.decompress(first).decode().splitlines()[1] == "2026-09-28T13:30:00Z,1,2,0.5,1.50,10"
    assert not plain.exists()


def test_two_files_for_one_symbol_are_refused(tmp_path: Path) -> None:
    path = write_bars(tmp_path, "AAPL", [])
    path.with_suffix("").touch()

    with pytest.raises(FixtureError, match=r"AAPL has another file, AAPL\.csv; keep one"):
        bar_files(tmp_path)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("time,open\n", "1: the header must be time,open,high,low,close,volume"),
        ("", "1: the header must be time,open,high,low,close,volume"),
        ("{header}\n{row}\n2026-09-28T01:00:00Z,1,x,1,1,1\n", "3: column high: 'x' is not a number"),
        ("{header}\n2026-09-28T01:00:00Z,1,1,1,1,NaN\n", "2: column volume: 'NaN' is not a number"),
        ("{header}\n2026-09-28,1,1,1,1,1\n", "2: column time: '2026-09-28' is not an RFC 3339 time"),
        ("{header}\n{row}\n{row}\n", "3: column time: 2026-09-28T00:00:00Z does not follow the row above"),
        ("{header}\n{row},9\n", "2: expected 6 columns, found 7"),
    ],
)
def test_malformed_bars_are_refused_by_line_and_column(text: str, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "bars.csv"
    path.write_text(
        text.format(header="time,open,high,low,close,volume", row="2026-09-28T00:00:00Z,1,1,1,1,1"),
    )

    with pytest.raises(FixtureError) as refusal:
        read_bars(path)

    assert str(refusal.value).startswith(f"{path}:{complaint}")


def test_broker_numbers_keep_their_digits_and_money_stays_text(tmp_path: Path) -> None:
    broker = {"account": {"equity": "103820.560"}, "portfolio_history": {"equity": [Decimal("8425.210"), 5]}}

    path = write_broker(tmp_path, broker)

    assert "8425.210" in path.read_text()
    assert read_broker(tmp_path) == broker


@pytest.mark.parametrize("text", ["[]", "{", '{"account": NaN}'])
def test_a_broker_file_that_is_no_object_is_refused_by_name(text: str, tmp_path: Path) -> None:
    (tmp_path / "broker.json").write_text(text)

    with pytest.raises(FixtureError, match=r"broker\.json: "):
        read_broker(tmp_path)


@given(number=st.decimals(allow_nan=False, allow_infinity=False))
def test_decimals_pass_through_json_by_value(number: Decimal) -> None:
    assert Decimal(exact_json.loads(exact_json.dumps([number]))[0]) == number


def test_json_refuses_what_it_cannot_say() -> None:
    with pytest.raises(TypeError, match="not JSON serializable"):
        exact_json.dumps([Decimal("NaN")])


@pytest.mark.parametrize("layout", ["live_positions.ndjson", "input/firestore/live_positions.ndjson", "bars.csv"])
def test_a_directory_of_another_layout_is_refused(layout: str, tmp_path: Path) -> None:
    path = tmp_path / layout
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    with pytest.raises(FixtureError, match=r"nothing to load: expected firestore/.*, bars/.* or broker\.json"):
        seed(tmp_path, None, settings())  # type: ignore[arg-type]  # refused before anything is asked
