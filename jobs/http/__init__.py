"""Jobs over HTTP, for functions-framework: one POST runs one job and answers with its record.

A request names a job and its options as JSON, `{"job": "trades", "options": {"dry_run": true}}`. Nothing in it becomes
a name of a table, a collection or a project. Who may ask is settled before the body is looked at, in `shared.callers`.
A run lasts as long as its request, so what takes longer than an hour belongs into a Cloud Run Job.
"""

import json
from collections.abc import Sequence
from datetime import UTC, date
from typing import Annotated, Any

import click
import functions_framework
from flask import Request, Response
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from jobs.entry import DONE, EXPECTED, chosen, execute, exit_code, options_of, records_of
from schemas.run_record import RunRecord
from shared.callers import CallerRefusedError, require_caller
from shared.jobs import Job
from shared.log import Log, Severity
from shared.settings import Settings, load
from shared.survey import Options

MAX_BODY = 65_536
"""Bytes of a request's body; a run's options need a few hundred."""


class Asked(BaseModel):
    """The options of a run, as the command line spells them, with underscores."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    as_of: Annotated[AwareDatetime, AfterValidator(lambda moment: moment.astimezone(UTC))] | None = None
    ds: date | None = None
    since: date | None = None
    until: date | None = None
    limit: Annotated[int, Field(ge=1)] | None = None
    dry_run: bool = False
    refresh: bool = False
    delete: bool = False
    position: Annotated[str, Field(min_length=1, max_length=1500)] | None = None


class Order(BaseModel):
    """One request: a job by its name, or `all`, and its options."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    job: str
    options: Asked = Asked()


@functions_framework.http
def run_job(request: Request) -> Response:
    """Run a job; `GET /health` answers anybody, everything else is a POST by a caller who may."""
    if request.path == "/health":
        return _answer(200, {"status": "serving"})
    log = Log()
    try:
        settings = load()
        caller = require_caller(request.headers.get("Authorization"), settings)
        return _run(request, settings, log.labelled(caller=caller))
    except CallerRefusedError as refused:
        log.event(f"a caller was refused: {refused}", Severity.WARNING)
        return _answer(refused.status, {"error": "the caller is not known, or may not run jobs"})
    except EXPECTED as error:
        log.event(f"{type(error).__name__}: {error}", Severity.ERROR)
        return _answer(500, {"error": type(error).__name__})


def _run(request: Request, settings: Settings, log: Log) -> Response:
    if request.method != "POST":
        return _answer(405, {"error": "POST a job; GET /health tells whether this serves"}, Allow="POST")
    if request.content_length is None or request.content_length > MAX_BODY:
        return _answer(413, {"error": f"a request states its length, {MAX_BODY} bytes at most"})
    try:
        jobs, options = _ordered(request)
    except ValidationError as wrong:
        problems = [f"{'.'.join(map(str, e['loc'])) or 'body'}: {e['msg']}" for e in wrong.errors(include_input=False)]
        return _answer(400, {"error": "; ".join(problems)})
    except click.UsageError as wrong:
        return _answer(400, {"error": wrong.message})
    results = list(execute(jobs, options, settings, log))
    status = 200 if exit_code(results) == DONE else 500
    return _answer(status, {"runs": list(map(_told, records_of(results)))})


def _ordered(request: Request) -> tuple[Sequence[Job], Options]:
    order = Order.model_validate_json(request.get_data())
    jobs = chosen([order.job])
    return jobs, options_of(order.options.model_dump(), jobs)


def _told(record: RunRecord) -> dict[str, Any]:
    return record.model_dump(mode="json", exclude={"settings"})


def _answer(status: int, body: dict[str, Any], **headers: str) -> Response:
    return Response(json.dumps(body) + "\n", status, headers, content_type="application/json")
