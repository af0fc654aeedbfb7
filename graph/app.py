"""The compiled graph for LangGraph servers and Studio (`langgraph.json`): they bring a checkpointer of their own."""

from graph.build import build
from graph.services import default_services

graph = build(default_services).compile(name="assay")
