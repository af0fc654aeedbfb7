"""Which language model Assay talks to: `offline`, `bedrock`, or any provider LangChain knows."""

import logging
import os
from typing import TYPE_CHECKING, Any, Literal

from tools.errors import AssayError

if TYPE_CHECKING:
    from boto3 import Session
    from langchain_core.language_models import BaseChatModel

# The newest Sonnet that takes both temperature 0 and a forced tool; `global.` answers from every commercial region.
DEFAULT_BEDROCK_MODEL = "global.anthropic.claude-sonnet-4-6"
MAX_TOKENS = 4096
# The only retries of a call, with growing waits of random length, 31 s at most in all when Bedrock throttles:
# `max_retries` of ChatBedrockConverse would replace them.
RETRIES = {"mode": "standard", "total_max_attempts": 6}
# In seconds.
CONNECT_TIMEOUT, READ_TIMEOUT = 5, 120


def chat_model(spec: str | None = None) -> "BaseChatModel":
    """The model of `spec`, else of ASSAY_MODEL, else `offline`. Build it once and pass it on: it opens clients.

    `bedrock`, `bedrock:<model id>`, or `provider:model` for LangChain's `init_chat_model`.

    Raises:
        ModelError: unknown spec, a provider's package missing, no credentials or no region.
    """
    provider, model_id = _parse(spec)
    if provider == "offline":
        from agents.offline import OfflineModel

        return OfflineModel()
    if provider == "bedrock":
        return _bedrock(model_id)
    return _other(provider, model_id)


def preflight(spec: str | None = None) -> None:
    """Raise ModelError, within about two seconds and without a model call, when `chat_model(spec)` cannot work.

    A run calls it before it starts, so that a missing credential is one clear line and not a failed run.
    """
    provider, model_id = _parse(spec)
    if provider == "bedrock":
        guardrail()
        _aws_session()
    elif provider != "offline":
        _other(provider, model_id)


def model_name(spec: str | None = None) -> str:
    """How reports and stored runs name the model, such as `bedrock:global.anthropic.claude-sonnet-4-6`."""
    provider, model_id = _parse(spec)
    return f"{provider}:{model_id}" if model_id else provider


def _parse(spec: str | None) -> tuple[str, str]:
    text = (spec or os.environ.get("ASSAY_MODEL") or "offline").strip()
    provider, _, model_id = text.partition(":")
    if text == "offline":
        return "offline", ""
    if provider == "bedrock":
        return "bedrock", model_id or os.environ.get("ASSAY_BEDROCK_MODEL_ID") or DEFAULT_BEDROCK_MODEL
    if not (provider and model_id):
        raise _error(
            f"ASSAY_MODEL: {text!r} names no model.",
            "Use offline, bedrock, bedrock:<model id> or provider:model, such as openai:gpt-5.",
        )
    return provider, model_id


def _bedrock(model_id: str) -> "BaseChatModel":
    clients = {"client": bedrock_client(), "bedrock_client": bedrock_client("bedrock")}
    from langchain_aws import ChatBedrockConverse

    try:
        model = ChatBedrockConverse(
            model=model_id, max_tokens=MAX_TOKENS, temperature=0, guardrails=guardrail(), **clients
        )
    except ValueError as error:
        hint = f"Give a model or inference profile id, such as {DEFAULT_BEDROCK_MODEL}, not an ARN."
        raise _error(f"Bedrock model {model_id!r} cannot be used.", hint) from error
    if model.profile and model.profile.get("temperature") is False:
        model.temperature = None
    return model


def bedrock_client(service: Literal["bedrock", "bedrock-runtime"] = "bedrock-runtime") -> Any:
    """A client with our limits and retries; safe to use from several threads. Raises ModelError."""
    session = _aws_session()
    from botocore.config import Config

    # At DEBUG both libraries print whole prompts, and with them values of the user's data.
    for name in ("langchain_aws", "botocore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    config = Config(retries=RETRIES, connect_timeout=CONNECT_TIMEOUT, read_timeout=_read_timeout())
    return session.client(service, config=config)


def _read_timeout() -> float:
    """ASSAY_MODEL_SECONDS, for an endpoint slower than Bedrock: what is given up there goes on, and is begun again."""
    text = os.environ.get("ASSAY_MODEL_SECONDS", "").strip()
    try:
        seconds = float(text) if text else READ_TIMEOUT
    except ValueError:
        seconds = 0
    if not 0 < seconds < 86_400:
        raise _error(f"ASSAY_MODEL_SECONDS: {text!r} is no time.", "Give seconds, or unset it.")
    return seconds


def guardrail() -> dict[str, str] | None:
    """What ASSAY_BEDROCK_GUARDRAIL names, as Converse wants it, or None. Raises ModelError when it is malformed."""
    text = os.environ.get("ASSAY_BEDROCK_GUARDRAIL", "").strip()
    if not text:
        return None
    identifier, _, version = text.rpartition(":")  # an ARN has colons of its own
    if not identifier or not (version == "DRAFT" or version.isdecimal()):
        raise _error(
            f"ASSAY_BEDROCK_GUARDRAIL: {text!r} names no guardrail.",
            "Write it as id:version or ARN:version; the version is a number or DRAFT.",
        )
    return {"guardrailIdentifier": identifier, "guardrailVersion": version}


def _aws_session() -> "Session":
    """Credentials and region from the usual AWS chain, looked up now rather than at the first call."""
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    from agents.model_errors import CREDENTIALS_HINT, REGION_HINT, ModelError, model_error

    try:
        session = boto3.Session(region_name=os.environ.get("AWS_REGION"))
        credentials = session.get_credentials()
        if credentials:
            credentials.get_frozen_credentials()  # an expired sign-in shows here and not in the middle of a run
    except (BotoCoreError, ClientError) as error:
        raise model_error(error) or error from error
    if not (credentials or os.environ.get("AWS_BEARER_TOKEN_BEDROCK")):
        raise ModelError("No AWS credentials for Bedrock.", hint=CREDENTIALS_HINT)
    if not session.region_name:
        raise ModelError("No AWS region for Bedrock.", hint=REGION_HINT)
    return session


def _other(provider: str, model: str) -> "BaseChatModel":
    from langchain.chat_models import init_chat_model

    try:
        return init_chat_model(model, model_provider=provider, temperature=0, max_tokens=MAX_TOKENS)
    except (ImportError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise _error(f"ASSAY_MODEL={provider}:{model} cannot be used: {reason}", "See docs/models.md.") from error


def _error(message: str, hint: str) -> AssayError:
    from agents.model_errors import ModelError

    return ModelError(message, hint=hint)
