"""The system prompt of each agent, a Markdown file of its own with a version in its front matter."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_FRONT = re.compile(r"\A---\nversion: (\d+)\n---\n")


@dataclass(frozen=True)
class Prompt:
    """What an agent is told, and which telling it is."""

    version: int
    """Raised with every change of the text: a test holds that."""
    text: str

    @property
    def hash(self) -> str:
        """The first twelve digits of the text's SHA-256."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:12]

    @property
    def stamp(self) -> str:
        """How the record of a run names it, such as ``2:9f86d081884c``."""
        return f"{self.version}:{self.hash}"


@cache
def prompt(agent: str) -> Prompt:
    """The system prompt of that agent: supervisor, profiler, recommender or validator."""
    whole = (files(__name__) / f"{agent}.md").read_text(encoding="utf-8")
    front = _FRONT.match(whole)
    if front is None:
        raise ValueError(f"{agent}.md does not begin with its version")
    return Prompt(int(front[1]), whole[front.end() :].strip() + "\n")
