"""Bedrock conversations on tape (tests/integration/cassettes): replayed by default, recorded on request.

ASSAY_RECORD unset: replay; no request leaves the process.
ASSAY_RECORD=local: record again from the scripted endpoint. ASSAY_RECORD=aws: record from Bedrock itself, with the
credentials, region and model of the environment.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import vcr

from tests.support.bedrock import DUMMY_KEYS, Script, aws_env, quiet_aws_env, run_script

FOLDER = Path(__file__).parents[1] / "integration" / "cassettes"
# On tape every request goes here, so a tape fits the scripted endpoint, AWS and any region.
HOST = "bedrock-runtime.invalid"
KEPT_REQUEST_HEADERS = {"content-type"}
KEPT_RESPONSE_HEADERS = {"content-type", "transfer-encoding", "x-amzn-errortype"}


@contextmanager
def cassette(name: str, script: Script) -> Iterator[Any]:
    """Bedrock for this process, from the tape `name`; `script` answers while it is recorded locally.

    Fails when a request differs from the tape in method, path or body, or when a part of the tape was not asked for.
    """
    source = os.environ.get("ASSAY_RECORD", "")
    if source:
        (FOLDER / f"{name}.yaml").unlink(missing_ok=True)
    with ExitStack() as stack:
        if source == "local":
            stack.enter_context(run_script(script))
        elif not source:
            endpoint = {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": f"http://{HOST}"}
            stack.enter_context(aws_env({**DUMMY_KEYS, **quiet_aws_env(), **endpoint}))
        tape = stack.enter_context(_recorder(recording=bool(source)).use_cassette(f"{name}.yaml"))
        yield tape
        assert source or tape.all_played, f"{name}: asked for {tape.play_count} of the {len(tape)} recorded answers"


def _recorder(*, recording: bool) -> vcr.VCR:
    return vcr.VCR(
        cassette_library_dir=str(FOLDER),
        record_mode=vcr.record_mode.RecordMode.ALL if recording else vcr.record_mode.RecordMode.NONE,
        match_on=["method", "path", "body"],
        before_record_request=_anonymous_request,
        before_record_response=_anonymous_response,
        decode_compressed_response=True,
    )


def _anonymous_request(request: Any) -> Any:
    """An allowlist of headers: signatures, tokens, user agents and whatever AWS adds next stay out."""
    kept = {name: value for name, value in request.headers.items() if name.lower() in KEPT_REQUEST_HEADERS}
    request.headers = {name: value.decode() if isinstance(value, bytes) else value for name, value in kept.items()}
    parts = urlsplit(request.uri)
    request.uri = urlunsplit(("http", HOST, parts.path, parts.query, ""))
    return request


def _anonymous_response(response: dict[str, Any]) -> dict[str, Any]:
    headers = response["headers"]
    kept = {name: value for name, value in headers.items() if name.lower() in KEPT_RESPONSE_HEADERS}
    return {**response, "headers": kept}
