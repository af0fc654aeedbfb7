"""Checkpoints of a run, written only by the worker that holds its lease."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata, CheckpointTuple
from langgraph.checkpoint.postgres import PostgresSaver

from memory import Memory
from memory.db import store_errors
from memory.fence import Fenced
from memory.model import Lease


class LeasedSaver(PostgresSaver):
    """LangGraph's saver, one for each run. Its writes raise LeaseLost once another worker has the run.

    Without that, a worker that wakes after its lease would put its old step on top of what its successor did: the
    newest checkpoint is the one that was begun last, not the one that is furthest.
    """

    def __init__(self, memory: Memory, lease: Lease) -> None:
        super().__init__(memory.pool)
        self._fenced = Fenced(memory.db, lease)

    def get_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """The newest checkpoint. Raises StoreError where the store is gone."""
        with store_errors():
            return super().get_tuple(config)

    def put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Saves a checkpoint. Raises LeaseLost, StoreError."""
        with self._saver() as saver:
            return saver.put(config, checkpoint, metadata, new_versions)

    def put_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Saves what a task wrote. Raises LeaseLost, StoreError."""
        with self._saver() as saver:
            saver.put_writes(config, writes, task_id, task_path)

    @contextmanager
    def _saver(self) -> Iterator[PostgresSaver]:
        """A saver within a transaction that holds the run."""
        with self._fenced.transaction() as connection:
            yield PostgresSaver(connection, serde=self.serde)
