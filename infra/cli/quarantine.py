"""`golden-thread quarantine`: refused documents."""

import click

from infra.cli import show, story
from infra.cli.completion import JobName
from shared.documents import open_bookkeeping
from shared.quarantine import Quarantine
from shared.settings import load


@click.group()
def command() -> None:
    """Look at documents that were refused. A document that is mended is archived by the next run by itself."""


@command.command(name="list")
@click.option("--job", type=JobName(), help="Only this job.")
@click.option("--all", "everything", is_flag=True, help="Also those that were resolved.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def list_records(job: str | None, everything: bool, as_json: bool) -> None:  # noqa: FBT001 - click passes them by name
    """List refused documents.

    \b
    Examples:
      golden-thread quarantine list
      golden-thread quarantine list --job trades --json
    """
    records = list(_quarantine().records(job, unresolved_only=not everything))
    records.sort(key=lambda record: (record["job"], record["reason"], record["path"]))
    if as_json:
        show.as_json(records)
        return
    show.as_table(
        f"{len(records)} documents",
        ("job", "document", "reason", "field", "attempts", "last seen", "resolved"),
        (
            (r["job"], r["path"], r["reason"], _fields(r), r["attempts"], r["last_seen"], r["resolved_at"])
            for r in records
        ),
    )


@command.command(name="show")
@click.argument("document")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def show_one(document: str, as_json: bool) -> None:  # noqa: FBT001 - click passes it by name
    """Show one refused document, by its path or the record's id: every fault, and what to do.

    \b
    Example:
      golden-thread quarantine show live_positions/abc
    """
    if not document:
        raise click.UsageError("name a document by its path; `golden-thread quarantine list` lists them")
    record = _quarantine().record(document)
    if record is None:
        raise click.ClickException(f"nothing in quarantine for {document}; `golden-thread quarantine list` lists it")
    if as_json:
        show.as_json(record)
        return
    (path, ending), *lines = story.of_refusal(record)
    show.as_story(path, ending, lines)
    payload = record["payload"]
    shown = payload if len(payload) <= 2000 else payload[:2000] + " … (--json shows all)"  # noqa: PLR2004 - a screenful
    show.as_lines([("document", shown)])


def _fields(record: dict[str, list[dict[str, str]]]) -> str:
    return ", ".join(dict.fromkeys(error["field"] for error in record["errors"] if error["field"]))


def _quarantine() -> Quarantine:
    settings = load()
    return Quarantine(open_bookkeeping(settings), settings)
