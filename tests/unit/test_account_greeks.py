from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.accounts import AccountDocument, AccountSnapshot
from shared.loop import AccountState
from tests.unit import anything
from tests.unit.samples import AS_OF, built, candidate, evidence
from tests.unit.tape import flat

CALL, PUT = "AAPL260918C00150000", "MSFT260918P00300000"
GREEKS = {"delta": 0.5, "gamma": 0.02, "theta": -0.25, "vega": 0.1, "rho": 0.01}
SNAPSHOT = {"impliedVolatility": 0.3, "greeks": GREEKS}
SPOTS = {
    "AAPL": list(flat(AS_OF - timedelta(hours=30), 29, 150)),
    "MSFT": list(flat(AS_OF - timedelta(hours=30), 29, 300)),
}
CONTRACTS = {symbol: {"symbol": symbol, "multiplier": "100", "size": "100"} for symbol in (CALL, PUT)}
NETS = ("net_delta_usd", "net_gamma_usd", "net_theta_usd", "net_vega_usd", "net_rho_usd")


def option(symbol: str = CALL, qty: Any = "2") -> dict[str, Any]:
    return {"symbol": symbol, "asset_class": "us_option", "qty": qty}


def row(
    positions: Sequence[Mapping[str, Any]],
    snapshots: Mapping[str, Any],
    spots: Mapping[str, Any] = SPOTS,
    contracts: Mapping[str, Any] = CONTRACTS,
) -> AccountSnapshot:
    given_evidence = evidence(spots, account=AccountState(positions, (), snapshots, contracts))
    found = built("account-snapshot", candidate(AccountDocument), given_evidence)
    assert isinstance(found, AccountSnapshot), found
    return found


def nets(found: AccountSnapshot) -> tuple[Decimal | None, ...]:
    return tuple(getattr(found, name) for name in NETS)


def coverage(found: AccountSnapshot) -> tuple[int, int, bool]:
    return found.option_positions, found.option_positions_with_greeks, found.greeks_complete


def test_greeks_are_summed_in_dollars() -> None:
    found = row([option()], {CALL: SNAPSHOT})

    # Two contracts of a hundred: delta · 200 · 150, gamma · 200 · 150² / 100, the others · 200.
    assert nets(found) == tuple(map(Decimal, ("15000", "900", "-50", "20", "2")))
    assert coverage(found) == (1, 1, True)


def test_a_short_position_counts_against() -> None:
    assert nets(row([option(qty="-2")], {CALL: SNAPSHOT})) == tuple(map(Decimal, ("-15000", "-900", "50", "-20", "-2")))


def test_several_positions_add_up_each_with_its_own_underlying() -> None:
    found = row([option(), option(PUT, "-1")], {CALL: SNAPSHOT, PUT: SNAPSHOT})

    assert nets(found) == tuple(map(Decimal, ("0", "-900", "-25", "10", "1")))
    assert coverage(found) == (2, 2, True)


def test_without_options_the_sums_are_zero_and_complete() -> None:
    found = row([{"symbol": "AAPL", "asset_class": "us_equity", "qty": "5"}], {})

    assert nets(found) == (Decimal(0),) * 5
    assert coverage(found) == (0, 0, True)


@pytest.mark.parametrize(
    "snapshot",
    [
        None,
        {},
        {"greeks": None},
        {"greeks": {}},
        {"impliedVolatility": 0.3},
        {"impliedVolatility": 0, "greeks": dict.fromkeys(GREEKS, 0)},
        {"greeks": dict.fromkeys(GREEKS, 0)},
        {"impliedVolatility": 0.3, "greeks": dict.fromkeys(GREEKS, "nan")},
        {"impliedVolatility": 0.3, "greeks": dict.fromkeys(GREEKS, "abc")},
    ],
)
def test_a_position_without_greeks_makes_every_sum_unknown_never_smaller(snapshot: Any) -> None:
    snapshots = {CALL: SNAPSHOT, PUT: snapshot} if snapshot is not None else {CALL: SNAPSHOT}
    found = row([option(), option(PUT)], snapshots)

    assert nets(found) == (None,) * 5
    assert coverage(found) == (2, 1, False)


@pytest.mark.parametrize("name", GREEKS)
@pytest.mark.parametrize("bad", [None, "nan", "inf", "abc", "lost"])
def test_one_missing_greek_makes_its_own_sum_unknown(name: str, bad: Any) -> None:
    partial = {key: value for key, value in GREEKS.items() if key != name} | ({} if bad == "lost" else {name: bad})
    found = row([option(), option(PUT)], {CALL: SNAPSHOT, PUT: {**SNAPSHOT, "greeks": partial}})

    assert [net is None for net in nets(found)] == [f"net_{name}_usd" == column for column in NETS]
    assert coverage(found) == (2, 1, False)


def test_a_greek_of_zero_is_a_value_while_the_others_speak() -> None:
    found = row([option()], {CALL: {"greeks": {**GREEKS, "rho": 0}}})

    assert (found.net_rho_usd, found.greeks_complete) == (Decimal(0), True)


def test_greeks_of_zero_are_values_where_the_broker_states_a_volatility() -> None:
    found = row([option()], {CALL: {"impliedVolatility": 0.3, "greeks": dict.fromkeys(GREEKS, 0)}})

    assert nets(found) == (Decimal(0),) * 5
    assert coverage(found) == (1, 1, True)


def test_without_the_price_of_the_underlying_delta_and_gamma_are_unknown() -> None:
    found = row([option(), option(PUT)], {CALL: SNAPSHOT, PUT: SNAPSHOT}, {"AAPL": SPOTS["AAPL"]})

    assert [net is None for net in nets(found)] == [True, True, False, False, False]
    assert coverage(found) == (2, 1, False)


