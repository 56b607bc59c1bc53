"""Does a statement filter a table by its partition column, so that BigQuery could leave partitions out?

Source: https://cloud.google.com/bigquery/docs/querying-partitioned-tables: at least one predicate that references only
the partition column; it is isolated on one side, the other side is constant; `ds = x OR other = y` does not count.
"""

from collections.abc import Iterator

from sqlglot import exp

_COMPARISONS = (exp.EQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
_READS_OR_CHANGES = (exp.Select, exp.Update, exp.Delete, exp.Merge)
_NAMES_ONLY = (exp.Insert, exp.Create, exp.Alter, exp.Drop, exp.TruncateTable)


def is_filtered(table: exp.Table, column: str) -> bool:
    """Whether the clause that names a table filters it; naming one to insert into it, or to define it, needs none."""
    clause = table.find_ancestor(*_READS_OR_CHANGES, *_NAMES_ONLY)
    if not isinstance(clause, _READS_OR_CHANGES):
        return True
    condition = clause.args.get("on") if isinstance(clause, exp.Merge) else clause.args.get("where")
    if condition is None:
        return False
    wanted = {(qualifier, column.lower()) for qualifier in ("", table.alias_or_name.lower())}
    whole = condition.this if isinstance(condition, exp.Where) else condition
    return any(_prunes(part, wanted) for part in conjuncts(whole))


def conjuncts(condition: exp.Expr) -> Iterator[exp.Expr]:
    """Split a condition at its ANDs."""
    inner = condition.unnest()
    if isinstance(inner, exp.And):
        yield from conjuncts(inner.left)
        yield from conjuncts(inner.right)
    else:
        yield inner


def _prunes(part: exp.Expr, wanted: set[tuple[str, str]]) -> bool:
    inner = part.unnest()
    if isinstance(inner, exp.Or):
        return all(any(_prunes(one, wanted) for one in conjuncts(side)) for side in (inner.left, inner.right))
    if isinstance(inner, _COMPARISONS):
        sides = (inner.left, inner.right)
        return any(_is(one, wanted) and _constant(other) for one, other in (sides, sides[::-1]))
    if isinstance(inner, exp.Between | exp.In):
        others = (child for key, child in _children(inner) if key != "this")
        return _is(inner.this, wanted) and all(map(_constant, others))
    return False


def _children(node: exp.Expr) -> Iterator[tuple[str, exp.Expr]]:
    for key, value in node.args.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, exp.Expr):
                yield key, one


def _is(side: exp.Expr, wanted: set[tuple[str, str]]) -> bool:
    inner = side.unnest()
    return isinstance(inner, exp.Column) and (inner.table.lower(), inner.name.lower()) in wanted


def _constant(side: exp.Expr) -> bool:
    return side.find(exp.Column, exp.Query) is None
