"""Which model a spec chooses, and the one line for each way in which it cannot work."""

import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
from langchain_aws import ChatBedrockConverse

from agents import models
from agents.model_errors import ModelError
from agents.offline import OfflineModel
from tests.support.bedrock import DUMMY_KEYS, quiet_aws_env

SSO_PROFILE = """
[profile dev]
sso_session = s
sso_account_id = 123456789012
sso_role_name = reader
region = us-east-1
[sso-session s]
sso_start_url = https://example.invalid/start
sso_region = us-east-1
"""


@pytest.fixture(autouse=True)
def _no_aws() -> Iterator[None]:
    """No setting of AWS or Assay but those a test makes."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ASSAY_"))}
    quiet = {name: value for name, value in quiet_aws_env().items() if not name.endswith("REGION")}
    with mock.patch.dict(os.environ, {**kept, **quiet}, clear=True):
        yield


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**DUMMY_KEYS, "AWS_REGION": "eu-west-1"}.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("spec", [None, "offline", " offline "])
def test_offline_is_the_default_and_needs_nothing(spec: str | None) -> None:
    models.preflight(spec)
    assert isinstance(models.chat_model(spec), OfflineModel)
    assert models.model_name(spec) == "offline"


def test_the_environment_chooses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_MODEL", "bedrock")
    assert models.model_name() == f"bedrock:{models.DEFAULT_BEDROCK_MODEL}"
    monkeypatch.setenv("ASSAY_BEDROCK_MODEL_ID", "amazon.nova-pro-v1:0")
    assert models.model_name() == "bedrock:amazon.nova-pro-v1:0"
    assert models.model_name("bedrock:us.meta.llama4") == "bedrock:us.meta.llama4"
    assert models.model_name("offline") == "offline"


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(("text", "seconds"), [("", 120), ("600", 600), ("0.5", 0.5)])
def test_a_slow_endpoint_gets_the_time_it_needs(monkeypatch: pytest.MonkeyPatch, text: str, seconds: float) -> None:
    monkeypatch.setenv("ASSAY_MODEL_SECONDS", text)
    assert models.chat_model("bedrock").client.meta.config.read_timeout == seconds


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("text", ["soon", "0", "-1", "nan", "inf"])
def test_a_time_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("ASSAY_MODEL_SECONDS", text)
    with pytest.raises(ModelError, match="ASSAY_MODEL_SECONDS"):
        models.chat_model("bedrock")


@pytest.mark.usefixtures("aws")
def test_bedrock_has_one_layer_of_retries_and_limits() -> None:
    model = models.chat_model("bedrock")
    assert isinstance(model, ChatBedrockConverse)
    assert (model.model_id, model.temperature, model.max_tokens) == (models.DEFAULT_BEDROCK_MODEL, 0, 4096)
    config = model.client.meta.config
    assert config.retries == {"mode": "standard", "total_max_attempts": 6}
    assert (config.connect_timeout, config.read_timeout, config.region_name) == (5, 120, "eu-west-1")
    assert model.max_retries is None


@pytest.mark.usefixtures("aws")
def test_a_model_that_takes_no_temperature_is_sent_none() -> None:
    model = models.chat_model("bedrock:global.anthropic.claude-sonnet-5-5")
    assert isinstance(model, ChatBedrockConverse)
    assert model.temperature is None


@pytest.mark.usefixtures("aws")
def test_prompts_are_kept_out_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("langchain_aws").setLevel(logging.DEBUG)
    models.chat_model("bedrock")
    assert not logging.getLogger("langchain_aws.chat_models.bedrock_converse").isEnabledFor(logging.INFO)
    assert not logging.getLogger("botocore.endpoint").isEnabledFor(logging.INFO)


@pytest.mark.parametrize("check", [models.chat_model, models.preflight])
@pytest.mark.parametrize(
    ("spec", "env", "says"),
    [
        ("bedrock", {}, "No AWS credentials for Bedrock. Set AWS_PROFILE"),
        ("bedrock", {"AWS_ACCESS_KEY_ID": "only-half"}, "Partial credentials found"),
        ("bedrock", {"AWS_PROFILE": "nowhere"}, "profile (nowhere) could not be found"),
        ("bedrock", DUMMY_KEYS, "No AWS region for Bedrock. Set AWS_REGION"),
        ("bedrock", {"AWS_BEARER_TOKEN_BEDROCK": "token"}, "No AWS region"),
        ("gpt", {}, "'gpt' names no model. Use offline, bedrock"),
        ("openai:", {}, "'openai:' names no model"),
        ("ibm:granite", {}, "requires the langchain-ibm package"),
        ("nobody:model", {}, "Unsupported provider='nobody'"),
    ],
)
def test_what_is_missing_is_one_line_with_a_remedy(
    check: object, spec: str, env: dict[str, str], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ModelError) as error:
        check(spec)  # type: ignore[operator]
    assert says in str(error.value)
    assert "\n" not in str(error.value)
    assert error.value.hint


def test_an_expired_sign_in_is_noticed_before_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config").write_text(SSO_PROFILE)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_PROFILE", "dev")
    with pytest.raises(ModelError, match="Error loading SSO Token"):
        models.preflight("bedrock")


def test_no_credentials_is_known_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the switch that turns the metadata service off: a laptop does not have it."""
    monkeypatch.delenv("AWS_EC2_METADATA_DISABLED")
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:9/")
    started = time.monotonic()
    with pytest.raises(ModelError, match="No AWS credentials"):
        models.preflight("bedrock")
    assert time.monotonic() - started < 10


@pytest.mark.usefixtures("aws")
def test_an_arn_is_explained() -> None:
    arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc"
    with pytest.raises(ModelError, match="not an ARN"):
        models.chat_model(f"bedrock:{arn}")


def test_a_bearer_token_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "token")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    models.preflight("bedrock")
    assert isinstance(models.chat_model("bedrock"), ChatBedrockConverse)
