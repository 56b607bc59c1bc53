"""Split an amount of money by weights so that the parts sum to it exactly (largest remainder method)."""

from collections.abc import Mapping
from decimal import ROUND_FLOOR, Decimal, localcontext

from shared.formulae import EXACT

NANO = Decimal("1e-9")
"""The smallest part: one unit of NUMERIC's last decimal, US dollars."""


def apportion(total: Decimal, weights: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Split `total`, a multiple of 1e-9, by weights that are not negative and not all zero.

    Every part is rounded down to 1e-9 first; what is left goes, one unit each, to the largest remainders, names
    deciding between equal ones. So the result depends on no order, and each part is off by less than a unit.
    """
    with localcontext(EXACT):
        units, sign = int(total.copy_abs() / NANO), -1 if total < 0 else 1
        whole = sum(weights.values(), Decimal(0))
        quotas = {name: units * weight / whole for name, weight in weights.items()}
        floors = {name: int(quota.to_integral_value(ROUND_FLOOR)) for name, quota in quotas.items()}
        by_remainder = sorted(quotas, key=lambda name: (floors[name] - quotas[name], name))
        for name in by_remainder[: units - sum(floors.values())]:
            floors[name] += 1
        return {name: sign * count * NANO for name, count in floors.items()}
