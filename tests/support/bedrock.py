"""A scripted Bedrock Runtime endpoint: real HTTP, Converse and ConverseStream, checked by botocore's service model.

    def script(request): return say("hello")
    with run_script(script) as bedrock:
        ...                              # boto3 and ChatBedrockConverse now talk to it
    assert bedrock.violations == []

A request that AWS would refuse is answered with ValidationException and recorded; so is a scripted answer that AWS
could not give, which is a mistake in the test.
"""

import json
import os
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from unittest import mock

from tests.support import eventstream
from tests.support.aws_shapes import problems, service_model
from tests.support.bedrock_replies import Failure, Reply, events, whole
from tests.support.converse_rules import conversation_problems
from tests.support.titan import embedding

Request = dict[str, Any]
Script = Callable[[Request], Reply | Failure]

OPERATIONS = {"converse": "Converse", "converse-stream": "ConverseStream"}
# Not in the service model of Bedrock Runtime: every AWS service may answer these.
COMMON_STATUS = {"UnrecognizedClientException": 403, "ExpiredTokenException": 403, "InvalidSignatureException": 403}
DUMMY_KEYS = {"AWS_ACCESS_KEY_ID": "scripted-access-key", "AWS_SECRET_ACCESS_KEY": "scripted-secret-key"}
OTHER_AWS_SETTINGS = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_BEARER_TOKEN_BEDROCK", "AWS_ENDPOINT_URL")


def request_problems(request: Request, operation: str = "Converse") -> list[str]:
    """Why AWS would refuse this input of `Converse` or `ConverseStream`; empty when it would not."""
    shape = service_model("bedrock-runtime").operation_model(operation).input_shape
    return problems(request, shape) or conversation_problems(request)


def reply_problems(reply: Reply) -> list[str]:
    """Why AWS could not have given this answer, in either of its wire forms."""
    model = service_model("bedrock-runtime")
    found = problems(whole(reply), model.operation_model("Converse").output_shape)
    stream = model.operation_model("ConverseStream").get_event_stream_output()
    for name, payload in events(reply):
        found += problems(payload, stream.members[name])
    return found


class Bedrock:
    """The endpoint while it runs: `.requests` are inputs with their modelId, `.violations` what AWS would refuse."""

    def __init__(self, script: Script, port: int = 0) -> None:
        self.script = script
        self.requests: list[Request] = []
        self.operations: list[str] = []
        self.violations: list[str] = []
        self.embedded: list[Request] = []
        self.embedder: Callable[[Request], dict[str, Any] | Failure] = embedding
        self.stopping = threading.Event()
        self._server = _Server(("127.0.0.1", port), _Handler, self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def env(self) -> dict[str, str]:
        """The environment in which any AWS SDK talks to this endpoint."""
        return {**DUMMY_KEYS, **quiet_aws_env(), "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": self.url}

    def answer(self, operation: str, request: Request) -> Reply | Failure:
        """Check, record and answer one request."""
        self.requests.append(request)
        self.operations.append(operation)
        if found := request_problems(request, operation):
            self.violations += found
            return Failure("ValidationException", " ".join(found))
        reply = self.script(request)
        if isinstance(reply, Reply) and (found := reply_problems(reply)):
            self.violations += found
            return Failure("InternalServerException", "the script gave an impossible answer: " + " ".join(found))
        return reply

    def start(self) -> None:
        """Serve until `stop`."""
        self._thread.start()

    def stop(self) -> None:
        """Give up slow answers and free the port."""
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def quiet_aws_env() -> dict[str, str]:
    """Settings that keep AWS SDKs from the developer's own configuration and from the metadata service."""
    return {
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@contextmanager
def run_script(script: Script) -> Iterator[Bedrock]:
    """Serve `script` and point this process's AWS environment at it."""
    bedrock = Bedrock(script)
    bedrock.start()
    try:
        with aws_env(bedrock.env):
            yield bedrock
    finally:
        bedrock.stop()


@contextmanager
def aws_env(settings: dict[str, str]) -> Iterator[None]:
    """This process with these AWS settings and without any others."""
    with mock.patch.dict(os.environ, settings):
        for name in OTHER_AWS_SETTINGS:
            os.environ.pop(name, None)
        yield


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler], bedrock: Bedrock) -> None:
        super().__init__(address, handler)
        self.bedrock = bedrock

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that gave up on a slow or broken answer is part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *args: Any) -> None:
        pass

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        match urllib.parse.unquote(self.path).split("/"):
            case ["", "model", *model_id, "invoke"]:
                self._embed({"modelId": "/".join(model_id), **body})
            case ["", "model", *model_id, action] if action in OPERATIONS:
                request = {"modelId": "/".join(model_id), **body}
                self._send(action, self.server.bedrock.answer(OPERATIONS[action], request))
            case _:
                self._fail(Failure("ResourceNotFoundException", f"no such operation: {self.path}"))

    def _send(self, action: str, reply: Reply | Failure) -> None:
        streamed = action == "converse-stream"
        if isinstance(reply, Reply):
            self.server.bedrock.stopping.wait(reply.delay)
        if isinstance(reply, Failure) and not (streamed and reply.in_stream):
            self._fail(reply)
        elif streamed:
            self._stream(list(_frames(reply)), reset=isinstance(reply, Reply) and reply.reset)
        else:
            self._json(200, whole(reply))

    def _embed(self, request: Request) -> None:
        bedrock = self.server.bedrock
        bedrock.embedded.append(request)
        answer = bedrock.embedder(request)
        if isinstance(answer, Failure):
            self._fail(answer)
        else:
            self._json(200, answer)

    def _fail(self, failure: Failure) -> None:
        shapes = service_model("bedrock-runtime").operation_model("Converse").error_shapes
        modelled = {shape.name: shape.metadata["error"]["httpStatusCode"] for shape in shapes}
        status = {**COMMON_STATUS, **modelled}[failure.code]
        self._json(status, {"message": failure.message}, {"x-amzn-ErrorType": failure.code})

    def _json(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        payload = json.dumps(body).encode()
        self._head(status, {"content-type": "application/json", "content-length": str(len(payload)), **(headers or {})})
        self.wfile.write(payload)

    def _stream(self, frames: list[bytes], *, reset: bool) -> None:
        self._head(200, {"content-type": "application/vnd.amazon.eventstream", "transfer-encoding": "chunked"})
        for data in frames:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        if reset:
            self.close_connection = True
        else:
            self.wfile.write(b"0\r\n\r\n")

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response_only(status)
        self.send_header("x-amzn-requestid", f"scripted-{len(self.server.bedrock.requests)}")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()


def _frames(reply: Reply | Failure) -> Iterator[bytes]:
    if isinstance(reply, Failure):
        yield eventstream.event("messageStart", {"role": "assistant"})
        yield eventstream.exception(reply.code[0].lower() + reply.code[1:], {"message": reply.message})
    else:
        for name, payload in list(events(reply))[: reply.cut_after]:
            yield eventstream.event(name, payload)
