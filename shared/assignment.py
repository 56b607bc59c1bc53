"""Which fee belongs to which execution, and for whom that question has only one answer. Pure graph theory.

Fees and executions form a bipartite graph; an edge says that a fee may be an execution's, and what it would then be
worth. A valid assignment gives as many fees as possible an execution of their own. Several may be valid; an owner of
executions is ambiguous when two of them give it different sums.

To enumerate assignments would take exponential time. Instead one is found by augmenting paths (Berge), and every other
one differs from it by cycles in its exchange graph, where an edge moves a fee from one execution to another. All cycles
leave every sum as it is exactly when, within each strongly connected component, every node can be given a potential
such that each edge is worth the difference of its ends'; that takes linear time.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from shared.components import strongly_connected

Worth = Mapping[str, Mapping[str, Decimal]]
"""Fee → execution → US dollars that the fee is worth there."""

_FREE, _SPARE = "free execution", "fee left over"


@dataclass(frozen=True)
class Assignment:
    """One valid assignment."""

    pairs: Mapping[str, str]
    """Fee → execution."""
    ambiguous: frozenset[str]
    """Owners whose sum another valid assignment changes."""


class _Move(NamedTuple):
    """An edge of the exchange graph."""

    target: str
    change: Decimal
    """US dollars by which the target's owner gains more than the fee that leaves it took along."""


def assign(worth: Worth, owners: Mapping[str, str]) -> Assignment:
    """Assign fees to executions; `owners` names the owner of each execution that has one."""
    pairs = _matched(worth)
    moves = _exchange_graph(worth, pairs)
    ambiguous = (_unsettled(part, moves, owners) for part in strongly_connected(_successors(moves)))
    return Assignment(pairs, frozenset(owner for some in ambiguous for owner in some))


def _matched(worth: Worth) -> dict[str, str]:
    """Find a maximum matching; the order of fees and of their executions decides between equal ones."""
    taken: dict[str, str] = {}
    for fee in worth:
        _augment(fee, worth, taken)
    return {fee: execution for execution, fee in taken.items()}


def _augment(fee: str, worth: Worth, taken: dict[str, str]) -> None:
    """Give a fee an execution, moving others along a shortest alternating path where needed."""
    came_from: dict[str, str] = {}
    queue = deque([fee])
    while queue:
        current = queue.popleft()
        for execution in worth[current]:
            if execution in came_from:
                continue
            came_from[execution] = current
            if execution not in taken:
                _move_along(execution, fee, came_from, taken)
                return
            queue.append(taken[execution])


def _move_along(execution: str, fee: str, came_from: Mapping[str, str], taken: dict[str, str]) -> None:
    held = {holder: place for place, holder in taken.items()}
    place = execution
    while True:
        mover = came_from[place]
        before = held.get(mover)
        taken[place] = mover
        if mover == fee or before is None:
            return
        place = before


def _exchange_graph(worth: Worth, pairs: Mapping[str, str]) -> dict[str, list[_Move]]:
    """Build the moves that lead from one assignment to any other of the same size.

    Executions without a fee are joined by a hub, for a fee may come to any of them and any other may be left without;
    fees without an execution likewise. An edge is worth what its target then has, less what it has now, so that only
    moves that change something are not zero.
    """
    has = {execution: worth[fee][execution] for fee, execution in pairs.items()}
    every = dict.fromkeys(execution for places in worth.values() for execution in places)
    moves: dict[str, list[_Move]] = {execution: [] for execution in every}
    for fee, places in worth.items():
        source = pairs.get(fee, fee)
        moves.setdefault(source, []).extend(
            _Move(place, value - has.get(place, Decimal(0))) for place, value in places.items() if place != source
        )
    if free := [execution for execution in every if execution not in has]:
        for execution in free:
            moves[execution].append(_Move(_FREE, Decimal(0)))
        moves[_FREE] = [_Move(execution, -has.get(execution, Decimal(0))) for execution in every]
    if spare := [fee for fee in worth if fee not in pairs]:
        for execution in has:
            moves[execution].append(_Move(_SPARE, Decimal(0)))
        moves[_SPARE] = [_Move(fee, Decimal(0)) for fee in spare]
    return moves


def _successors(moves: Mapping[str, Iterable[_Move]]) -> dict[str, list[str]]:
    return {node: [move.target for move in some] for node, some in moves.items()}


def _unsettled(part: frozenset[str], moves: Mapping[str, list[_Move]], owners: Mapping[str, str]) -> set[str]:
    """Find the owners for whom some cycle within a strongly connected part is worth something."""
    inner = [(node, move) for node in sorted(part) for move in moves[node] if move.target in part]
    if not any(move.change and move.target in owners for _, move in inner):
        return set()
    potentials = _potentials(part, moves, owners)
    return {owner for node, move in inner for owner in _gap(potentials, node, move, owners)}


def _potentials(
    part: frozenset[str], moves: Mapping[str, list[_Move]], owners: Mapping[str, str]
) -> dict[str, dict[str, Decimal]]:
    """Walk a part from one node and give each node what its owners gained on the way."""
    root = min(part)
    potentials: dict[str, dict[str, Decimal]] = {root: {}}
    queue = deque([root])
    while queue:
        node = queue.popleft()
        for move in moves[node]:
            if move.target in part and move.target not in potentials:
                potentials[move.target] = _after(potentials[node], move, owners)
                queue.append(move.target)
    return potentials


def _after(gained: Mapping[str, Decimal], move: _Move, owners: Mapping[str, str]) -> dict[str, Decimal]:
    owner = owners.get(move.target)
    if owner is None or not move.change:
        return dict(gained)
    return {**gained, owner: gained.get(owner, Decimal(0)) + move.change}


def _gap(
    potentials: Mapping[str, Mapping[str, Decimal]], node: str, move: _Move, owners: Mapping[str, str]
) -> Iterator[str]:
    arrived, expected = _after(potentials[node], move, owners), potentials[move.target]
    for owner in arrived.keys() | expected.keys():
        if arrived.get(owner, Decimal(0)) != expected.get(owner, Decimal(0)):
            yield owner
