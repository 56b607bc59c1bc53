"""Connected parts of graphs, without recursion: a day of small fills is a graph of thousands of nodes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence


def connected(edges: Mapping[str, Iterable[str]]) -> list[tuple[str, ...]]:
    """Group the left nodes of a bipartite graph that share right nodes, each group in the order given."""
    leader: dict[str, str] = {}

    def find(node: str) -> str:
        while leader.setdefault(node, node) != node:
            leader[node] = node = leader[leader[node]]
        return node

    for left, rights in edges.items():
        for right in rights:
            # Left and right nodes have names of their own kind.
            leader[find(f"right {right}")] = find(f"left {left}")
    groups: dict[str, list[str]] = {}
    for left in edges:
        groups.setdefault(find(f"left {left}"), []).append(left)
    return [tuple(group) for group in groups.values()]


def strongly_connected(successors: Mapping[str, Sequence[str]]) -> Iterator[frozenset[str]]:
    """Yield the strongly connected components of a directed graph (Tarjan)."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    for root in successors:
        if root in number:
            continue
        path: list[tuple[str, Iterator[str]]] = []

        def enter(node: str, path: list[tuple[str, Iterator[str]]] = path) -> None:
            number[node] = low[node] = len(number)
            stack.append(node)
            on_stack.add(node)
            path.append((node, iter(successors[node])))

        enter(root)
        while path:
            node, rest = path[-1]
            following = next(rest, None)
            if following is None:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[node])
                if low[node] == number[node]:
                    yield _popped(node, stack, on_stack)
            elif following not in number:
                enter(following)
            elif following in on_stack:
                low[node] = min(low[node], number[following])


def _popped(root: str, stack: list[str], on_stack: set[str]) -> frozenset[str]:
    part: set[str] = set()
    while root not in part:
        node = stack.pop()
        on_stack.discard(node)
        part.add(node)
    return frozenset(part)
