"""A dry run: everything a run would do, and nothing written."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from schemas.run_record import RunRecord, Status
from schemas.table import ArchivedRow
from shared.jobs import Job
from shared.loop import Loop
from shared.parts import Parts
from shared.quarantine import Reject
from shared.records import begin, read_moment
from shared.retirement import Retirement, Retiring
from shared.revision import reconciled
from shared.source_patch import SourcePatch, SourcePatching
from shared.survey import Options, Survey
from shared.table_patch import TablePatch, TablePatching
from shared.tables import SchemaDriftError

T = TypeVar("T")

KEPT = 1000
"""Rows to write, rows to revise and rejects that a dry run keeps of each to show; it counts them all."""


@dataclass
class Preview:
    """What a run would write, revise and quarantine: the first KEPT of each, and counts of all in the record."""

    record: RunRecord
    new: list[ArchivedRow] = field(default_factory=list)
    revised: list[ArchivedRow] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    open_intent: str | None = None
    """Run whose commit is not settled; a real run would settle it first, which may turn new rows into known ones."""


def preview(job: Job, options: Options, parts: Parts) -> Preview:
    """Survey the source without lease, stream, quarantine or record.

    Raises:
        SchemaDriftError: A table is missing or differs, so there is nothing to compare with.
    """
    result = Preview(begin(job, options, parts))
    match job:
        case Loop():
            _preview_loop(job, options, parts, result)
        case TablePatch():
            _require_tables(parts, job.row)
            _preview_rows(TablePatching(job, options, parts, result.record), result)
        case Retirement():
            retiring = Retiring(job, options, parts, result.record)
            _require_tables(parts, *(loop.row for loop in retiring.loops))
            _preview_retirement(retiring)
        case SourcePatch():
            _preview_documents(SourcePatching(job, options, parts, result.record))
    record = result.record
    record.status = Status.PARTIAL if record.counts.quarantined or record.counts.pending else Status.SUCCEEDED
    record.broker_calls = parts.broker.calls
    record.bytes_billed = parts.warehouse.bytes_billed
    record.finished_at = parts.clock()
    return result


def _require_tables(parts: Parts, *rows: type[ArchivedRow]) -> None:
    if found := [one for row in rows for one in parts.tables.differences(row)]:
        raise SchemaDriftError(f"{'; '.join(map(str, found))}. See `golden-thread schema check`.")


def _preview_loop(loop: Loop[Any, Any], options: Options, parts: Parts, result: Preview) -> None:
    _require_tables(parts, loop.row, *loop.reads)
    record = result.record
    states = parts.leases.states(loop.lease)
    result.open_intent = next((state.intent.run_id for state in states.values() if state.intent), None)
    read_moment(record, options, parts)
    survey = Survey(loop, options, parts, record)
    reasons: Counter[str] = Counter()
    for page in survey.pages():
        record.counts.already += len(page.already)
        record.counts.archived += _keep(result.new, page.new)
        revised = [new for _, new in reconciled(loop, page.revised, parts, record.run_id)]
        record.counts.revised += _keep(result.revised, revised)
        record.counts.quarantined += _keep(result.rejects, page.rejects)
        reasons.update(reject.reason.value for reject in page.rejects)
    record.rejects_by_reason = dict(reasons)
    record.blind_spot = survey.blind_spot()


def _keep(kept: list[T], more: Sequence[T]) -> int:
    """Keep of a page what there is room for, and count it all."""
    kept += more[: KEPT - len(kept)]
    return len(more)


def _preview_rows(patching: TablePatching[Any], result: Preview) -> None:
    mended = patching.survey()
    result.revised = [one.row.model_copy(update=dict(one.values)) for one in mended if one.changed]
    patching.count(mended, {one.key for one in mended if one.changed})


def _preview_documents(patching: SourcePatching) -> None:
    for finding in patching.survey():
        patching.count(finding, finding.values)


def _preview_retirement(retiring: Retiring) -> None:
    for page in retiring.survey():
        retiring.count(page, {one.path for one in page})
