"""Does a filter on a view's `ds` reach every table that the view reads, so that BigQuery can leave partitions out?

It does where each SELECT on the way hands the table's own `ds` on under that name, and nothing in between needs rows
of other days: no grouping without `ds` among its keys, no window, no LIMIT, no outer join that could make the row up.
Else the table must hold a constant filter of its own, as a view needs that looks back over all history. Without either
a view cannot be queried at all, as https://github.com/arslan-kursad/plumbline/issues/61 tells of a window. That a
window whose keys hold `ds` would do is said nowhere, so none is taken for one.
Sources: https://cloud.google.com/bigquery/docs/querying-partitioned-tables, and
https://cloud.google.com/bigquery/docs/managing-partitioned-tables#require-filter.
"""

from collections.abc import Iterator

import sqlglot
from sqlglot import exp

from tests.strict.partition_filter import is_filtered

DS = "ds"


def unpruned(query: str) -> list[str]:
    """Name the tables of a view's query that a filter on its `ds` does not reach, and that hold none of their own."""
    tree = sqlglot.parse_one(query, dialect="bigquery")
    named = {cte.alias for cte in tree.find_all(exp.CTE)}
    tables = [table for table in tree.find_all(exp.Table) if table.name not in named]
    return [table.name for table in tables if not is_filtered(table, DS) and not _is_reached(table, tree)]


def whole(query: str) -> list[str]:
    """Name the tables that the query reads whole, by a filter of its own that keeps everything."""
    tree = sqlglot.parse_one(query, dialect="bigquery")
    found = (table for table in tree.find_all(exp.Table) if table.db)
    return [table.name for table in found if is_filtered(table, DS)]


def _is_reached(source: exp.Table, tree: exp.Expr) -> bool:
    """Follow a source's `ds` from SELECT to SELECT up to the view's own."""
    select = source.find_ancestor(exp.Select)
    if select is None or not _hands_on(select, source):
        return False
    if select is tree:
        return True
    cte = select.parent
    if not isinstance(cte, exp.CTE):
        return False
    uses = [table for table in tree.find_all(exp.Table) if table.name == cte.alias and not table.db]
    return bool(uses) and all(_is_reached(use, tree) for use in uses)


def _hands_on(select: exp.Select, source: exp.Table) -> bool:
    alike = any(_is_own(column, source, select) for column in select.expressions)
    return alike and not any(_obstacles(select, source))


def _is_own(column: exp.Expr, source: exp.Table, select: exp.Select) -> bool:
    """Whether an output column is the source's `ds` as it is."""
    if isinstance(column, exp.Star):
        return not select.args.get("joins")
    inner = column.unalias()
    alone = not select.args.get("joins")
    return (
        column.alias_or_name == DS
        and isinstance(inner, exp.Column)
        and inner.name == DS
        and (inner.table == source.alias_or_name or (alone and not inner.table))
    )


def _obstacles(select: exp.Select, source: exp.Table) -> Iterator[bool]:
    """Say what keeps a filter on the result from being one on the source."""
    yield bool(select.args.get("limit"))
    yield bool(select.args.get("distinct"))
    group = select.args.get("group")
    yield group is not None and DS not in {key.name for key in group.expressions}
    aggregated = any(one.find(exp.AggFunc) and not one.find(exp.Window) for one in select.expressions)
    yield aggregated and group is None
    yield any(window.find_ancestor(exp.Select) is select for window in select.find_all(exp.Window))
    yield any(join.side in {"RIGHT", "FULL"} for join in select.args.get("joins") or ())
    yield isinstance(source.parent, exp.Join) and source.parent.side == "LEFT"
