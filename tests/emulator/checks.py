"""What the tests of the check share: a broker with bars up to now, a check in this process, and what is left of it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from infra.local.price_path import write_path
from jobs.check.hot import SOURCES
from jobs.check.verdict import Verdict, check
from schemas.registry import TABLES
from shared.log import Log
from shared.namespace import BOOKS, GUARD, corner
from shared.parts import Parts, connect
from tests.emulator.wire import Moment, Step, once
from tests.stack import LocalStack

BAD = {"broken", "differs"}


def give_bars(stack: LocalStack, directory: Path) -> LocalStack:
    """Let the broker have bars up to now."""
    write_path(directory, stack.settings(), datetime.now(UTC))
    stack.seed(directory)
    return stack


def checked(stack: LocalStack, **changes: str) -> Verdict:
    """Check in this process."""
    return check(stack.settings(**changes), Log(stack.log))


def states(verdict: Verdict) -> dict[str, str]:
    """What came of each hop."""
    return {hop.name: hop.state.value for hop in verdict.hops}


def bad(verdict: Verdict) -> dict[str, str]:
    """The hops that are not as they should be: what was expected of each, what was found, what to do."""
    return {
        hop.name: f"{hop.state.value}: expected {hop.expected}; found {hop.found}; {hop.advice}"
        for hop in verdict.hops
        if hop.state.value in BAD
    }


def there(stack: LocalStack) -> Parts:
    """The corner, from outside of any wire."""
    return connect(corner(stack.settings()), Log(stack.log))


def left(stack: LocalStack) -> tuple[Sequence[str], int]:
    """What the corner holds: documents, and rows of all tables."""
    parts = there(stack)
    collections = [parts.settings.collection(name) for name in {*SOURCES.values(), *BOOKS}]
    documents = [f"{one}/{doc.id}" for one in collections for doc in parts.firestore.collection(one).stream()]
    rows = sum(
        len(list(parts.warehouse.rows(f"SELECT ds FROM {row.TABLE.name} WHERE ds >= '2000-01-01'")))  # noqa: S608 - our own tables
        for row in TABLES
    )
    return sorted(documents), rows


NOTHING = ([f"check_job_leases/{GUARD}"], 0)
"""What a check leaves: the guard, whose fence must not begin anew."""


def then(moment: Moment, stack: LocalStack, statement: str) -> Step:
    """At a moment, change the corner's dataset by SQL behind the check's back."""
    return once(moment, lambda: list(there(stack).warehouse.rows(statement)))


def view(stack: LocalStack, name: str, query: str | None) -> None:
    """Let a view of the corner have another query, or none: then it is gone."""
    parts = there(stack)
    client, full_name = parts.warehouse.client, f"{parts.warehouse.dataset}.{name}"
    if query is None:
        client.delete_table(full_name)
    else:
        table = client.get_table(full_name)
        table.view_query = query.replace("{dataset}", parts.warehouse.dataset)
        client.update_table(table, ["view_query"])
