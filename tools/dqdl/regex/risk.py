"""How large a regular expression is, and whether a search that backtracks may never end with it."""

from __future__ import annotations

from itertools import combinations

from tools.dqdl.regex.classes import Chars, intersection, union
from tools.dqdl.regex.tree import Anchor, Atomic, Choice, Class, Group, Look, Node, Reference, Repeat, Sequence
from tools.dqdl.regex.writer import children, walk

MANY = 20
"""A repetition with more than so many lengths counts as one without end."""
Width = tuple[int, int | None]


def size(node: Node) -> int:
    """Characters of the pattern with all repetitions written out."""
    inside = sum(map(size, children(node)))
    if isinstance(node, Repeat):
        return max(1, inside) * max(1, node.least, node.most or 0)
    return inside + 1 + (len(node.chars) // 8 if isinstance(node, Class) else 0)


def width(node: Node) -> Width:
    """The shortest and the longest text that a node matches; None has no bound."""
    if isinstance(node, Class):
        return 1, 1
    if isinstance(node, Anchor | Look):
        return 0, 0
    if isinstance(node, Reference):
        return 0, None
    parts = [width(child) for child in children(node)]
    if isinstance(node, Choice):
        tops = [top for _, top in parts]
        return min(low for low, _ in parts), None if None in tops else max(top for top in tops if top is not None)
    low = sum(least for least, _ in parts)
    top = None if any(most is None for _, most in parts) else sum(most or 0 for _, most in parts)
    if not isinstance(node, Repeat):
        return low, top
    if top == 0 or node.most == 0:
        return 0, 0
    return low * node.least, None if top is None or node.most is None else top * node.most


def unbounded_behind(tree: Node) -> bool:
    """Whether a look behind has no bound."""
    return any(isinstance(node, Look) and node.behind and width(node.item)[1] is None for node in walk(tree))


def varying_behind(tree: Node) -> bool:
    """Whether a look behind may have several lengths."""
    looks = [node for node in walk(tree) if isinstance(node, Look) and node.behind]
    return any(width(look.item)[0] != width(look.item)[1] for look in looks)


def endless(tree: Node) -> bool:
    """Whether a text can be divided among repetitions in exponentially many ways, as in ``(a+)+``.

    Cautious: it may say so of a pattern that is fine, never the other way round for one repetition inside another.
    """
    return any(_grows(node.item) for node in walk(tree) if isinstance(node, Repeat) and _many(node))


def _many(node: Repeat) -> bool:
    return node.mode != "+" and (node.most is None or node.most - node.least > MANY or node.least > MANY)


def _grows(item: Node) -> bool:
    """Whether one text may be read in two ways as this item, over and over."""
    if isinstance(item, Group):
        return _grows(item.item)
    if isinstance(item, Class | Atomic | Anchor | Look):
        return False
    if isinstance(item, Choice):
        pairs = combinations(item.branches, 2)
        return any(_overlap(*pair) for pair in pairs) or any(_grows(branch) for branch in item.branches)
    varying = [node for node in walk(item) if isinstance(node, Repeat) and node.least != node.most and node.mode != "+"]
    if any(_grows(node) for node in walk(item) if isinstance(node, Choice)):
        return True
    fixed = [_letters(part) for part in _flat(item) if width(part)[0] > 0 and width(part)[0] == width(part)[1]]
    return any(not any(not intersection(part, _letters(node)) for part in fixed) for node in varying)


def _flat(item: Node) -> tuple[Node, ...]:
    if isinstance(item, Group):
        return _flat(item.item)
    if isinstance(item, Sequence):
        return tuple(part for one in item.items for part in _flat(one))
    return (item,)


def _letters(node: Node) -> Chars:
    """All characters that a node may match."""
    return union(*(part.chars for part in walk(node) if isinstance(part, Class)))


def _overlap(one: Node, other: Node) -> bool:
    """Whether the two may match the same text, or one the beginning of the other."""
    first, second = _steps(one), _steps(other)
    return all(intersection(a, b) for a, b in zip(first, second, strict=False))


def _steps(node: Node) -> list[Chars]:
    """The characters of each step, up to the first part that has no fixed length."""
    found: list[Chars] = []
    for part in _flat(node):
        if not isinstance(part, Class):
            if width(part) == (0, 0):
                continue
            least = (
                [*_steps(part.item)] if isinstance(part, Repeat) and part.least and width(part.item) == (1, 1) else []
            )
            return found + least
        found.append(part.chars)
    return found
