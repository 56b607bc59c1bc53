"""What happens to the sources: the trading engine's documents, and the broker's books."""

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from tests.emulator import builders, fees
from tests.emulator.builders import START
from tests.simulation.world import World

REAL, PAPER = (1, 2, 3), (101, 102)
"""Positions with orders at the broker, and without."""
MORE_PAPER = (101, 102, 103, 104, 105)
FEW, MORE = (1, 2), (1, 2, 3, 4, 5, 6)
"""Signals and strategies; the more, the seldomer two things happen to one of them."""
_HOURS = (1, 2)
_CHEAP = Decimal("0.0015")
_FIFTHS = (0, 1, 2, 3, 4)


class Sources:
    """Both of them, and what was ever posted of each position."""

    def __init__(self, world: World, *, many: bool = False) -> None:
        """Begin with empty ones; there may be a few documents of each kind, or enough for several small pages."""
        self._world = world
        self._positions = REAL + (MORE_PAPER if many else PAPER)
        self._few = MORE if many else FEW
        self._edits = count(1)
        self.posted: dict[int, dict[str, list[Decimal]]] = {number: {} for number in REAL}
        """Position → which fee → the amounts that it was, one after the other, US dollars."""
        self.filled: set[int] = set()
        """Positions whose orders the broker has filled."""
        self._doubted: dict[int, datetime] = {}
        """Position → when it was last seen that its fee could be another one's."""
        self.news: dict[int, datetime] = {}
        """Position → when the broker last said something new about its fees."""

    def actions(self) -> dict[str, Callable[[], str]]:
        """Everything that can happen, by the theme it belongs to and its name; each tells what it did."""
        return {
            "trades close": lambda: self._position("CLOSED"),
            "trades open": lambda: self._position("OPEN"),
            "trades spoil": lambda: self._position("CLOSED", qty=math.nan),
            "trades lack": lambda: self._position("CLOSED", exit_fill_price=None),
            "trades delete": lambda: self._delete("live_positions", f"position-{self._any(self._positions):04}"),
            "fees coin": lambda: self._post("coin"),
            "fees dollar": lambda: self._post("dollar"),
            "fees correct": self._correct,
            "fees whole": self._charged,
            "rejected put": lambda: self._signal("rejected_signals", builders.rejected_signal),
            "rejected spoil": lambda: self._signal("rejected_signals", builders.rejected_signal, entry_price=math.nan),
            "rejected delete": lambda: self._delete("rejected_signals", f"signal-{self._any(self._few):04}"),
            "expired put": lambda: self._signal("live_signals", builders.live_signal),
            "expired live": lambda: self._signal("live_signals", builders.live_signal, status="ACTIVE"),
            "expired spoil": lambda: self._signal("live_signals", builders.live_signal, entry_price=math.nan),
            "expired delete": lambda: self._delete("live_signals", f"signal-{self._any(self._few):04}"),
            "strategies put": self._configure,
            "strategies touch": lambda: self._configure(touched=True),
            "account": self._equity,
        }

    def _any(self, choices: tuple[int, ...]) -> int:
        return self._world.chance.choice(choices)

    def _position(self, status: str, **changes: Any) -> str:
        return self._put(self._any(self._positions), status, **changes)

    def _charged(self) -> str:
        number = self._any(REAL)
        return ", ".join([self._put(number, "CLOSED"), self._charge(number, "coin"), self._charge(number, "dollar")])

    def _put(self, number: int, status: str, **changes: Any) -> str:
        fields = builders.position(number, status=status, edit=next(self._edits))
        if number not in REAL:
            moved = START + timedelta(hours=number + 2, days=self._any(_FIFTHS) % 2)
            # On paper there is nobody to ask for a price.
            changes = {
                **builders.PAPER,
                "entry_time": START,
                "exit_time": min(moved, self._world.time.now()),
                **changes,
            }
            changes.pop("exit_fill_price", None)
        else:
            changes = {"exit_fill_price": fees.exit_price(number), **changes}
            self._fill(number)
        self._world.put("live_positions", f"position-{number:04}", {**fields, **changes})
        return f"position {number} {status} {changes.get('qty', '')}"

    def _post(self, which: str) -> str:
        return self._charge(self._any(REAL), which)

    def _charge(self, number: int, which: str) -> str:
        if which not in self.posted[number]:
            posting = fees.coin_fee(number) if which == "coin" else fees.dollar_fee(number, fees.exit_price(number))
            usd = Decimal("0.25") if which == "coin" else -Decimal(posting["net_amount"])
            self._say(number, which, usd, posting)
        return f"{which} fee of {number}"

    def _correct(self) -> str:
        number = self._any(REAL)
        if len(self.posted[number].get("dollar", ())) == 1:
            price = fees.exit_price(number)
            wrong, cheaper = fees.dollar_fee(number, price), fees.dollar_fee(number, price, _CHEAP)
            posting = {**cheaper, "id": f"{wrong['id']}c", "status": "correct", "previous_id": wrong["id"]}
            self._say(number, "dollar", -Decimal(cheaper["net_amount"]), posting)
        return f"correction of {number}"

    def _say(self, number: int, which: str, usd: Decimal, posting: builders.Fields) -> None:
        self._note_doubts()
        self.posted[number].setdefault(which, []).append(usd)
        self.news[number] = self._world.time.now()
        self._fill(number, posting)

    def _note_doubts(self) -> None:
        """Remember what the next posting may decide."""
        self._doubted |= {number: self._world.time.now() for number in REAL if self.undecidable(number)}

    def _fill(self, number: int, *postings: builders.Fields) -> None:
        price = fees.exit_price(number)
        self.filled.add(number)
        self._world.venue.record(builders.orders(number, price), [*fees.fills(number, price), *postings])

    @property
    def took_back(self) -> bool:
        """Whether the broker ever corrected a fee; all are of one day."""
        return any(map(self._corrected, REAL))

    def undecidable(self, number: int) -> bool:
        """Whether a fee of a position may be that of an earlier one, which traded as much and has none.

        Dollar fees are all different, but a corrected one is at a rate at which an earlier sale costs as much.
        """
        kinds = ("coin", "dollar") if self._corrected(number) else ("coin",)
        return any(kind not in self.posted[one] for one in self.filled if one < number for kind in kinds)

    def in_doubt_since(self, number: int, moment: datetime) -> bool:
        """Whether it was so at any time after a moment."""
        return self.undecidable(number) or (number in self._doubted and self._doubted[number] > moment)

    def _corrected(self, number: int) -> bool:
        return len(self.posted.get(number, {}).get("dollar", ())) > 1

    def _signal(self, collection: str, build: Callable[..., builders.Fields], **changes: Any) -> str:
        number = self._any(self._few)
        created = START + timedelta(hours=number, days=self._any(_FIFTHS) % 2)
        until = {"valid_until": created + timedelta(hours=6)} if collection == "live_signals" else {}
        fields = build(number, created_at=created, edit=next(self._edits), **{**until, **changes})
        self._world.put(collection, f"signal-{number:04}", fields)
        return f"{collection} {number} {created:%d} {changes}"

    def _configure(self, *, touched: bool = False) -> str:
        number = self._any(self._few)
        name = f"strategy-{number:04}"
        _, before = self._world.documents("dim_strategies").get(name, (None, builders.strategy(number)))
        changed = {"note": next(self._edits)} if touched else {"timeframe": f"{self._any(_HOURS)}Hour"}
        self._world.put("dim_strategies", name, {**before, **changed})
        return f"strategy {number} {changed}"

    def _equity(self) -> str:
        self._world.venue.hold(str(1000 + next(self._edits)))
        return "equity"

    def _delete(self, collection: str, name: str) -> str:
        self._world.delete(collection, name)
        return f"delete {collection}/{name}"
