import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.strategies import classify, config_hash, configuration, key
from schemas.strategies import StrategyDocument, StrategyVersion
from schemas.trades import PositionDocument, Trade
from shared.evidence import intervals
from shared.loop import StrategyInterval, Verdict
from shared.values import GeoPoint, Reference
from shared.warehouse import Stored
from tests.unit import anything
from tests.unit.samples import ENTRY, MICROSECOND, REVISION, STRATEGY, admitted, built, candidate, evidence

DAY = timedelta(days=1)


def hashed(**changes: Any) -> str:
    return config_hash(admitted(StrategyDocument, **changes))


maps = st.dictionaries(st.text(min_size=1, max_size=4), anything.stored_values, max_size=3)


@given(maps)
def test_the_order_of_fields_does_not_change_a_configuration(params: dict[str, Any]) -> None:
    assert hashed(risk_params=params) == hashed(risk_params=dict(reversed(params.items())))


@pytest.mark.parametrize(
    "changes",
    [
        {"unknown": 1},
        {"confluence_config": None},
        {"asset_class": ""},
        {"assets": list(STRATEGY["assets"])},
        {"risk_params": {"stop_loss_pct": 2.0}},
    ],
    ids=str,
)
def test_what_is_no_configuration_does_not_change_the_hash(changes: dict[str, Any]) -> None:
    assert hashed(**changes) == hashed()


@pytest.mark.parametrize(
    "changes",
    [
        {"active": False},
        {"timeframe": "4H"},
        {"asset_class": "CRYPTO"},
        {"assets": []},
        {"assets": ["BTC/USD", "ETH/USD"]},
        {"risk_params": {}},
        {"risk_params": {"stop_loss_pct": 2.5}},
        {"risk_params": {"stop_loss_pct": "2.0"}},
        {"risk_params": {"stop_loss_pct": 2.0, "max": None}},
        {"confluence_config": {}},
        {"pattern_overrides": {"deep": {"er": [1, {"x": None}]}}},
    ],
    ids=str,
)
def test_every_change_of_configuration_changes_the_hash(changes: dict[str, Any]) -> None:
    assert hashed(**changes) != hashed()


def test_a_field_the_document_lacks_is_no_part_of_its_configuration() -> None:
    # So a field that the schema learns later changes no hash.
    found = configuration(admitted(StrategyDocument, confluence_config=None, risk_params={"max": None}))

    assert found == {"active": True, "timeframe": "1H", "assets": ["BTC/USD"], "risk_params": {"max": None}}


def test_the_order_of_assets_is_configuration() -> None:
    assert hashed(assets=["A", "B"]) != hashed(assets=["B", "A"])


@pytest.mark.parametrize(
    ("typed", "lookalike"),
    [
        (Reference("a/b"), {"path": "a/b"}),
        (GeoPoint(1.0, 2.0), {"latitude": 1.0, "longitude": 2.0}),
        (ENTRY, "2026-03-02T10:00:00Z"),
        (b"ab", "ab"),
        (float("nan"), "NaN"),
        (True, 1),
    ],
    ids=str,
)
def test_values_of_different_types_are_different_configurations(typed: Any, lookalike: Any) -> None:
    assert hashed(risk_params={"x": typed}) != hashed(risk_params={"x": lookalike})


def test_strategies_with_the_same_configuration_share_its_hash() -> None:
    other = StrategyDocument.model_validate({**STRATEGY, "__id__": "other", "strategy_id": "other"})

    assert config_hash(other) == hashed()
    assert "strategy_id" not in configuration(other)


def test_the_hash_is_that_of_the_json_in_the_row() -> None:
    found = built("strategies", candidate(StrategyDocument, pattern_overrides={"b": 1, "a": Decimal(2)}), evidence())

    assert isinstance(found, StrategyVersion)
    assert found.config_hash == hashlib.sha256(found.config.encode()).hexdigest()
    assert (found.version, found.valid_from, found.ds) == (1, REVISION, REVISION.date())
    assert (found.assets, found.active, found.timeframe) == (["BTC/USD"], True, "1H")


def test_maps_that_look_like_typed_values_keep_the_hash_on_record() -> None:
    # It was recorded before such maps were told apart in JSON; another hash would be taken for a new configuration.
    found = hashed(risk_params={"$map": {"$ref": "a/b"}}, confluence_config={"deep": [{"$bytes": 1}]})

    assert found == "6968d224f276cedbee498e6ba5fe2e006b20cade99c822e8d487031d23766a3d"


def held(config: str, valid_from: datetime) -> Stored:
    return Stored(("breakout", config, valid_from), valid_from.date(), valid_from)


def verdict(*history: Stored, revision: datetime = REVISION) -> Verdict:
    one = candidate(StrategyDocument, history, revision)
    return classify(one, key(one), False)


def test_a_strategy_never_seen_is_new() -> None:
    assert verdict() is Verdict.NEW


