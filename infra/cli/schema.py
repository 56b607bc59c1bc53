"""`golden-thread schema`: tables held to their models, views to their files."""

import sys
from pathlib import Path

import click

from infra.cli import completion, show
from schemas.bigquery import columns, table_definition
from schemas.registry import TABLES, table_named
from schemas.views import VIEWS, View, view_named
from shared.dataset import Dataset
from shared.settings import load
from shared.tables import Difference
from shared.warehouse import open_bigquery

_AS_THEY_SHOULD_BE = f"{len(TABLES)} tables are as their models say, {len(VIEWS)} views as their files"


@click.group()
def command() -> None:
    """Compare tables and views with what they should be, create what is missing, write the generated files."""


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def check(as_json: bool) -> None:  # noqa: FBT001 - click passes it by name
    """List the differences between the dataset and the models and view files; exit 1 when there are any.

    \b
    Example:
      golden-thread schema check
    """
    found = _dataset().differences()
    if as_json:
        show.as_json([_as_dict(one) for one in found])
    elif found:
        _print(found)
    else:
        click.echo(_AS_THEY_SHOULD_BE)
    sys.exit(1 if found else 0)


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print as JSON what was done.")
def apply(as_json: bool) -> None:  # noqa: FBT001 - click passes it by name
    """Create missing tables, add missing nullable columns, make the views what their files say; nothing else.

    It prints the differences first.

    \b
    Example:
      golden-thread schema apply
    """
    dataset = _dataset()
    dataset.require_environment()
    found = dataset.differences()
    if not as_json:
        _print(found)
    dataset.apply()
    if left := dataset.differences():
        listed = "\n".join(map(str, left))
        raise click.ClickException(f"these need a migration by hand (infra/README.md, Change a table):\n{listed}")
    if as_json:
        show.as_json([_as_dict(one) for one in found])
    else:
        click.echo(_AS_THEY_SHOULD_BE)


@command.command()
@click.option("--check", "check_only", is_flag=True, help="Only tell whether the files are fresh; exit 1 when not.")
def docs(check_only: bool) -> None:  # noqa: FBT001 - click passes it by name
    """Write the data dictionary and the cloud definitions from the models.

    \b
    Example:
      golden-thread schema docs
    """
    from infra.generate import generated  # noqa: PLC0415 - reads every job

    root = Path(__file__).resolve().parents[2]
    stale = [name for name, text in generated().items() if not _is_fresh(root / name, text)]
    if check_only:
        click.echo("\n".join(f"stale: {name}" for name in stale) or "fresh")
        sys.exit(1 if stale else 0)
    for name in stale:
        (root / name).write_text(generated()[name], encoding="utf-8")
        click.echo(f"wrote {name}")


@command.command(name="show")
@click.argument("table", shell_complete=completion.tables)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON, as Terraform and the API take it.")
def show_table(table: str, as_json: bool) -> None:  # noqa: FBT001 - click passes it by name
    """Show one table: key, layout, columns; or one view: its question, its query.

    \b
    Examples:
      golden-thread schema show fact_trades
      golden-thread schema show fact_trades --json
      golden-thread schema show strategy_performance
    """
    if any(view.name == table for view in VIEWS):
        _show_view(view_named(table), as_json=as_json)
        return
    try:
        row = table_named(table)
    except KeyError as error:
        names = ", ".join(view.name for view in VIEWS)
        raise click.UsageError(f"{error.args[0]}; and the views {names}") from None
    if as_json:
        show.as_json(table_definition(row))
        return
    click.echo(
        f"{row.TABLE.description}\nKey: {', '.join(row.TABLE.key)}. Clustered by: {', '.join(row.TABLE.cluster_by)}."
    )
    show.as_table(
        row.TABLE.name,
        ("column", "type", "mode", "description"),
        ((c.name, c.type, c.mode, c.description) for c in columns(row)),
    )


def _show_view(view: View, *, as_json: bool) -> None:
    settings = load()
    query = view.query(f"{settings.project}.{settings.dataset}")
    if as_json:
        show.as_json({"name": view.name, "description": view.description, "query": query})
    else:
        click.echo(query, nl=False)


def _dataset() -> Dataset:
    settings = load()
    return Dataset(open_bigquery(settings), settings)


def _as_dict(one: Difference) -> dict[str, object]:
    return {"table": one.table, "difference": one.what, "additive": one.additive}


def _print(found: list[Difference]) -> None:
    show.as_table("differences", ("table", "difference"), ((one.table, one.what) for one in found))


def _is_fresh(path: Path, text: str) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") == text
