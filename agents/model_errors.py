"""What can go wrong between Assay and a language model, in one line a person can act on."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore import exceptions as aws
from langchain_core.exceptions import ContextOverflowError
from urllib3.exceptions import HTTPError as TransferError

from tools.errors import AssayError

# botocore has its own ConnectionError, and event streams report codes in lower camel case: compared without case.
_TRANSIENT_CODES = {
    "throttlingexception",
    "toomanyrequestsexception",
    "serviceunavailableexception",
    "internalserverexception",
    "modeltimeoutexception",
    "modelnotreadyexception",
    "modelstreamerrorexception",
    "requesttimeout",
}
_OF_THE_REQUEST = {"validationexception", "modelerrorexception"}
_TRANSIENT_STATUS = {429, 500, 502, 503, 504}
_NO_CREDENTIALS = (
    aws.NoCredentialsError,
    aws.PartialCredentialsError,
    aws.CredentialRetrievalError,
    aws.NoAuthTokenError,
    aws.TokenRetrievalError,
    aws.SSOError,
    aws.ProfileNotFound,
)
# Anything else, such as AssumeRole, is a step towards credentials.
_BEDROCK_OPERATIONS = {"Converse", "ConverseStream", "InvokeModel", "GetInferenceProfile"}
_UNREACHABLE = (aws.ConnectionError, aws.HTTPClientError, TransferError, ConnectionError, TimeoutError)

CREDENTIALS_HINT = (
    "Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_BEARER_TOKEN_BEDROCK; "
    "ASSAY_MODEL=offline needs none."
)
REGION_HINT = "Set AWS_REGION, or a region in the AWS profile."
_HINTS_BY_CODE = {
    "accessdeniedexception": "Allow bedrock:InvokeModel and bedrock:InvokeModelWithResponseStream for this model and "
    "its inference profile, and enable the model for the account in the Bedrock console.",
    "unrecognizedclientexception": f"The credentials are not valid in this region or account. {CREDENTIALS_HINT}",
    "invalidsignatureexception": "Check AWS_SECRET_ACCESS_KEY and the clock of this machine.",
    "expiredtokenexception": "The session has expired: sign in again, for instance with `aws sso login`.",
    "resourcenotfoundexception": "Check the model id in ASSAY_MODEL or ASSAY_BEDROCK_MODEL_ID and that the region "
    "offers it.",
    "throttlingexception": "The quota of this model is used up: wait and run again, or ask AWS for a higher quota.",
    "modelnotreadyexception": "The model is being loaded: run again in a few minutes.",
    "modeltimeoutexception": "The model took too long: run again, or choose a faster one with ASSAY_MODEL.",
    "modelstreamerrorexception": "The model broke off: run again, or choose another one with ASSAY_MODEL.",
    "modelerrorexception": "The model failed on this request: choose another one with ASSAY_MODEL.",
    "serviceunavailableexception": "Bedrock is overloaded: run again later, or use an inference profile such as "
    "global.…, which has more capacity.",
    "internalserverexception": "A fault of Bedrock: run again later.",
    "validationexception": "The model does not take this request: check that it can call tools, or choose another "
    "one with ASSAY_MODEL.",
    "servicequotaexceededexception": "The quota of this model is used up: ask AWS for a higher quota.",
}
_GUARDRAIL_HINT = "Check ASSAY_BEDROCK_GUARDRAIL (id:version), and allow bedrock:ApplyGuardrail."
_UNKNOWN_MODEL_MARKS = ("model identifier is invalid", "on-demand throughput", "model id")


class ModelError(AssayError):
    """The language model could not be used, or its answer must not be."""


class BudgetSpent(ModelError):
    """The run has spent what it may; what it reached is kept, and it goes on with a larger budget."""


@contextmanager
def model_call() -> Iterator[None]:
    """Around a call of a model: whatever it raises comes out as a ModelError, its cause kept for `is_transient`."""
    try:
        yield
    except Exception as exc:
        known = model_error(exc)
        if known is None or known is exc:
            raise
        raise known from exc


def model_error(exc: BaseException) -> ModelError | None:
    """`exc`, raised by calling a model, as a ModelError with a remedy; None for what is not of its making.

    Raise it `from exc`, so that `is_transient` still sees the cause. Apply it to model calls only: S3 raises
    the same classes as Bedrock.
    """
    if isinstance(exc, ModelError):
        return exc
    if isinstance(exc, ContextOverflowError):
        return ModelError("The conversation is too long for the model.", hint="Choose a model with a longer context.")
    if isinstance(exc, _NO_CREDENTIALS):
        return ModelError(f"No usable AWS credentials for Bedrock: {_sentence(exc)}", hint=CREDENTIALS_HINT)
    if isinstance(exc, aws.NoRegionError):
        return ModelError("No AWS region for Bedrock.", hint=REGION_HINT)
    if isinstance(exc, aws.ClientError):
        return _client_error(exc)
    if isinstance(exc, _UNREACHABLE):
        return ModelError(
            f"The model could not be reached or broke off its answer: {_sentence(exc)}",
            hint="Check the network, the region and AWS_ENDPOINT_URL_BEDROCK_RUNTIME, then run again.",
        )
    if isinstance(exc, aws.BotoCoreError):
        return ModelError(f"Bedrock could not be called: {_sentence(exc)}", hint="Check the AWS configuration.")
    return _provider_error(exc)


def is_transient(exc: BaseException) -> bool:
    """Whether the same call may succeed a little later: throttling, faults of the service, timeouts, a stream cut off.

    An allowlist: anything not known to pass by itself is not.
    """
    if isinstance(exc, ModelError):
        return exc.__cause__ is not None and is_transient(exc.__cause__)
    if isinstance(exc, aws.ClientError):
        return _code(exc) in _TRANSIENT_CODES or _status(exc) in _TRANSIENT_STATUS
    return isinstance(exc, _UNREACHABLE) or _status(exc) in _TRANSIENT_STATUS


def broke_off(exc: BaseException) -> bool:
    """Whether a call failed in a way that may pass and that nobody has tried again yet: what a node's retry is for.

    Botocore tries what fails before the answer begins, so of its errors only those are left that come in the middle
    of a stream, or that it does not know as passing. Other providers' libraries try by themselves.
    """
    if isinstance(exc, ModelError):
        return exc.__cause__ is not None and broke_off(exc.__cause__)
    if isinstance(exc, aws.ClientError):
        return is_transient(exc) and not exc.response.get("ResponseMetadata", {}).get("RetryAttempts")
    return isinstance(exc, (TransferError, ConnectionError, TimeoutError))


def ends_run(exc: BaseException) -> bool:
    """Whether other work on this model would fare no better: no budget, no access, no capacity, nobody there.

    What failed so is done again when the run is resumed. Refusals of one request are not among it.
    """
    if isinstance(exc, ModelError) and not isinstance(exc, BudgetSpent):
        cause = exc.__cause__
        of_request = isinstance(cause, ContextOverflowError) or _code_of(cause) in _OF_THE_REQUEST
        return cause is not None and not of_request
    return isinstance(exc, BudgetSpent)


def _client_error(exc: aws.ClientError) -> ModelError:
    code, name = _code(exc), exc.response.get("Error", {}).get("Code", "an error")
    detail = exc.response.get("Error", {}).get("Message") or "no message"
    if exc.operation_name not in _BEDROCK_OPERATIONS:
        return ModelError(f"AWS answered {name} to {exc.operation_name}: {_full_stop(detail)}", hint=CREDENTIALS_HINT)
    if code == "validationexception":
        unknown = any(mark in detail.lower() for mark in _UNKNOWN_MODEL_MARKS)
        code = "resourcenotfoundexception" if unknown else code
    hint = _HINTS_BY_CODE.get(code, "Run again later." if is_transient(exc) else "See docs/models.md.")
    if "guardrail" in detail.lower():
        hint = _GUARDRAIL_HINT
    return ModelError(f"Bedrock answered {name}: {_full_stop(detail)}", hint=hint)


def _provider_error(exc: BaseException) -> ModelError | None:
    """SDKs of other providers share no base class, but their HTTP errors carry `status_code`."""
    status = _status(exc)
    if status is None:
        return None
    hints = {401: "Check the API key of the provider.", 403: "Check the API key of the provider."}
    hints[404] = "Check the model name in ASSAY_MODEL."
    hint = hints.get(status, "Run again later." if status in _TRANSIENT_STATUS else "See docs/models.md.")
    return ModelError(f"The model's provider answered HTTP {status}: {_sentence(exc)}", hint=hint)


def _code_of(exc: BaseException | None) -> str:
    return _code(exc) if isinstance(exc, aws.ClientError) else ""


def _code(exc: aws.ClientError) -> str:
    return str(exc.response.get("Error", {}).get("Code", "")).lower()


def _status(exc: BaseException) -> int | None:
    if isinstance(exc, aws.ClientError):
        status = exc.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    else:
        status = getattr(exc, "status_code", None)
    return status if isinstance(status, int) else None


def _sentence(exc: BaseException) -> str:
    return _full_stop(str(exc) or type(exc).__name__)


def _full_stop(text: str) -> str:
    line = " ".join(text.split())
    return line if line.endswith((".", "!", "?")) else f"{line}."
