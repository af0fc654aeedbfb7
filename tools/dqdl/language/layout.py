"""The canonical text of a ruleset with its comments kept where they belong."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field

from tools.dqdl.language.model import Ruleset
from tools.dqdl.language.outline import BLOCKS, Entry, Span, outline
from tools.dqdl.language.parser import parse


@dataclass
class _Anchor:
    """A piece of the text that is printed on lines of its own, with the comments before it and after it."""

    span: Span
    printed: str
    indent: str = ""
    before: list[str] = field(default_factory=list)
    after: str = ""

    def lines(self) -> list[str]:
        own = [f"{self.indent}{self.printed}{' ' * bool(self.after)}{self.after}"] if self.printed else []
        inner = "    " if self.printed == "]" else self.indent
        return [f"{inner}{comment}" for comment in self.before] + own


Group = list[_Anchor]


def formatted(text: str) -> str:
    """The canonical text: one rule on a line; each comment stays before or behind what it stood at, written with #.

    Without comments it is ``str(parse(text))``. Raises DqdlError.
    """
    ruleset = parse(text)
    found = outline(text)
    if not found.comments:
        return str(ruleset)
    head = [entry for entry in found.entries if entry.name not in BLOCKS]
    groups = [[_Anchor(entry, printed) for entry, printed in zip(head, ruleset.head, strict=True)]]
    blocks = {entry.name: _block(entry, ruleset) for entry in found.entries if entry.name in BLOCKS}
    groups += [*(blocks[name] for name in BLOCKS if name in blocks), [_Anchor(Span(len(text), len(text)), "")]]
    anchors = [anchor for group in groups for anchor in group]
    _attach(text, found.comments, sorted(anchors, key=lambda anchor: anchor.span.start))
    return "\n\n".join("\n".join(lines) for lines in _printed(groups)) + "\n"


def _block(entry: Entry, ruleset: Ruleset) -> Group:
    items = ruleset.rules if entry.name == "Rules" else ruleset.analyzers
    shown = bool(items) or (entry.name == "Rules" and not ruleset.analyzers)
    printed = [f"{item}," for item in items[:-1]] + [str(item) for item in items[-1:]]
    return [
        _Anchor(entry.opened, f"{entry.name} = [" if shown else ""),
        *(_Anchor(span, line, "    ") for span, line in zip(entry.items, printed, strict=True)),
        _Anchor(Span(entry.end - 1, entry.end), "]" if shown else ""),
    ]


def _attach(text: str, comments: Iterable[Span], anchors: Group) -> None:
    """A comment belongs to what ended on its line, else to what it stands in or before."""
    ends = [anchor.span.end for anchor in anchors]
    for comment in comments:
        written = "#" + text[comment.start : comment.end].removeprefix("//").removeprefix("#").rstrip()
        index = min(bisect_right(ends, comment.start), len(anchors) - 1)
        ended = anchors[index - 1] if index else None
        if ended and ended.printed and "\n" not in text[ended.span.end : comment.start]:
            ended.after = written
        else:
            anchors[index].before.append(written)


def _printed(groups: Iterable[Group]) -> list[list[str]]:
    """The lines of each group that has some; comments of a block that is left out go before what comes next."""
    found: list[list[str]] = []
    homeless: list[str] = []
    for group in groups:
        lines = homeless + [line for anchor in group for line in anchor.lines()]
        if any(anchor.printed for anchor in group):
            found.append(lines)
            homeless = []
        else:
            homeless = lines + [anchor.after for anchor in group if anchor.after]
    return [*found, homeless] if homeless else found
