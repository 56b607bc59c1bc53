"""Query parameters, read strictly: what cannot be understood is refused in the words of the host that was asked."""

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from infra.local import rfc3339
from infra.local.broker.errors import ApiError

T = TypeVar("T")


class Query:
    """The parameters of one request; an empty parameter counts as absent."""

    def __init__(self, parameters: Mapping[str, str], refuse: Callable[[str], ApiError]) -> None:
        self._parameters = parameters
        self._refuse = refuse

    def text(self, name: str) -> str | None:
        """The parameter as it came."""
        return self._parameters.get(name) or None

    def required(self, name: str) -> str:
        """The parameter as it came.

        Raises:
            ApiError: It is absent.
        """
        value = self.text(name)
        if value is None:
            raise self._refuse(f"{name} is required")
        return value

    def words(self, name: str) -> list[str]:
        """The items of a comma-separated list."""
        return [word.strip() for word in (self.text(name) or "").split(",") if word.strip()]

    def choice(self, name: str, allowed: Collection[str], default: str) -> str:
        """One of a few words, in any case."""
        value = (self.text(name) or default).lower()
        if value not in allowed:
            raise self._refuse(f"{name} must be one of {', '.join(sorted(allowed))}")
        return value

    def flag(self, name: str) -> bool:
        """A truth value in any case: the client sends Python's `True`."""
        return self.choice(name, ("true", "false"), "false") == "true"

    def count(self, name: str, default: int, highest: int) -> int:
        """A number of rows, from 1 to the highest the host serves at once."""
        value = self.text(name) or str(default)
        if not value.isdecimal() or not 1 <= int(value) <= highest:
            raise self._refuse(f"{name} must be between 1 and {highest}")
        return int(value)

    def instant(self, name: str) -> datetime | None:
        """A time with an offset; a bare date means its midnight in UTC."""
        return self._parsed(name, rfc3339.parse_moment)

    def day(self, name: str) -> date | None:
        """A date; of a time, its date."""
        return self._parsed(name, lambda text: date.fromisoformat(text[:10]))

    def decimal(self, name: str) -> Decimal | None:
        """A decimal number."""
        return self._parsed(name, Decimal)

    def _parsed(self, name: str, parse: Callable[[str], T]) -> T | None:
        text = self.text(name)
        try:
            return None if text is None else parse(text)
        except (ValueError, InvalidOperation) as error:
            raise self._refuse(f"invalid {name}: {text}") from error
