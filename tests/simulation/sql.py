"""As much of BigQuery's SQL as the product writes, compiled into functions: it is the product's statements that run."""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache, reduce
from itertools import pairwise
from operator import xor
from typing import Any, NamedTuple

_TOKENS = re.compile(r"\s*(`[^`]+`|'[^']*'|@\w+|[\w.]+|<=|>=|<|>|=|\(|\)|,|\*)")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Fields = Mapping[str, Any]


class Scope(NamedTuple):
    """What names stand for while one row is looked at."""

    row: Fields
    other: Fields
    parameters: Fields


Expression = Callable[[Scope], Any]


class Select(NamedTuple):
    """A question: what of which rows, in which order; or what of all of them together."""

    table: str
    items: Mapping[str, Expression]
    totals: Mapping[str, Callable[[Sequence[Any]], Any]]
    where: Expression
    order: Sequence[str]

    def answer(self, rows: Sequence[Fields], parameters: Fields) -> list[dict[str, Any]]:
        scopes = [scope for row in rows if self.where(scope := Scope(row, {}, parameters))]
        if self.totals:
            return [{name: total([self.items[name](one) for one in scopes]) for name, total in self.totals.items()}]
        found = [{name: item(scope) for name, item in self.items.items()} for scope in scopes]
        return sorted(found, key=lambda row: [row[name] for name in self.order])


class Update(NamedTuple):
    """A change of rows by an array of others."""

    table: str
    assignments: Mapping[str, Expression]
    source: str
    where: Expression

    def change(self, rows: Sequence[dict[str, Any]], parameters: Fields) -> None:
        """Change rows at once.

        Raises:
            ValueError: Two elements of the array match one row, which BigQuery refuses.
        """
        changes = [(row, scope) for row in rows for scope in self._matching(row, parameters)]
        if any(one is another for (one, _), (another, _) in pairwise(changes)):
            raise ValueError("UPDATE/MERGE must match at most one source row for each target row")
        values = [(row, {name: made(scope) for name, made in self.assignments.items()}) for row, scope in changes]
        for row, changed in values:
            row.update(changed)

    def _matching(self, row: Fields, parameters: Fields) -> Iterator[Scope]:
        for other in parameters[self.source]:
            if self.where(scope := Scope(row, other, parameters)):
                yield scope


@lru_cache(maxsize=4096)
def compiled(statement: str) -> Select | Update:
    """Compile one statement.

    Raises:
        ValueError: It says something that none of the product's statements says.
    """
    return _Parser(statement).statement()


