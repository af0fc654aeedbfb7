"""The system prompt of each agent, a Markdown file of its own."""

from functools import cache
from importlib.resources import files


@cache
def prompt(agent: str) -> str:
    """The system prompt of that agent: supervisor, profiler, recommender or validator."""
    return (files(__name__) / f"{agent}.md").read_text(encoding="utf-8")
