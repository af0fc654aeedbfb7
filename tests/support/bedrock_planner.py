"""A scripted Bedrock model that is good at its job: Assay's offline planner behind the Converse wire format.

with run_script(planner) as bedrock: ...
"""

import json
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage

from agents import offline
from tests.support.bedrock import Request
from tests.support.bedrock_replies import Block, Reply, tool_use

ASKED_AGAIN = "Your last answer was cut off"
"""What the planner needs not be told: it would begin its task anew."""


def planner(request: Request, messages: list[BaseMessage] | None = None) -> Reply:
    """What the offline planner does next in this conversation; the same request gives the same answer.

    ``messages`` are those of the request that count, None for all.
    """
    messages = to_messages(request) if messages is None else messages
    if messages[-1].text.startswith(ASKED_AGAIN):
        messages.pop()
    answer = offline.plan(messages, to_tools(request))
    if not answer.tool_calls:
        answer = AIMessage(answer.text.removesuffix(offline.NOTE).strip())
    return to_reply(answer, turn=len(request["messages"]))


def to_messages(request: Request) -> list[BaseMessage]:
    """The conversation as LangChain had it before it became a Converse request."""
    messages: list[BaseMessage] = [
        SystemMessage(block["text"]) for block in request.get("system", []) if "text" in block
    ]
    tool_names: dict[str, str] = {}
    for turn in request["messages"]:
        if turn["role"] == "assistant":
            spoken = _assistant(turn["content"])
            tool_names |= {call["id"]: call["name"] for call in spoken.tool_calls}
            messages.append(spoken)
        else:
            messages += [
                _user(block, tool_names) for block in turn["content"] if "text" in block or "toolResult" in block
            ]
    return messages


def to_tools(request: Request) -> list[dict[str, Any]]:
    """The tools the model may call now: all of them, or the one that is forced."""
    config = request.get("toolConfig", {})
    specs = [tool["toolSpec"] for tool in config.get("tools", []) if "toolSpec" in tool]
    forced = config.get("toolChoice", {}).get("tool", {}).get("name")
    return [
        {"name": spec["name"], "description": spec.get("description", ""), "parameters": spec["inputSchema"]["json"]}
        for spec in specs
        if forced in (None, spec["name"])
    ]


def to_reply(answer: AIMessage, turn: int) -> Reply:
    """`answer` as Converse content; ids count by turn, so that a recorded conversation can be replayed."""
    content: list[Block] = [{"text": answer.text}] if answer.text else []
    for index, made in enumerate(answer.tool_calls):
        content.append(tool_use(made["name"], made["args"], f"tooluse_{turn}_{index}"))
    return Reply(content, "tool_use" if answer.tool_calls else "end_turn")


def _assistant(content: list[Block]) -> AIMessage:
    uses = [block["toolUse"] for block in content if "toolUse" in block]
    calls = [{"name": use["name"], "args": use["input"], "id": use["toolUseId"], "type": "tool_call"} for use in uses]
    return AIMessage("".join(block.get("text", "") for block in content), tool_calls=calls)


def _user(block: Block, tool_names: dict[str, str]) -> BaseMessage:
    if "text" in block:
        return HumanMessage(block["text"])
    result = block["toolResult"]
    text = "".join(part["text"] if "text" in part else json.dumps(part["json"]) for part in result["content"])
    id, status = result["toolUseId"], result.get("status", "success")
    return ToolMessage(text, tool_call_id=id, name=tool_names[id], status=status)
