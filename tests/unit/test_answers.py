"""What the audit log keeps of a model's answer."""

from langchain_core.messages import AIMessage

from agents.answers import answered


def test_an_answer_is_kept_short_with_its_calls():
    call = {"name": "propose", "args": {"why": "x" * 900, "who": "ann@example.com"}, "id": "1"}
    told = answered("recommender", AIMessage("y" * 5000, tool_calls=[call]))
    assert len(told["text"]) == 2000
    (kept,) = told["tools"]
    assert (kept["name"], len(kept["arguments"]), len(kept["hash"])) == ("propose", 300, 16)
    other = AIMessage("", tool_calls=[{**call, "args": {**call["args"], "who": "bob@example.com"}}])
    assert answered("recommender", other)["tools"][0]["hash"] != kept["hash"]
