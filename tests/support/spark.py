"""The local Spark of this test process."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

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


def submit(*words: str) -> list[str]:
    """The command line of spark-submit for a program on one core of this machine."""
    import pyspark

    home = Path(pyspark.__file__).parent
    settings = {
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.shuffle.partitions": "2",
        "spark.pyspark.python": sys.executable,
    }
    options = [part for name, value in settings.items() for part in ("--conf", f"{name}={value}")]
    return [str(home / "bin" / "spark-submit"), "--master", "local[1]", *options, *words]


def environment() -> dict[str, str]:
    """What spark-submit needs to find PySpark's own Spark."""
    import pyspark

    return os.environ | {"SPARK_HOME": str(Path(pyspark.__file__).parent), "PYSPARK_PYTHON": sys.executable}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Connect:
    """A server of Spark Connect on this machine, which can be stopped and started again."""

    folder: Path
    port: int = field(default_factory=_free_port)
    _process: subprocess.Popen[bytes] | None = None

    def uri(self, table: str) -> str:
        """The URI of a table."""
        return f"spark://127.0.0.1:{self.port}/{table}"

    def session(self) -> Any:
        """A session of somebody else on the server."""
        from pyspark.sql.connect.session import SparkSession

        return SparkSession(connection=f"sc://127.0.0.1:{self.port}")

    def run(self, statement: str) -> None:
        """Runs a statement in a session of its own."""
        session = self.session()
        session.sql(statement)
        session.stop()

    def start(self) -> None:
        """Returns once it listens."""
        import pyspark

        jar = next((Path(pyspark.__file__).parent / "jars").glob("spark-connect_*.jar"))
        place = f"spark.connect.grpc.binding.port={self.port}"
        warehouse = f"spark.sql.warehouse.dir={self.folder}/warehouse"
        main = "org.apache.spark.sql.connect.service.SparkConnectServer"
        with open(self.folder / "log", "ab") as log:
            self._process = subprocess.Popen(
                submit("--conf", place, "--conf", warehouse, "--class", main, str(jar)),
                cwd=self.folder,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        for _ in range(600):
            if self._listens():
                return
            time.sleep(0.1)
        raise TimeoutError((self.folder / "log").read_text()[-2000:])

    def stop(self) -> None:
        """As when the machine is lost: nothing is said to anybody."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@contextmanager
def connect(folder: Path) -> Iterator[Connect]:
    """A running server; its tables lie in a folder."""
    server = Connect(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()
