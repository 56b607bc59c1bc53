"""What repeats say together: medians, and medians of the ratios within each repeat."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from infra.bench.measured import Measured

Repeats = Sequence[Sequence[Measured]]


@dataclass(frozen=True)
class Line:
    """One contender: medians over the repeats."""

    contender: str
    documents: int
    cpu_us: float
    """Processor time of the client per document, microseconds."""
    per_second: float
    """Documents per second."""
    wall_s: float
    peak_mib: float


@dataclass(frozen=True)
class Ratio:
    """One quantity of a contender in terms of another's: median of the ratios within each repeat."""

    what: str
    of: str
    to: str
    value: float
    spread: tuple[float, float]
    """Lowest and highest."""


_RATIOS: tuple[tuple[str, str, str, Callable[[Measured], float]], ...] = (
    ("CPU per document", "ours", "floor", lambda one: one.cpu_us),
    ("CPU per document", "stock", "ours", lambda one: one.cpu_us),
    ("CPU per document", "again", "floor", lambda one: one.cpu_us),
    ("wall time", "ours", "drain", lambda one: one.wall_s),
    ("throughput", "ours", "dlt", lambda one: one.per_second),
    ("throughput", "ours", "stock", lambda one: one.per_second),
)


def lines(repeats: Repeats) -> list[Line]:
    """Sum up each contender."""
    return [_line(column) for column in zip(*repeats, strict=True)]


def _line(found: Sequence[Measured]) -> Line:
    return Line(
        contender=found[0].contender,
        documents=found[0].documents,
        cpu_us=median(one.cpu_us for one in found),
        per_second=median(one.per_second for one in found),
        wall_s=median(one.wall_s for one in found),
        peak_mib=median(one.peak_bytes for one in found) / 2**20,
    )


def ratios(repeats: Repeats) -> list[Ratio]:
    """Compare the contenders that were measured, within each repeat."""
    here = {one.contender for one in repeats[0]}
    return [_ratio(repeats, *asked) for asked in _RATIOS if {asked[1], asked[2]} <= here]


def _ratio(repeats: Repeats, what: str, of: str, to: str, value: Callable[[Measured], float]) -> Ratio:
    by_name = ({one.contender: value(one) for one in repeat} for repeat in repeats)
    found = [one[of] / one[to] for one in by_name]
    return Ratio(what, of, to, median(found), (min(found), max(found)))


def as_dict(repeats: Repeats) -> dict[str, Any]:
    """Write everything for programs: medians, ratios and each measurement."""
    return {
        "contenders": [asdict(one) for one in lines(repeats)],
        "ratios": [asdict(one) for one in ratios(repeats)],
        "repeats": [[one.model_dump() for one in repeat] for repeat in repeats],
    }