def test_the_contract_says_what_the_underlying_is_for_a_root_has_no_dot() -> None:
    root = "BRKB260918C00450000"
    contract = {"symbol": root, "multiplier": "100", "underlying_symbol": "BRK.B"}

    assert coverage(row([option(root)], {root: SNAPSHOT}, {"BRK.B": SPOTS["AAPL"]}, {root: contract})) == (1, 1, True)


@pytest.mark.parametrize("stated", [None, 5, "", "AAPL,MSFT", "brk b"])
def test_a_contract_that_says_nothing_of_use_leaves_the_root(stated: Any) -> None:
    contract = {"symbol": CALL, "multiplier": "100", "underlying_symbol": stated}

    assert coverage(row([option()], {CALL: SNAPSHOT}, contracts={CALL: contract})) == (1, 1, True)


def test_delta_and_gamma_of_an_adjusted_contract_are_unknown_for_nobody_says_of_how_many_shares_they_are() -> None:
    adjusted = "AAPL1260918C00150000"
    contract = {"symbol": adjusted, "multiplier": "100", "size": "10"}
    found = row([option(adjusted)], {adjusted: SNAPSHOT}, contracts={adjusted: contract})

    assert nets(found) == (None, None, *map(Decimal, ("-50", "20", "2")))
    assert coverage(found) == (1, 0, False)


def test_the_price_of_an_underlying_may_be_a_week_old_but_not_older() -> None:
    for age, known in ((timedelta(days=7), True), (timedelta(days=7, hours=1), False)):
        found = row([option()], {CALL: SNAPSHOT}, {"AAPL": list(flat(AS_OF - age, 1, 150))})
        assert (found.net_delta_usd is not None) == known


@pytest.mark.parametrize("qty", [None, "", "abc", "nan", "inf"])
def test_a_position_of_unknown_size_makes_every_sum_unknown(qty: Any) -> None:
    found = row([option(), option(PUT, qty)], {CALL: SNAPSHOT, PUT: SNAPSHOT})

    assert nets(found) == (None,) * 5
    assert coverage(found) == (2, 1, False)


@pytest.mark.parametrize(
    ("qty", "side", "sign"),
    [("2", "long", 1), ("-2", "short", -1), ("2", "short", -1), ("2", None, 1), ("-2", None, -1)],
)
def test_the_side_decides_when_the_quantity_of_a_short_has_no_sign(qty: str, side: str | None, sign: int) -> None:
    found = row([{**option(qty=qty), "side": side}], {CALL: SNAPSHOT})

    assert found.net_delta_usd == sign * 15000


def test_the_multiplier_is_the_contracts_own_and_not_its_size() -> None:
    found = row([option()], {CALL: SNAPSHOT}, contracts={CALL: {"multiplier": "50", "size": "150"}})

    assert nets(found) == tuple(map(Decimal, ("7500", "450", "-25", "10", "1")))


@pytest.mark.parametrize(
    "contract", [None, {}, {"size": "100"}, *({"multiplier": bad} for bad in (None, "", "0", "-100", "nan", "abc"))]
)
def test_without_a_multiplier_a_position_counts_as_one_without_greeks(contract: Any) -> None:
    contracts = {CALL: CONTRACTS[CALL]} if contract is None else {CALL: CONTRACTS[CALL], PUT: contract}
    found = row([option(), option(PUT)], {CALL: SNAPSHOT, PUT: SNAPSHOT}, contracts=contracts)

    assert nets(found) == (None,) * 5
    assert coverage(found) == (2, 1, False)


greek_values = st.integers(-(10**9), 10**9).filter(bool).map(lambda millionths: millionths / 10**6)
holdings = st.lists(
    st.tuples(
        st.sampled_from([CALL, PUT]),
        st.integers(-50, 50),
        st.sampled_from([1, 10, 100, 150]),
        st.fixed_dictionaries(dict.fromkeys(GREEKS, greek_values)),
    ),
    max_size=2,
    unique_by=lambda holding: holding[0],
)


@given(holdings)
def test_sums_agree_with_exact_fractions(held: list[tuple[str, int, int, dict[str, float]]]) -> None:
    found = row(
        [option(symbol, str(qty)) for symbol, qty, _, _ in held],
        {symbol: {"impliedVolatility": 0.2, "greeks": greeks} for symbol, _, _, greeks in held},
        contracts={symbol: {"multiplier": str(units)} for symbol, _, units, _ in held},
    )
    sums = dict.fromkeys(GREEKS, Fraction(0))
    for symbol, qty, units, greeks in held:
        spot = 150 if symbol == CALL else 300
        scale = {"delta": Fraction(spot), "gamma": Fraction(spot * spot, 100)}
        for name, value in greeks.items():
            sums[name] += Fraction(repr(value)) * qty * units * scale.get(name, 1)

    assert nets(found) == tuple(Decimal(f"{round(sums[name] * 10**9)}E-9") for name in GREEKS)


@given(
    st.dictionaries(st.sampled_from([*GREEKS, "other"]), anything.json_scalars),
    anything.json_scalars,
    anything.json_scalars,
)
def test_whatever_the_broker_says_about_an_option_a_sum_is_complete_or_unknown(
    greeks: dict[str, Any], volatility: Any, qty: Any
) -> None:
    snapshot = {"impliedVolatility": volatility, "greeks": greeks}
    one = candidate(AccountDocument)
    state = AccountState([option(qty=qty)], (), {CALL: snapshot}, CONTRACTS)
    found = built("account-snapshot", one, evidence(SPOTS, account=state))

    if isinstance(found, AccountSnapshot) and found.greeks_complete:
        assert None not in nets(found)
