"""The local Spark of this test process."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def missing() -> str | None:
    """Why there can be no Spark here, or None."""
    if importlib.util.find_spec("pyspark") is None:
        return "PySpark is not installed: pip install 'assay[spark]'"
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        return "Java is not installed: apt-get install openjdk-17-jre-headless"
    return None


@contextmanager
def session() -> Iterator[SparkSession]:
    """The session that Assay starts where there is none, stopped at the end with its Java process."""
    from pyspark import SparkContext

    from tools.sources.spark_session import active_session

    made = active_session()
    gateway = SparkContext._gateway
    assert gateway is not None
    try:
        yield made
    finally:
        made.stop()
        gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait()
        SparkContext._gateway = SparkContext._jvm = None
