from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas.trades import Trade
from shared.fingerprint import Fingerprint
from shared.values import EPOCH

Held = tuple[str, int]
HELD = st.dictionaries(st.text(min_size=1), st.integers(0, 2**52)).map(lambda found: list(found.items()))
MAX_INT64 = 2**63 - 1


def rows(held: list[Held]) -> list[Any]:
    """Stand-ins for rows, of which a fingerprint sees the table, the key and the revision."""
    return [
        SimpleNamespace(TABLE=Trade.TABLE, trade_id=key, source_rev=EPOCH + timedelta(microseconds=micros))
        for key, micros in held
    ]


@given(HELD, st.randoms(use_true_random=False))
def test_order_and_pages_make_no_difference(held: list[Held], dice: Any) -> None:
    shuffled = dice.sample(held, len(held))
    middle = len(held) // 2
    paged = Fingerprint().including(rows(shuffled[:middle])).including(rows(shuffled[middle:]))
    assert paged == Fingerprint().including(rows(held))
    assert paged.rows == len(held)


@given(HELD.filter(bool), st.integers(1, 10**6))
def test_another_revision_another_key_or_a_row_less_is_another_fingerprint(held: list[Held], later: int) -> None:
    (key, micros), *others = held
    changed = [[(key, micros + later), *others], [(key + "x", micros), *others], others]
    found = {Fingerprint().including(rows(one)) for one in (held, *changed)}
    assert len(found) == 4


@given(HELD)
def test_a_digest_fits_into_what_bigquery_counts_with(held: list[Held]) -> None:
    assert 0 <= Fingerprint().including(rows(held)).digest <= MAX_INT64
