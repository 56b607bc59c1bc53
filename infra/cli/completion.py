"""Names that a shell completes, and that an option holds people to: jobs, tables, views, saved questions."""

from collections.abc import Iterable
from typing import Any

import click
from click.shell_completion import CompletionItem


def jobs(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the name of a job, or `all`."""
    from jobs.registry import all_jobs  # noqa: PLC0415 - imports every client library

    return _beginning(incomplete, (*all_jobs(), "all"))


class JobName(click.ParamType[str]):
    """The name of a job whose records can be asked for, the check among them."""

    name = "job"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Refuse a name that no job has: a misspelt one would have no records, silently."""
        if value not in (known := self._known()):
            self.fail(f"no job {value}; there are: {', '.join(known)}", param, ctx)
        return str(value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002 - click's signature
        """Complete such a name."""
        return _beginning(incomplete, self._known())

    def _known(self) -> tuple[str, ...]:
        from jobs.check import NAME  # noqa: PLC0415 - imported with its package
        from jobs.registry import all_jobs  # noqa: PLC0415 - imports every client library

        return (*all_jobs(), NAME)


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
