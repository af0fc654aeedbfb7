"""Looks ahead for engines that have none: a pattern becomes several, of which a text must match some and not others.

After a part of fixed length from the start of the text, what a look ahead says does not depend on the rest of the
pattern: ``^(?=.*[0-9])(?!x).+$`` is a match of ``^.+$`` and of ``^.*[0-9]``, and none of ``^x``.
"""

from __future__ import annotations

from collections.abc import Iterator

from tools.dqdl.regex.risk import width
from tools.dqdl.regex.tree import Anchor, Choice, Group, Look, Node, Sequence
from tools.dqdl.regex.writer import walk

Parts = list[tuple[bool, Node]]
"""All must hold: true with a pattern that no match may be of, false with one that is to be found."""


def alternatives(tree: Node) -> list[Parts]:
    """A text contains a match of the tree when all parts of one of these hold. What cannot be split stays whole."""
    bare = _bare(tree)
    return [_parts(branch) for branch in (bare.branches if isinstance(bare, Choice) else (bare,))]


def _bare(node: Node) -> Node:
    while isinstance(node, Group) or (isinstance(node, Sequence) and len(node.items) == 1):
        node = node.item if isinstance(node, Group) else node.items[0]
    return node


def _parts(branch: Node) -> Parts:
    if not any(isinstance(node, Look) for node in walk(branch)):
        return [(False, branch)]
    kept: list[Node] = []
    looks: Parts = []
    for item in _items(branch):
        if isinstance(item, Look) and not item.behind and kept[:1] == [Anchor("start")] and _fixed(kept):
            looks.append((item.negated, Sequence((*kept, item.item))))
        else:
            kept.append(item)
    return [(False, Sequence(tuple(kept))), *looks]


def _items(node: Node) -> Iterator[Node]:
    if isinstance(node, Sequence):
        for item in node.items:
            yield from _items(item)
    else:
        yield node


def _fixed(items: list[Node]) -> bool:
    least, most = width(Sequence(tuple(items)))
    return least == most
