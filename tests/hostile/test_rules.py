"""What hostile data taught us, one rule at a time."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from google.cloud.firestore_v1.types import document as messages

from schemas.accounts import AccountDocument
from schemas.reasons import Reason
from schemas.trades import PositionDocument
from shared.activities import effective
from shared.broker_calls import BrokerError
from shared.guardian import MAX_NAMES, OTHER, SchemaGuardian
from shared.quarantine import Reject, record_of
from tests.hostile import books
from tests.hostile.broker_track import results
from tests.hostile.json_values import DEEP
from tests.hostile.spelled import parsed
from tests.hostile.venue import scripted
from tests.unit.samples import ACCOUNT, POSITION, guarded, raw, settings

HALF = "half \ud800"
NOW = datetime(2026, 10, 15, tzinfo=UTC)


def snapshot(**answers: Any) -> Any:
    """What becomes of the good account where the broker answers something else."""
    (found,) = results("account-snapshot", {**books.script(), **answers}).values()
    return found


def account(**changes: Any) -> dict[str, Any]:
    return {"/v2/account": {**books.script()["/v2/account"], **changes}}


def test_no_message_of_firestore_s_can_hold_half_a_character() -> None:
    with pytest.raises(UnicodeEncodeError):
        messages.Value.pb()(string_value=HALF)


@pytest.mark.parametrize("model", [AccountDocument, PositionDocument])
def test_half_a_character_is_no_text(model: Any) -> None:
    refused = guarded(model, **{"status" if model is AccountDocument else "symbol": HALF})
    assert isinstance(refused, Reject)
    assert refused.reason in {Reason.BAD_TYPE, Reason.UNKNOWN_ENUM}


@pytest.mark.parametrize(
    "changes", [{"note": HALF}, {"note": 2**70}, {"note": 10**400}, {"note": float("nan")}, {"status": HALF}, {HALF: 1}]
)
def test_whatever_an_account_holds_it_is_archived_or_quarantined_whole(changes: dict[str, Any]) -> None:
    found = snapshot(**account(**changes))
    if isinstance(found, Reject):
        record = record_of(found, "account-snapshot", "run-1", NOW, {})
        assert parsed(record["payload"]) == found.source.fields | changes
    else:
        assert parsed(found.source_extra)["note"] == {"$double": "NaN"}


def test_a_payload_that_is_nested_too_deeply_to_write_is_left_out_and_said_to_be() -> None:
    nested: Any = "bottom"
    for _ in range(900):
        nested = [nested]
    source = raw(AccountDocument, {**ACCOUNT, "note": nested})
    record = record_of(Reject(source, Reason.BAD_TYPE, ()), "account-snapshot", "run-1", NOW, {})
    assert (record["payload"], record["payload_truncated"]) == ("", True)


def test_an_answer_nested_without_end_is_an_unreadable_one() -> None:
    with pytest.raises(BrokerError, match="unreadable"):
        scripted({"/v2/account": {"note": DEEP}}, settings()).accounts[0].account()


@pytest.mark.parametrize("number", [HALF, "9" * 1000])
def test_an_account_s_number_must_fit_into_a_path(number: str) -> None:
    with pytest.raises(BrokerError, match="account number"):
        snapshot(**account(account_number=number))


@pytest.mark.parametrize("greeks", [[1], "x", True, 5])
def test_greeks_that_are_no_map_are_none(greeks: Any) -> None:
    answers = books.script()
    (symbol,) = answers["/v1beta1/options/snapshots"]["snapshots"]
    found = snapshot(**{"/v1beta1/options/snapshots": {"snapshots": {symbol: {"greeks": greeks}}}})
    assert (found.net_delta_usd, found.option_positions, found.greeks_complete) == (None, 1, False)


def test_an_option_of_an_unreadable_class_is_still_an_option() -> None:
    held = [{**one, "asset_class": ["junk"]} for one in books.script()["/v2/positions"]]
    assert snapshot(**{"/v2/positions": held}).option_positions == 1


def test_an_activity_whose_status_is_no_word_does_not_count() -> None:
    assert effective([{"id": "1", "status": ["executed"]}, {"id": "2"}]) == [{"id": "2"}]


@pytest.mark.parametrize("legs", [5, "x", ["leg"], [{"symbol": "BTC/USD"}], [{"id": ["x"]}]])
@pytest.mark.parametrize("path", ["trades", "price-patch"])
def test_an_order_whose_legs_are_none_may_be_anyone_s_so_no_trade_is_written(path: str, legs: Any) -> None:
    answers = books.script()
    spoilt = {name: _with_legs(body, legs) for name, body in answers.items() if name.startswith("/v2/orders")}
    with pytest.raises(BrokerError, match="legs that are none"):
        results(path, {**answers, **spoilt})


def _with_legs(body: Any, legs: Any) -> Any:
    return [{**one, "legs": legs} for one in body] if isinstance(body, list) else {**body, "legs": legs}


@pytest.mark.parametrize("name", ["", "__proto__", "n" * 1001])
def test_a_name_that_no_record_can_hold_is_counted_among_the_others(name: str) -> None:
    guardian: SchemaGuardian[Any, Any] = SchemaGuardian(PositionDocument, 10**6)
    guardian.admit(raw(PositionDocument, {**POSITION, name: 1, "note": 1}))
    assert guardian.drift == Counter({OTHER: 1, "note": 1})


def test_the_names_of_unknown_fields_fill_no_memory() -> None:
    guardian: SchemaGuardian[Any, Any] = SchemaGuardian(PositionDocument, 10**6)
    guardian.admit(raw(PositionDocument, {**POSITION, **{f"n{number}": 1 for number in range(MAX_NAMES + 5)}}))
    assert len(guardian.drift) == MAX_NAMES + 1
    assert guardian.drift[OTHER] == 5


def test_a_position_that_names_no_symbol_is_no_smaller_sum_of_greeks() -> None:
    with pytest.raises(BrokerError, match="names no symbol"):
        results("account-snapshot", {**books.script(), "/v2/positions": [{"junk": "junk"}]})
