"""Every fault at every call of every job: nothing is lost, nothing is there twice, and the next run makes all whole.

A failure names job, site and kind, and the command that replays it alone.
"""

import random
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.emulator.moments import writes
from tests.emulator.wire import Call, Wire
from tests.faults.kinds import KINDS
from tests.faults.scenario import Course, Fault
from tests.faults.worlds import WORLDS
from tests.stack import LocalStack

THE_HARD_ONES = ("kill_after", "ack_lost")
"""Kinds of fault that every write must stand, in every lane."""
A_FEW = 3
"""How many kinds of fault the default lane tries on a loop that archives as all do."""


@pytest.fixture
def replayed(pytestconfig: pytest.Config) -> Fault | None:
    """The fault that the command line asks for."""
    asked: str | None = pytestconfig.getoption("--fault")
    if asked is None:
        return None
    world, _, rest = asked.partition("/")
    site, _, kind = rest.rpartition("/")
    return Fault(world, site, KINDS[kind])


def faults_at(world: str, sites: dict[str, Call], kinds: Iterable[str]) -> list[Fault]:
    """Every kind at every site that it applies to; writes come first, for they can do most harm."""
    ordered = sorted(sites, key=lambda site: not writes(sites[site]))
    return [Fault(world, site, KINDS[kind]) for kind in kinds for site in ordered if KINDS[kind].applies(sites[site])]


def sample(world: str, sites: dict[str, Call]) -> Iterator[Fault]:
    """The default lane's share of a world, the same in every session."""
    draw = random.Random(zlib.crc32(world.encode()))  # noqa: S311 - no secret
    one_each = [draw.choice(some) for kind in KINDS if (some := faults_at(world, sites, [kind]))]
    written = {site: call for site, call in sites.items() if writes(call)}
    match world:
        case "trades":
            yield from one_each
            yield from faults_at(world, written, THE_HARD_ONES)
        case "fee-patch" | "price-patch" | "retire":
            # Nobody else writes as they do.
            yield from draw.sample(one_each, A_FEW)
            yield from faults_at(world, written, THE_HARD_ONES)
        case "trades at first":
            made = {site: call for site, call in written.items() if call.server == "bigquery"}
            yield from faults_at(world, made, THE_HARD_ONES)
        case _:
            # The loops all archive alike.
            yield from draw.sample(one_each, A_FEW)


def stand(course: Course, faults: Sequence[Fault]) -> None:
    """Go from fault to fault and report all that broke anything."""
    wrongs: list[str] = []
    for fault in faults:
        wrongs += (found := course.wrongs(fault))
        print(*(found or [str(fault)]), sep="\n", flush=True)  # noqa: T201 - shows how far it got
    assert not wrongs, f"{len(faults)} faults\n" + "\n".join(wrongs)


@pytest.mark.parametrize("world", WORLDS)
def test_a_job_stands_each_kind_of_fault_somewhere_and_its_writes_undone_or_unanswered(
    world: str, stack: LocalStack, wire: Wire, tmp_path: Path, replayed: Fault | None
) -> None:
    if replayed and replayed.world != world:
        pytest.skip("another world's fault is replayed")
    course = Course(world, stack, wire, tmp_path)
    stand(course, [replayed] if replayed else list(dict.fromkeys(sample(world, course.sites()))))


@pytest.mark.nightly
@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_job_stands_a_kind_of_fault_at_every_call(
    kind: str, world: str, stack: LocalStack, wire: Wire, tmp_path: Path
) -> None:
    course = Course(world, stack, wire, tmp_path)
    stand(course, faults_at(world, course.sites(), [kind]))