def test_touching_a_document_makes_no_version() -> None:
    assert verdict(held(hashed(), REVISION - DAY)) is Verdict.ALREADY
    assert verdict(held(hashed(), REVISION)) is Verdict.ALREADY


def test_a_changed_configuration_is_the_next_version() -> None:
    history = (held("old", REVISION - DAY),)

    assert verdict(*history) is Verdict.NEW
    found = built("strategies", candidate(StrategyDocument, history), evidence())
    assert found.version == 2


def test_a_configuration_that_comes_back_is_a_version_again() -> None:
    history = [held(hashed(), REVISION - 2 * DAY), held("other", REVISION - DAY)]

    assert verdict(*history) is Verdict.NEW
    assert verdict(*reversed(history)) is Verdict.NEW


def test_an_older_revision_never_follows_a_newer_version() -> None:
    assert verdict(held("newer", REVISION)) is Verdict.ALREADY
    assert verdict(held("newer", REVISION + MICROSECOND)) is Verdict.ALREADY


@given(st.lists(st.sampled_from(["1H", "4H", "1D"]), min_size=1, max_size=8))
def test_a_history_of_edits_has_one_version_per_change(timeframes: list[str]) -> None:
    history: list[Stored] = []
    versions: list[int] = []
    for number, timeframe in enumerate(timeframes):
        one = candidate(StrategyDocument, history, REVISION + number * DAY, timeframe=timeframe)
        if classify(one, key(one), False) is Verdict.NEW:
            versions.append(built("strategies", one, evidence()).version)
            history.append(Stored(key(one), REVISION.date(), REVISION))
    changes = 1 + sum(before != after for before, after in pairwise(timeframes))

    assert versions == list(range(1, changes + 1))


def test_versions_hold_from_their_time_until_the_next() -> None:
    times = [datetime(2026, 3, day, tzinfo=UTC) for day in (1, 2, 3)]
    rows = [
        {"strategy_id": name, "version": version, "config_hash": f"h{version}", "valid_from": time}
        for name, version, time in (("a", 1, times[0]), ("a", 2, times[2]), ("b", 1, times[1]))
    ]

    assert dict(intervals(rows)) == {
        "a": [StrategyInterval(1, "h1", times[0], times[2]), StrategyInterval(2, "h2", times[2], None)],
        "b": [StrategyInterval(1, "h1", times[1], None)],
    }
    assert dict(intervals([])) == {}


FIRST = StrategyInterval(1, "h1", ENTRY - 2 * DAY, ENTRY - DAY)
SECOND = StrategyInterval(2, "h2", ENTRY - DAY, None)


def checked(
    versions: Sequence[StrategyInterval], decided: datetime | None = None, **changes: Any
) -> tuple[str, int | None, str | None]:
    """Check, version and hash of the good trade under these versions."""
    times = {} if decided is None else {"s-1": decided}
    given_evidence = evidence(strategies=versions, signal_times=times)
    found = built("trades", candidate(PositionDocument, **changes), given_evidence)
    assert isinstance(found, Trade)
    return found.strategy_check, found.strategy_version, found.strategy_config_hash


def test_the_version_that_held_at_the_decision_verifies_a_trade() -> None:
    assert checked([FIRST, SECOND]) == ("VERIFIED", 2, "h2")
    assert checked([FIRST, SECOND], strategy_version=2) == ("VERIFIED", 2, "h2")


def test_a_document_that_states_another_version_mismatches_and_keeps_its_word() -> None:
    assert checked([FIRST, SECOND], strategy_version=1) == ("MISMATCH", 1, "h2")


@pytest.mark.parametrize(
    ("decided", "version"),
    [
        (FIRST.valid_from, 1),
        (SECOND.valid_from - MICROSECOND, 1),
        (SECOND.valid_from, 2),
        (ENTRY + 9 * DAY, 2),
    ],
)
def test_the_signals_time_decides_and_versions_are_half_open(decided: datetime, version: int) -> None:
    assert checked([FIRST, SECOND], decided)[:2] == ("VERIFIED", version)


@pytest.mark.parametrize("stated", [None, 7])
@pytest.mark.parametrize(
    ("versions", "decided"),
    [
        ([], None),
        ([FIRST], None),
        ([FIRST, SECOND], FIRST.valid_from - MICROSECOND),
        ([SECOND, StrategyInterval(3, "h3", ENTRY - DAY / 2, None)], None),
    ],
)
def test_no_version_or_more_than_one_is_unknown(
    versions: list[StrategyInterval], decided: datetime | None, stated: int | None
) -> None:
    assert checked(versions, decided, strategy_version=stated) == ("UNKNOWN_VERSION", stated, None)


def test_without_the_signals_time_the_entry_decides() -> None:
    assert checked([FIRST, SECOND], entry_time=FIRST.valid_from)[:2] == ("VERIFIED", 1)
