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


@pytest.fixture
def replayed(pytestconfig: pytest.Config) -> Fault | None:
    """The fault that the command line asks for."""
    asked: str | None = pytestconfig.getoption("--fault", default=None)
    if asked is None:
        return None
    job, _, rest = asked.partition("/")
    site, _, kind = rest.rpartition("/")
    return Fault(job, site, KINDS[kind])


def faults_at(job: str, sites: dict[str, Call], kinds: Iterable[str]) -> list[Fault]:
    """Every kind at every site that it applies to."""
    return [
        Fault(job, site, KINDS[kind]) for kind in kinds for site, call in sites.items() if KINDS[kind].applies(call)
    ]


def sample(job: str, sites: dict[str, Call]) -> Iterator[Fault]:
    """Each kind at one site, the same in every session; and every write with the hard ones."""
    draw = random.Random(zlib.crc32(job.encode()))  # noqa: S311 - no secret
    for kind in KINDS:
        if possible := faults_at(job, sites, [kind]):
            yield draw.choice(possible)
    yield from faults_at(job, {site: call for site, call in sites.items() if writes(call)}, THE_HARD_ONES)


def stand(course: Course, faults: Sequence[Fault]) -> None:
    """Go from fault to fault and report all that broke anything."""
    wrongs = [wrong for fault in faults for wrong in course.wrongs(fault)]
    assert not wrongs, f"{len(faults)} faults\n" + "\n".join(wrongs)


@pytest.mark.parametrize("job", WORLDS)
def test_a_job_stands_each_kind_of_fault_somewhere_and_every_write_undone_or_unanswered(
    job: str, stack: LocalStack, wire: Wire, tmp_path: Path, replayed: Fault | None
) -> None:
    if replayed and replayed.job != job:
        pytest.skip("another job's fault is replayed")
    course = Course(job, stack, wire, tmp_path)
    stand(course, [replayed] if replayed else list(dict.fromkeys(sample(job, course.sites()))))


@pytest.mark.nightly
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("job", WORLDS)
def test_a_job_stands_a_kind_of_fault_at_every_call(
    job: str, kind: str, stack: LocalStack, wire: Wire, tmp_path: Path
) -> None:
    course = Course(job, stack, wire, tmp_path)
    stand(course, faults_at(job, course.sites(), [kind]))
