"""A run and a refused document, told in sentences: what happened, why, and what to do next."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from infra.cli.show import plain
from schemas.document import Document
from schemas.reasons import Reason
from schemas.run_record import RunRecord, Status
from shared.next_steps import next_step

Record = Mapping[str, Any]
Line = tuple[str, str]
"""What it is about, and what there is to say."""
_ENDINGS = {
    Status.RUNNING: "is under way, or was killed: then the next run of its job closes the record.",
    Status.SUCCEEDED: "did all there was to do.",
    Status.PARTIAL: "did what it could: some documents were refused, or wait.",
    Status.FAILED: "failed. Nothing is lost: what it did not finish is pending.",
    Status.SKIPPED: "did nothing: another run held the lease.",
    Status.INTERRUPTED: "was told to stop. Nothing is lost: what it did not finish is pending.",
    Status.ABANDONED: "was killed; the next run of its job closed the record and settled what it left.",
}
_CHANGES = 3
"""Changes shown; the record has more."""
_LONGEST_VALUE = 120


def of_run(run: RunRecord) -> Iterator[Line]:
    """Tell one run."""
    yield run.run_id, f"{run.job} {_ENDINGS[run.status]}"
    yield "ran", _when(run)
    yield "by", _by(run)
    yield "found", f"{run.counts.read} due; {run.counts.not_due} that are not, or not yet"
    yield "moved", _moved(run)
    yield from _noticed(run)
    yield "cost", _cost(run)
    if run.error:
        yield "failed", f"{run.error.type}: {run.error.message}"
    yield "next", _next(run)


def _when(run: RunRecord) -> str:
    ended = f"for {_seconds(run.finished_at - run.started_at)}" if run.finished_at else "and has not ended"
    as_of = "" if run.as_of in {run.read_time, run.started_at} else f", as of {_time(run.as_of)}"
    return f"{_time(run.started_at)} {ended}{as_of}"


def _by(run: RunRecord) -> str:
    who = f"commit {run.git_hash[:12]}, schema {run.schema_version}, started by {run.trigger}"
    return f"{who}, execution {run.execution}, attempt {run.attempt + 1}" if run.execution else who


def _moved(run: RunRecord) -> str:
    counts = run.counts
    done = f"{counts.archived} archived, {counts.revised} revised, {counts.already} there already"
    left = f"{counts.quarantined} quarantined, {counts.pending} pending"
    days = f", ds {run.ds_min} to {run.ds_max}" if run.ds_min else ""
    return f"{done}, {left} (into {run.table}{days})"


def _noticed(run: RunRecord) -> Iterator[Line]:
    """Tell what the run met on the way."""
    met: dict[str, Mapping[str, object]] = {
        "refused": run.rejects_by_reason,
        "outcomes": run.outcomes,
        "sums, USD": run.totals,
        "new fields": run.drift,
    }
    for what, held in met.items():
        if held:
            yield what, ", ".join(f"{key} {plain(value)}" for key, value in sorted(held.items()))
    if run.blind_spot:
        yield "blind spot", f"{run.blind_spot} documents that the collection counts and the run was not given"
    if run.changes:
        shown = "; ".join(f"{one.path} {one.field} {one.old} -> {one.new}" for one in run.changes[:_CHANGES])
        more = f"; and {len(run.changes) - _CHANGES} more (--json)" if len(run.changes) > _CHANGES else ""
        yield "changed", shown + more


def _cost(run: RunRecord) -> str:
    sizes = f"{_bytes(run.bytes_streamed)} streamed, {_bytes(run.bytes_billed)} billed"
    return f"{sizes}, {run.broker_calls} calls to the broker; about {plain(run.cost_estimate_usd)} USD"


def _next(run: RunRecord) -> str:
    if run.error:
        return next_step(run.error.type)
    if run.status in {Status.INTERRUPTED, Status.ABANDONED}:
        return f"`golden-thread run {run.job}`"
    if run.counts.quarantined:
        return f"`golden-thread quarantine list --job {run.job}` names the refused documents and their faults."
    return "Nothing: the next run takes what waits." if run.counts.pending else "Nothing."


def of_refusal(record: Record) -> Iterator[Line]:
    """Tell one refused document: what is wrong with it, field by field, and the fix."""
    from jobs.registry import loops  # noqa: PLC0415 - imports every job, for this alone

    if record.get("resolved_at"):
        yield (
            record["path"],
            f"was refused, and passed on {_time(record['resolved_at'])} (run {record['resolved_by']}).",
        )
    else:
        yield record["path"], f"was refused by {record['job']}: {record['reason']}."
    attempts = record["attempts"]
    times = "once" if attempts == 1 else f"{attempts} times"
    yield (
        "seen",
        f"{times}, first {_time(record['first_seen'])}, last {_time(record['last_seen'])} (run {record['run_id']})",
    )
    stated, loop = _stated(record["payload"]), loops().get(record["job"])
    model = loop.document if loop else Document
    for fault in record["errors"]:
        held = _held(stated, fault["field"], model)
        yield fault["field"] or "document", f"{fault['code']}: {fault['message']}{held}"
    if (more := record.get("errors_total", 0) - len(record["errors"])) > 0:
        yield "and", f"{more} faults more"
    yield "fix", Reason(record["reason"]).advice
    again = f"`golden-thread run {record['job']}` archives it and closes this record; so does the next scheduled run."
    yield "then", "Nothing." if record.get("resolved_at") else again


def _stated(payload: str) -> Any:
    """Read the document; of one that was cut off nothing can be told."""
    try:
        return json.loads(payload)
    except ValueError:
        return None


def _held(stated: Any, field: str, model: type[Document]) -> str:
    """Say what the document holds in a field, however deep, and under which name where it has another one for it."""
    if not field or not isinstance(stated, dict):
        return ""
    name, *deeper = field.split(".")
    spelt = model.spelling(name, stated)
    for part in (spelt, *deeper):
        if isinstance(stated, dict) and part in stated:
            stated = stated[part]
        elif isinstance(stated, list) and part.isdecimal() and int(part) < len(stated):
            stated = stated[int(part)]
        else:
            return "; the document has no such field"
    text = stated if isinstance(stated, str) else json.dumps(stated)
    where = "" if spelt == name else f"{spelt} "
    return f"; the document says {where}{text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + ' …'}"


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _seconds(duration: timedelta) -> str:
    seconds = duration.total_seconds()
    return f"{seconds:.1f} s" if seconds < 60 else f"{seconds / 60:.1f} min"  # noqa: PLR2004 - seconds in a minute


def _bytes(number: int) -> str:
    size = float(number)
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":  # noqa: PLR2004 - what a prefix stands for
            break
        size /= 1000
    return f"{size:.3g} {unit}"
