"""What each job must be allowed to do on Google Cloud, read off its declaration; Terraform grants that and no more."""

from dataclasses import dataclass
from enum import StrEnum

from shared.jobs import Job
from shared.loop import Loop, Origin, wants_nothing
from shared.retirement import Retirement
from shared.source_patch import SourcePatch
from shared.table_patch import TablePatch


class SourceUse(StrEnum):
    """What a job does to the database of the source documents. Every run at least asks its clock."""

    READS = "reads"
    MENDS = "mends"
    """Reads documents and changes some."""
    DELETES = "deletes"
    """Reads documents, deletes some, and leaves a receipt of each in the same commit."""
    CORNER = "corner"
    """Never looks there: it works in a dataset and a database of its own, which nobody else touches."""


@dataclass(frozen=True)
class Needs:
    """The rights of one job, beside leases, run records and quarantine, which all of them keep."""

    broker: bool
    """Whether it is given the broker's keys."""
    source: SourceUse
    reads: tuple[str, ...] = ()
    """Tables whose rows it looks at."""
    writes: tuple[str, ...] = ()
    """Tables whose rows it inserts or updates, and looks at."""


NEEDS_OF_CHECK = Needs(broker=True, source=SourceUse.CORNER)


def needs_of(job: Job) -> Needs:
    """Tell what a job needs, by its kind.

    Raises:
        TypeError: Nobody said what jobs of this kind need.
    """
    match job:
        case Loop():
            broker = job.origin is Origin.BROKER or job.wants is not wants_nothing
            return Needs(broker, SourceUse.READS, tuple(row.TABLE.name for row in job.reads), (job.table,))
        case TablePatch():
            return Needs(broker=True, source=SourceUse.READS, writes=(job.table,))
        case SourcePatch():
            return Needs(broker=True, source=SourceUse.MENDS)
        case Retirement():
            held = tuple(loop.table for loop in job.loops().values() if loop.retires)
            return Needs(broker=False, source=SourceUse.DELETES, reads=held)
        case _:
            raise TypeError(f"{job.name}: say in infra/needs.py what jobs of its kind may touch")
