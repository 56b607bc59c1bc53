"""Names that a shell completes: jobs, tables, views, saved questions."""

from collections.abc import Iterable

import click
from click.shell_completion import CompletionItem


def jobs(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the name of a job, or `all`."""
    from jobs.registry import all_jobs  # noqa: PLC0415 - imports every client library

    return _beginning(incomplete, (*all_jobs(), "all"))


def tables(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the name of a table or view."""
    from schemas.registry import TABLES  # noqa: PLC0415 - builds every model
    from schemas.views import VIEWS  # noqa: PLC0415 - reads every file

    return _beginning(incomplete, (*(row.TABLE.name for row in TABLES), *(view.name for view in VIEWS)))


def questions(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the name of a saved question."""
    from schemas.questions import QUESTIONS  # noqa: PLC0415 - reads every file

    return _beginning(incomplete, (one.name for one in QUESTIONS))


def _beginning(incomplete: str, names: Iterable[str]) -> list[CompletionItem]:
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]
