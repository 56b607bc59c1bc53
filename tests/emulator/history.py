"""A trading history that goes on while runs come and go."""

from pathlib import Path

from tests.emulator import builders
from tests.emulator.builders import position
from tests.stack import LocalStack

_DAYS = 150
_PAPER = 1000


class History:
    """Positions of one engine. Every day opens new ones, edits an old one, spoils one and cures the last one spoilt."""

    def __init__(self, stack: LocalStack, directory: Path) -> None:
        """Begin with two positions and a spoilt one."""
        self._stack = stack
        self._day = 1
        stack.seed(builders.write_market(directory, range(1, _DAYS)))
        builders.put(stack, "live_positions", position(1), position(2), position(3, qty="NaN"))

    def go_on(self) -> None:
        """Live another day."""
        self._day += 1
        day = self._day
        builders.put(
            self._stack,
            "live_positions",
            position(day + 2, qty="NaN"),
            position(day + 1),
            position(day - 1, edited_on_day=day),
            position(_PAPER + day, trade_type="THEORETICAL", entry_order_id=None, exit_order_id=None),
        )

    @property
    def spoilt(self) -> dict[str, str]:
        """Path and reason of what must be in quarantine now."""
        return {f"live_positions/position-{self._day + 2:04}": "NOT_FINITE"}
