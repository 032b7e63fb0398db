"""Where things go: columns and rows of a left-to-right drawing, from Graphviz ``dot`` or from igraph.

Both engines answer the same question, so that the rest of the drawing need not know which was there. Everything is
given and returned by number: item ``n`` has the ``n``-th height.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from artigraph.registry import load

DOT_SECONDS = 10
"""How long ``dot`` may think before igraph is asked instead."""

Arrow = tuple[int, int]

_SMALL_STEP = 12


@dataclass(frozen=True, slots=True)
class Groups:
    """Frames around items.

    Attributes:
        parents: frame number -> number of the frame around it, None for the outermost.
        members: item number -> frame number, for the items that lie in one.
        doors: item numbers of a frame's way in and way out, where arrows to and from the frame itself end.
    """

    parents: dict[int, int | None] = field(default_factory=dict)
    members: dict[int, int] = field(default_factory=dict)
    doors: dict[int, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Places:
    """Columns and rows.

    Attributes:
        column: item -> column number, from the left.
        row: item -> y of its centre, px.
        via: arrow -> y in each column strictly between its ends, from left to right.
    """

    column: list[int]
    row: list[float]
    via: dict[Arrow, list[float]]


def has_dot() -> bool:
    """Whether the program ``dot`` is on the path."""
    return shutil.which("dot") is not None


def place_with_dot(heights: Sequence[float], arrows: Sequence[Arrow], gap: float, groups: Groups) -> Places:
    """Places from Graphviz; frames keep strangers out.

    Raises:
        OSError, subprocess.SubprocessError, ValueError: ``dot`` is missing, failed, took too long or made no sense.
    """
    program = "\n".join(_program(heights, arrows, gap, groups))
    # No value of a user is in the program: nodes are numbers.
    answer = subprocess.run(  # noqa: S603
        [shutil.which("dot") or "dot", "-Tjson0"],
        input=program,
        capture_output=True,
        text=True,
        timeout=DOT_SECONDS,
        check=True,
    )
    drawn = json.loads(answer.stdout)
    centres = {
        int(item["name"][1:]): tuple(float(part) for part in item["pos"].split(","))
        for item in drawn["objects"]
        if "pos" in item
    }
    top = float(drawn["bb"].split(",")[3])
    columns: list[float] = []
    for x in sorted(x for x, _ in centres.values()):
        if not columns or x > columns[-1] + 18:
            columns.append(x)
    column = [bisect_right(columns, centres[item][0] + 9) - 1 for item in range(len(heights))]
    names = {item["_gvid"]: int(item["name"][1:]) for item in drawn["objects"] if "pos" in item}
    via: dict[Arrow, list[float]] = {}
    for edge in drawn.get("edges", ()):
        arrow = (names[edge["tail"]], names[edge["head"]])
        between = columns[column[arrow[0]] + 1 : column[arrow[1]]]
        curve = [tuple(map(float, point.split(","))) for point in edge.get("pos", "").split() if point[0] not in "es"]
        via[arrow] = [top - _height_at(curve, x) for x in between] if len(curve) > 3 else []
    return Places(column, [top - centres[item][1] for item in range(len(heights))], via)


def place_with_igraph(heights: Sequence[float], arrows: Sequence[Arrow], gap: float) -> Places:
    """Places from igraph's layered layout; it knows no frames.

    Raises:
        MissingLibraryError: igraph is not installed.
    """
    igraph = load("igraph", "laying out a lineage without Graphviz")
    column = _layers(len(heights), arrows)
    layer, steps, chains = list(column), [], {}
    for arrow in dict.fromkeys(arrows):
        source, target = arrow
        chain = [source]
        for between in range(column[source] + 1, column[target]):
            layer.append(between)
            chain.append(len(layer) - 1)
        steps += [*zip(chain, [*chain[1:], target], strict=True)] if column[target] > column[source] else []
        chains[arrow] = chain[1:]
    graph = igraph.Graph(len(layer), steps, directed=True)
    pitch = max(heights, default=0) + gap
    spots = graph.layout_sugiyama(layers=layer, hgap=pitch, vgap=1, maxiter=100).coords if layer else []
    rows = [float(spot[0]) for spot in spots]
    return Places(
        column, rows[: len(heights)], {arrow: [rows[item] for item in chain] for arrow, chain in chains.items()}
    )


def straighten(places: Places, heights: Sequence[float], arrows: Sequence[Arrow]) -> Places:
    """The same places with small steps taken out: items in an unbranched chain get one row where there is room."""
    leaving, entering = Counter(source for source, _ in arrows), Counter(target for _, target in arrows)
    chains = {item: [item] for item in range(len(heights))}
    for source, target in arrows:
        only = leaving[source] == 1 == entering[target] and chains[source] is not chains[target]
        if only and abs(places.row[source] - places.row[target]) <= _SMALL_STEP:
            chains[source] += chains[target]
            chains |= dict.fromkeys(chains[target], chains[source])
    row = list(places.row)
    for chain in {id(chain): chain for chain in chains.values() if len(chain) > 1}.values():
        level = sum(row[item] for item in chain) / len(chain)
        crowded = any(
            places.column[item] == places.column[other]
            and other not in chain
            and abs(row[other] - level) < (heights[item] + heights[other]) / 2 + _SMALL_STEP
            for item in chain
            for other in range(len(heights))
        )
        if not crowded and max(abs(row[item] - level) for item in chain) <= _SMALL_STEP:
            for item in chain:
                row[item] = level
    return Places(places.column, row, places.via)


def _program(heights: Sequence[float], arrows: Sequence[Arrow], gap: float, groups: Groups) -> Iterator[str]:
    yield f"digraph{{graph[rankdir=LR,nodesep={gap / 72:.4f},ranksep=0.7]"
    yield 'node[shape=box,fixedsize=true,label=""]edge[arrowhead=none,tailport=e,headport=w]'
    for item, height in enumerate(heights):
        yield f"n{item}[width=1,height={height / 72:.4f}]"
    outermost = [frame for frame, parent in groups.parents.items() if parent is None]
    for frame in outermost:
        yield from _cluster(frame, groups)
    for source, target in dict.fromkeys(arrows):
        yield f"n{source}->n{target}"
    ways = {item for doors in groups.doors.values() for item in doors}
    for frame, (way_in, way_out) in groups.doors.items():
        for item, home in groups.members.items():
            if item not in ways and _lies_in(home, frame, groups):
                yield f"n{way_in}->n{item}[style=invis,minlen=0,tailport=_,headport=_]"
                yield f"n{item}->n{way_out}[style=invis,minlen=0,tailport=_,headport=_]"
    yield "}"


def _cluster(frame: int, groups: Groups) -> Iterator[str]:
    yield f"subgraph cluster_{frame}{{margin=12"
    yield from (f"n{item}" for item, home in groups.members.items() if home == frame)
    for inner, parent in groups.parents.items():
        if parent == frame:
            yield from _cluster(inner, groups)
    yield "}"


def _lies_in(home: int | None, frame: int, groups: Groups) -> bool:
    while home is not None and home != frame:
        home = groups.parents[home]
    return home == frame


def _height_at(curve: list[Any], x: float) -> float:
    """The y of a chain of cubics at an x; the nearest end when it does not reach there."""
    for start in range(0, len(curve) - 3, 3):
        points = curve[start : start + 4]
        if min(points[0][0], points[3][0]) <= x <= max(points[0][0], points[3][0]):
            low, high = 0.0, 1.0
            for _ in range(20):
                middle = (low + high) / 2
                if (_bezier([p[0] for p in points], middle) < x) == (points[0][0] <= points[3][0]):
                    low = middle
                else:
                    high = middle
            return _bezier([p[1] for p in points], low)
    return float(min((curve[0], curve[-1]), key=lambda point: abs(point[0] - x))[1])


def _bezier(along: Sequence[float], t: float) -> float:
    a, b, c, d = along
    s = 1 - t
    return s * s * s * a + 3 * s * s * t * b + 3 * s * t * t * c + t * t * t * d


def _layers(count: int, arrows: Sequence[Arrow]) -> list[int]:
    """Longest-path layers, what nothing leads to just before its first use; an arrow that closes a cycle is ignored."""
    after: list[list[int]] = [[] for _ in range(count)]
    for source, target in arrows:
        after[source].append(target)
    finished: list[int] = []
    state = [0] * count
    forward: list[list[int]] = [[] for _ in range(count)]
    entered = {target for _, target in arrows}
    for start in sorted(range(count), key=lambda item: item in entered):
        stack = [(start, iter(after[start]))] if not state[start] else []
        state[start] = state[start] or 1
        while stack:
            item, rest = stack[-1]
            for target in rest:
                if state[target] != 1:
                    forward[item].append(target)
                if state[target] == 0:
                    state[target] = 1
                    stack.append((target, iter(after[target])))
                    break
            else:
                state[item] = 2
                finished.append(item)
                stack.pop()
    layer = [0] * count
    for item in reversed(finished):
        for target in forward[item]:
            layer[target] = max(layer[target], layer[item] + 1)
    for item in finished:
        if item not in entered and forward[item]:
            layer[item] = min(layer[target] for target in forward[item]) - 1
    return layer
