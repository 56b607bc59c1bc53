"""A dry run: everything a run would do, and nothing written."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from schemas.run_record import RunRecord, Status
from schemas.table import ArchivedRow
from shared.loop import Loop
from shared.parts import Parts
from shared.quarantine import Reject
from shared.revision import reconciled
from shared.run import begin, read_moment
from shared.survey import Options, Survey
from shared.tables import SchemaDriftError


@dataclass
class Preview:
    """What a run would write, revise and quarantine."""

    record: RunRecord
    new: list[ArchivedRow] = field(default_factory=list)
    revised: list[ArchivedRow] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    open_intent: str | None = None
    """Run whose commit is not settled; a real run would settle it first, which may turn new rows into known ones."""


def preview(loop: Loop[Any, Any], options: Options, parts: Parts) -> Preview:
    """Survey the source without lease, stream, quarantine or record.

    Raises:
        SchemaDriftError: A table is missing or differs, so there is nothing to compare with.
    """
    found = [one for row in (loop.row, *loop.reads) for one in parts.tables.differences(row)]
    if found:
        raise SchemaDriftError(f"{'; '.join(map(str, found))}. See `golden-thread schema check`.")
    record = begin(loop, options, parts)
    intent = parts.leases.peek(record.lease).intent
    result = Preview(record, open_intent=intent.run_id if intent else None)
    read_moment(record, options, parts)
    survey = Survey(loop, options, parts, record)
    for page in survey.pages():
        result.new += page.new
        result.revised += (new for _, new in reconciled(loop, page.revised, parts.warehouse, record.run_id))
        result.rejects += page.rejects
        record.counts.already += len(page.already)
    _count(result)
    record.blind_spot = survey.blind_spot()
    record.bytes_billed = parts.warehouse.bytes_billed
    record.finished_at = datetime.now(UTC)
    return result


def _count(result: Preview) -> None:
    counts = result.record.counts
    counts.archived, counts.revised = len(result.new), len(result.revised)
    counts.quarantined = len(result.rejects)
    result.record.rejects_by_reason = dict(Counter(reject.reason.value for reject in result.rejects))
    result.record.status = Status.PARTIAL if counts.quarantined else Status.SUCCEEDED
