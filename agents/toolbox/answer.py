"""What the tools have in common: typed arguments, answers of bounded length, errors that say how to mend a call."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from langchain.tools import ToolRuntime
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import Field

from agents.context import AgentContext
from agents.reach import require_meant
from agents.work import WorkError

if TYPE_CHECKING:
    from memory.model import Dataset

Runtime = ToolRuntime[AgentContext, Any]
Answer = tuple[str, dict[str, Any] | None]
"""What the model reads, and the references that the graph takes."""

MOST_CHARACTERS = 7_000
"""Of an answer: fewer than 2,000 tokens. What does not fit is on the next page."""
LONGEST_ITEM = 500
MOST_TABLES = 50
_NAMED = 40
"""Names that are listed, unless it is said how many."""

TableName = Annotated[str, Field(min_length=1, max_length=1_000, description="a table of the task")]
SomeTable = Annotated[str | None, Field(max_length=1_000, description="a table of the run or a known dataset")]
RuleText = Annotated[
    str, Field(min_length=1, max_length=4_000, description='one DQDL rule, such as IsComplete "email"')
]
Offset = Annotated[int, Field(ge=0, le=1_000_000, description="where the page begins: next_offset of the page before")]


def answer(content: dict[str, Any], artifact: dict[str, Any] | None = None) -> Answer:
    """The answer as the model reads it."""
    return json.dumps(content, ensure_ascii=False, default=str), artifact


def page(content: dict[str, Any], key: str, items: Sequence[Any], offset: int = 0, most: int = 1_000) -> dict[str, Any]:
    """The content with as many of the items from ``offset`` on as there is room for, and where the next page begins.

    Raises WorkError when the page is behind the end.
    """
    if offset and offset >= len(items):
        raise WorkError(f"There are {len(items)} of them, none from {offset} on.", hint="Begin with offset 0.")
    room = MOST_CHARACTERS - len(json.dumps(content, ensure_ascii=False, default=str))
    shown: list[Any] = []
    for item in items[offset : offset + most]:
        short = shortened(item)
        room -= len(json.dumps(short, ensure_ascii=False, default=str)) + 2
        if room < 0 and shown:
            break
        shown.append(short)
    end = offset + len(shown)
    return {**content, key: shown, **({"of": len(items), "next_offset": end} if end < len(items) else {})}


def shortened(item: Any) -> Any:
    """An item with its texts cut where one of them alone would fill the page."""
    if isinstance(item, str):
        return item if len(item) <= LONGEST_ITEM else f"{item[: LONGEST_ITEM - 1]}…"
    if isinstance(item, dict):
        return {key: shortened(value) for key, value in item.items()}
    return [shortened(value) for value in item[:20]] if isinstance(item, list) else item


def source(runtime: Runtime, table: str) -> str:
    """Where a table of the task is. Raises WorkError for any other."""
    tables = runtime.context.tables
    if table not in tables:
        raise WorkError(
            f"There is no table {shortened(table)!r} in this task.", hint=f"Tables: {listed(list(tables))}."
        )
    return tables[table]


def dataset(runtime: Runtime, table: str | None) -> Dataset:
    """The dataset that is meant. Raises WorkError, SourceError."""
    context = runtime.context
    asked = None if table is None else context.bench.memory.runs.get(context.run_id).goal
    return context.bench.only(context.tables, table, asked)


def scanned(runtime: Runtime, table: str) -> Dataset:
    """The same for one to be read anew: a table of the run, or one that the person speaks of. Raises WorkError too."""
    found, context = dataset(runtime, table), runtime.context
    if table not in context.tables:
        require_meant(found, table, context.bench.memory.runs.get(context.run_id).goal)
    return found


def listed(names: Sequence[str], most: int = _NAMED) -> str:
    """The first names, each of a hundred characters at most, with how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(name[:100] for name in names[:most]) or "none") + more


def mending(tool: BaseTool) -> Callable[[Any], str]:
    """What a tool answers to arguments that it cannot take: which, why, and what it takes."""

    def tell(error: Any) -> str:
        wrong = [
            f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors() if "runtime" not in one["loc"]
        ]
        schema = convert_to_openai_tool(tool)["function"]["parameters"]
        required = schema.get("required", [])
        takes = ", ".join(name if name in required else f"{name} (optional)" for name in schema["properties"])
        return f"{tool.name} was not carried out. {'; '.join(wrong[:5])}. It takes: {takes or 'nothing'}."

    return tell