@dataclass
class _Parser:
    text: str

    def __post_init__(self) -> None:
        self._tokens = _TOKENS.findall(self.text)
        if "".join(self._tokens) != re.sub(r"\s", "", self.text):
            raise ValueError(f"cannot read: {self.text}")
        self._at = 0

    def statement(self) -> Select | Update:
        made = self._select() if self._skip("SELECT") else self._update()
        if self._at < len(self._tokens):
            raise ValueError(f"cannot read from {self._tokens[self._at :]}")
        return made

    def _select(self) -> Select:
        found = self._list(self._item)
        self._expect("FROM")
        table = self._next().strip("`")
        where = self._or() if self._skip("WHERE") else _constant(value=True)
        order = self._list(self._next) if self._skip("ORDER") and self._skip("BY") else []
        totals = {name: _TOTALS[total] for total, _, name in found if total}
        return Select(table, {name: item for _, item, name in found}, totals, where, order)

    def _item(self) -> tuple[str | None, Expression, str]:
        total = self._next() if self._peek() in _TOTALS else None
        name = self._tokens[self._at]
        if total and self._tokens[self._at : self._at + 3] == ["(", "*", ")"]:
            self._at += 3
            return total, _constant(None), self._alias(name)
        return total, self._or(), self._alias(name)

    def _alias(self, default: str) -> str:
        return self._next() if self._skip("AS") else default

    def _update(self) -> Update:
        self._expect("UPDATE")
        table = self._next().strip("`")
        self._expect("AS", "t", "SET")
        assignments = dict(self._list(self._assignment))
        self._expect("FROM", "UNNEST", "(")
        source = self._next().removeprefix("@")
        self._expect(")", "AS", "r", "WHERE")
        return Update(table, assignments, source, self._or())

    def _assignment(self) -> tuple[str, Expression]:
        name = self._next()
        self._expect("=")
        return name, self._primary()

    def _or(self) -> Expression:
        parts = [self._and()]
        while self._skip("OR"):
            parts.append(self._and())
        return parts[0] if len(parts) == 1 else _any(parts)

    def _and(self) -> Expression:
        parts = [self._not()]
        while self._skip("AND"):
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else _all(parts)

    def _not(self) -> Expression:
        if self._skip("NOT"):
            inner = self._not()
            return lambda scope: None if (value := inner(scope)) is None else not value
        return self._comparison()

    def _comparison(self) -> Expression:
        left = self._primary()
        if self._skip("IS"):
            return self._is(left)
        if self._skip("IN"):
            return self._in(left)
        if self._peek() in _OPERATORS:
            return _compared(_OPERATORS[self._next()], left, self._primary())
        return left

    def _is(self, left: Expression) -> Expression:
        negated = self._skip("NOT")
        if self._skip("NULL"):
            return lambda scope: (left(scope) is None) is not negated
        self._expect("DISTINCT", "FROM")
        right = self._primary()
        return lambda scope: (left(scope) == right(scope)) is negated

    def _in(self, left: Expression) -> Expression:
        if self._skip("UNNEST"):
            self._expect("(")
            name = self._next().removeprefix("@")
            self._expect(")")
            return lambda scope: left(scope) in scope.parameters[name]
        self._expect("(")
        choices = self._list(self._primary)
        self._expect(")")
        return lambda scope: left(scope) in [choice(scope) for choice in choices]

    def _primary(self) -> Expression:
        word = self._next()
        if word == "(":
            inner = self._or()
            self._expect(")")
            return inner
        if word == "CAST":
            return self._cast()
        if word in _FUNCTIONS and self._skip("("):
            arguments = self._list(self._or)
            self._expect(")")
            return _called(_FUNCTIONS[word], arguments)
        return self._literal(word) or _named(word)

    def _literal(self, word: str) -> Expression | None:
        if word == "NULL":
            return _constant(None)
        if word == "DATE" and self._peek().startswith("'"):
            return _constant(date.fromisoformat(self._next().strip("'")))
        if word.startswith("'"):
            return _constant(word.strip("'"))
        return _constant(int(word)) if word.isdecimal() else None

    def _cast(self) -> Expression:
        self._expect("(")
        inner = self._or()
        self._expect("AS")
        convert = _CASTS[self._next()]
        self._expect(")")
        return lambda scope: convert(inner(scope))

    def _list(self, one: Callable[[], Any]) -> list[Any]:
        found = [one()]
        while self._skip(","):
            found.append(one())
        return found

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _next(self) -> str:
        self._at += 1
        return str(self._tokens[self._at - 1])

    def _skip(self, token: str) -> bool:
        found = self._peek() == token
        self._at += found
        return found

    def _expect(self, *tokens: str) -> None:
        for token in tokens:
            if not self._skip(token):
                raise ValueError(f"expected {token} at {self._tokens[self._at :][:5]}")


def _named(name: str) -> Expression:
    """A parameter, or a column of the table or of the array beside it."""
    if name.startswith("@"):
        return lambda scope: scope.parameters[name[1:]]
    if name.startswith("r."):
        return lambda scope: scope.other[name[2:]]
    column = name.removeprefix("t.")
    return lambda scope: scope.row[column]


def _constant(value: Any) -> Expression:
    return lambda _: value


def _all(parts: Sequence[Expression]) -> Expression:
    # NULL counts as false here; no statement negates a conjunction.
    return lambda scope: all(part(scope) for part in parts)


def _any(parts: Sequence[Expression]) -> Expression:
    return lambda scope: any(part(scope) for part in parts)


def _compared(operator: Callable[[Any, Any], bool], left: Expression, right: Expression) -> Expression:
    def compare(scope: Scope) -> bool | None:
        one, other = left(scope), right(scope)
        return None if one is None or other is None else operator(one, other)

    return compare


def _called(function: Callable[..., Any], arguments: Sequence[Expression]) -> Expression:
    return lambda scope: function(*(argument(scope) for argument in arguments))


def _same(value: Any) -> Any:
    return value


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "IF": lambda condition, then, otherwise: then if condition else otherwise,
    # JSON is kept as the text that was written.
    "TO_JSON_STRING": _same,
    "PARSE_JSON": _same,
    "CONCAT": lambda *texts: "".join(texts),
    "SUBSTR": lambda text, start, length: text[start - 1 : start - 1 + length],
    "SHA256": lambda text: hashlib.sha256(text.encode()).digest(),
    "TO_HEX": bytes.hex,
    "UNIX_MICROS": lambda moment: (moment - _EPOCH) // timedelta(microseconds=1),
}
_CASTS: dict[str, Callable[[Any], Any]] = {"INT64": lambda text: int(text, 0), "STRING": str}
_TOTALS: dict[str, Callable[[Sequence[Any]], Any]] = {
    "COUNT": len,
    "BIT_XOR": lambda values: reduce(xor, values) if values else None,
}
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda one, other: one == other,
    "<": lambda one, other: one < other,
    ">": lambda one, other: one > other,
    "<=": lambda one, other: one <= other,
    ">=": lambda one, other: one >= other,
}
