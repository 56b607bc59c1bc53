"""Jobs over HTTP, for functions-framework: one POST runs one job and answers with its record.

A request names a job and its options as JSON, `{"job": "trades", "options": {"dry_run": true}}`. Nothing in it becomes
a name of a table, a collection or a project. Who may ask is settled before the body is looked at, in `shared.callers`.
What takes longer than `wait_s` is answered 202 with the ids of the runs, which `GET /runs/ID` then tells about; a dry
run leaves no record to tell about, so it is answered when it is done. An instance needs its processor after the
answer (`--no-cpu-throttling`), and may be taken away: long work that matters belongs into a Cloud Run Job.
"""

import json
from datetime import UTC, date, datetime
from functools import partial
from typing import Annotated, Any

import click
import functions_framework
from flask import Request, Response
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from jobs.entry import DONE, EXPECTED, chosen, execute, exit_code, options_of, records_of, require_come
from jobs.http.patience import Work
from schemas.document import EARLIEST, LATEST
from schemas.run_record import RunRecord
from shared.callers import CallerRefusedError, require_caller
from shared.documents import MAX_LIMIT, open_bookkeeping
from shared.log import Log, Severity
from shared.records import may_be_a_run
from shared.runs import Runs
from shared.settings import Settings, load

RUNS = "/runs/"
PATIENCE_S = 240.0
"""Seconds until a request is answered though its runs go on; Cloud Run ends requests after 300 by default."""
MAX_PATIENCE_S = 3500.0
"""Cloud Run's longest request lasts an hour."""
MAX_BODY = 65_536
"""Bytes of a request's body; a run's options need a few hundred."""


def _in_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


class Asked(BaseModel):
    """The options of a run, as the command line spells them, with underscores."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    as_of: Annotated[AwareDatetime, Field(ge=EARLIEST, lt=LATEST), AfterValidator(_in_utc)] | None = None
    ds: date | None = None
    since: date | None = None
    until: date | None = None
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] | None = None
    dry_run: bool = False
    refresh: bool = False
    delete: bool = False
    position: Annotated[str, Field(min_length=1, max_length=1500)] | None = None


class Order(BaseModel):
    """One request: a job by its name, or `all`, and its options."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    job: str
    options: Asked = Asked()
    wait_s: float = Field(PATIENCE_S, ge=0, le=MAX_PATIENCE_S)
    """How long to wait for the end, seconds; for that of a dry run as long as it takes."""


@functions_framework.http
def run_job(request: Request) -> Response:
    """Run a job by POST, or tell of a run by `GET /runs/ID`, for callers who may; `GET /health` answers anybody."""
    if request.path == "/health":
        return _answer(200, {"status": "serving"})
    log = Log()
    try:
        settings = load()
        caller = require_caller(request.headers.get("Authorization"), settings)
        if request.method == "GET" and request.path.startswith(RUNS):
            return _told_of(request.path.removeprefix(RUNS), settings)
        return _run(request, settings, log.labelled(caller=caller))
    except CallerRefusedError as refused:
        log.event(f"a caller was refused: {refused}", Severity.WARNING)
        return _answer(refused.status, {"error": "the caller is not known, or may not run jobs"})
    except EXPECTED as error:
        log.event(f"{type(error).__name__}: {error}", Severity.ERROR)
        return _answer(500, {"error": type(error).__name__})


def _run(request: Request, settings: Settings, log: Log) -> Response:
    if request.method != "POST":
        return _answer(405, {"error": "POST a job; GET /runs/ID or /health"}, Allow="POST")
    if request.content_length is None or request.content_length > MAX_BODY:
        return _answer(413, {"error": f"a request states its length, {MAX_BODY} bytes at most"})
    try:
        order = Order.model_validate_json(request.get_data())
        jobs = chosen([order.job])
        options = options_of(order.options.model_dump(), jobs)
        require_come(options, settings)
    except ValidationError as wrong:
        problems = [f"{'.'.join(map(str, e['loc'])) or 'body'}: {e['msg']}" for e in wrong.errors(include_input=False)]
        return _answer(400, {"error": "; ".join(problems)})
    except click.UsageError as wrong:
        return _answer(400, {"error": wrong.message})
    work = Work(partial(execute, jobs, options, settings, log))
    results = work.within(order.wait_s)
    if results is None:
        return _answer(202, {"runs": [_going_on(record) for record in work.begun]})
    status = 200 if exit_code(results) == DONE else 500
    return _answer(status, {"runs": list(map(_told, records_of(results)))})


def _told_of(run_id: str, settings: Settings) -> Response:
    record = Runs(open_bookkeeping(settings), settings).get(run_id) if may_be_a_run(run_id) else None
    if record is None:
        return _answer(404, {"error": "there is no such run"})
    return _answer(200, _told(RunRecord.model_validate(record)))


def _going_on(record: RunRecord) -> dict[str, str]:
    return {"run_id": record.run_id, "job": record.job, "status": record.status.value, "see": RUNS + record.run_id}


def _told(record: RunRecord) -> dict[str, Any]:
    return record.model_dump(mode="json", exclude={"settings"})


def _answer(status: int, body: dict[str, Any], **headers: str) -> Response:
    return Response(json.dumps(body) + "\n", status, headers, content_type="application/json")
