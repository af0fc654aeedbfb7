"""AWS services over real HTTP: each request and each answer is checked by botocore's own model of the service.

with run(Athena(...)) as aws:
    aws.fail("GetQueryExecution", "ThrottlingException", times=2)
    ...                                  # boto3's real clients talk to it
assert aws.violations == []
"""

from __future__ import annotations

import base64
import json
import math
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

from tests.support.aws_shapes import problems, service_model
from tests.support.bedrock import DUMMY_KEYS, aws_env, quiet_aws_env

Json = dict[str, Any]


class Failure(Exception):
    """An error of a service, by AWS's name for it."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(code)
        self.code, self.message = code, message or f"This is {code}."


class Backend(Protocol):
    """One service behind the endpoint."""

    service: str
    """As boto3 calls it."""

    def call(self, operation: str, request: Json) -> Json:
        """The answer to an operation. Raises Failure."""
        ...

    def stop(self) -> None:
        """Ends what still runs."""
        ...


@dataclass
class Fault:
    """What goes wrong with the next calls of an operation."""

    operation: str
    times: int
    failure: Failure | None
    """None: the operation is done, and the connection breaks before its answer."""


class Aws:
    """The endpoint while it runs."""

    def __init__(self, *backends: Backend) -> None:
        self.calls: Counter[str] = Counter()
        self.requests: list[tuple[str, Json]] = []
        self.violations: list[str] = []
        self.slow: dict[str, float] = {}
        """Seconds that the next answer of an operation takes, once it is done."""
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._backends = {_prefix(one.service): one for one in backends}
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.aws = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def env(self) -> dict[str, str]:
        """The environment in which any AWS SDK talks to this endpoint."""
        url = f"http://127.0.0.1:{self._server.server_port}"
        names = (one.service.upper().replace("-", "_") for one in self._backends.values())
        return {**DUMMY_KEYS, **quiet_aws_env(), **{f"AWS_ENDPOINT_URL_{name}": url for name in names}}

    def fail(self, operation: str, code: str, message: str = "", *, times: int = 1) -> None:
        """Lets the next calls of an operation fail."""
        self._faults.append(Fault(operation, times, Failure(code, message)))

    def cut(self, operation: str, *, times: int = 1) -> None:
        """Lets the next calls of an operation be done, and their answers be lost."""
        self._faults.append(Fault(operation, times, None))

    def asked(self, operation: str) -> list[Json]:
        """The requests of an operation so far."""
        return [request for name, request in self.requests if name == operation]

    def answer(self, target: str, request: Json) -> Json | None:
        """Checks, records and answers one request; None where the answer is lost. Raises Failure."""
        prefix, _, operation = target.partition(".")
        backend = self._backends[prefix]
        model = service_model(backend.service).operation_model(operation)
        with self._lock:
            self.calls[operation] += 1
            self.requests.append((operation, request))
            fault = self._fault(operation)
        if fault and fault.failure:
            raise fault.failure
        if found := problems(request, model.input_shape):
            self.violations += found
            raise Failure(_invalid(backend.service), " ".join(found))
        reply = backend.call(operation, request)
        if found := problems(_first(reply), model.output_shape):
            self.violations += [f"{operation} cannot answer: {one}" for one in found]
        time.sleep(self.slow.pop(operation, 0))
        return None if fault else reply

    def target(self, path: str) -> str:
        """The operation at a path, for services that tell them so."""
        for prefix, backend in self._backends.items():
            model = service_model(backend.service)
            for name in model.operation_names:
                if model.operation_model(name).http["requestUri"] == path:
                    return f"{prefix}.{name}"
        raise LookupError(path)

    def status(self, target: str, code: str) -> int:
        """The HTTP status of an error."""
        prefix, _, operation = target.partition(".")
        for shape in service_model(self._backends[prefix].service).operation_model(operation).error_shapes:
            if shape.name == code and (shape.metadata.get("fault") or "error" in shape.metadata):
                return int(shape.metadata.get("error", {}).get("httpStatusCode", 500))
        return 500 if code.startswith("Internal") else 400

    def _fault(self, operation: str) -> Fault | None:
        for fault in self._faults:
            if fault.operation == operation and fault.times > 0:
                fault.times -= 1
                return fault
        return None

    def start(self) -> None:
        """Serve until `stop`."""
        self._thread.start()

    def stop(self) -> None:
        """Ends what runs and frees the port."""
        for backend in self._backends.values():
            backend.stop()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def run(*backends: Backend) -> Iterator[Aws]:
    """Serve the services and point this process's AWS environment at them."""
    aws = Aws(*backends)
    aws.start()
    try:
        with aws_env(aws.env):
            yield aws
    finally:
        aws.stop()


def _prefix(service: str) -> str:
    """What stands before the operation in a target; services that are told by paths have none."""
    return str(service_model(service).metadata.get("targetPrefix", service))


def _invalid(service: str) -> str:
    if service == "rds-data":
        return "BadRequestException"
    return "InvalidRequestException" if service == "athena" else "ValidationException"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    aws: Aws

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that gave up is part of the tests; what broke here is not."""
        error = sys.exception()
        if not isinstance(error, OSError):
            self.aws.violations.append(f"The stand-in broke: {error!r}")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, *args: Any) -> None:
        pass

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        target = self.headers["x-amz-target"] or self.server.aws.target(self.path)
        try:
            reply = self.server.aws.answer(target, request)
        except Failure as failure:
            body = {"__type": failure.code, "message": failure.message, "Message": failure.message}
            self._send(self.server.aws.status(target, failure.code), body)
            return
        if reply is None:
            self.close_connection = True
            return
        self._send(200, reply)

    def _send(self, status: int, body: Json) -> None:
        payload = json.dumps(_wire(body)).encode()
        self.send_response_only(status)
        self.send_header("content-type", "application/x-amz-json-1.1")
        self.send_header("content-length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)


def _first(value: Any, most: int = 20) -> Any:
    """An answer with the first few of each list: all rows of a page are alike."""
    if isinstance(value, dict):
        return {key: _first(one) for key, one in value.items()}
    return [_first(one) for one in value[:most]] if isinstance(value, list) else value


def _wire(value: Any) -> Any:
    """JSON has no NaN and no infinity: AWS writes them as words."""
    if isinstance(value, dict):
        return {key: _wire(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_wire(one) for one in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value
