"""Orchestration: the LangGraph graph, runs, approvals, the worker. It owns all workflow state."""

import os

# LangGraph reads this when it is imported first: only known types are rebuilt from a checkpoint.
os.environ.setdefault("LANGGRAPH_STRICT_MSGPACK", "true")
