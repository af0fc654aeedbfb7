"""Each failure of a model call: one line, a remedy, and whether it may pass by itself."""

import pytest
from botocore import exceptions as aws
from langchain_aws.chat_models.bedrock_converse import BedrockContextOverflowError
from urllib3.exceptions import ProtocolError

from agents.model_errors import BudgetSpent, ModelError, broke_off, ends_run, is_transient, model_call, model_error


def _client(code: str, message: str = "said the service", status: int = 400, operation: str = "Converse") -> Exception:
    response = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return aws.ClientError(response, operation)


class _ProviderError(Exception):
    """Like the HTTP errors of the OpenAI and Anthropic SDKs."""

    def __init__(self, status_code: int) -> None:
        super().__init__("from the provider")
        self.status_code = status_code


LASTING = [
    (aws.NoCredentialsError(), "Set AWS_PROFILE"),
    (aws.PartialCredentialsError(provider="env", cred_var="X"), "Set AWS_PROFILE"),
    (aws.UnauthorizedSSOTokenError(), "Set AWS_PROFILE"),
    (aws.NoRegionError(), "Set AWS_REGION"),
    (aws.ParamValidationError(report="bad"), "Check the AWS configuration"),
    (_client("AccessDeniedException", status=403), "Allow bedrock:InvokeModel"),
    (_client("AccessDenied", status=403, operation="AssumeRole"), "AssumeRole: said the service. Set AWS_PROFILE"),
    (_client("ExpiredTokenException", status=403), "sign in again"),
    (_client("UnrecognizedClientException", status=403), "not valid in this region"),
    (_client("ResourceNotFoundException", status=404), "Check the model id"),
    (_client("ValidationException", "The provided model identifier is invalid."), "Check the model id"),
    (_client("ValidationException", "Invocation of x with on-demand throughput isn't supported"), "Check the model id"),
    (_client("ValidationException", "messages.1: blank"), "messages.1: blank. The model does not take this request"),
    (
        BedrockContextOverflowError({"Error": {"Code": "ValidationException"}}, "Converse"),
        "too long for the model. Choose a model with a longer context",
    ),
    (_client("ValidationException", "The guardrail identifier is invalid."), "ASSAY_BEDROCK_GUARDRAIL"),
    (_client("ModelErrorException", status=424), "choose another one"),
    (_ProviderError(401), "Check the API key"),
    (_ProviderError(404), "Check the model name"),
]
PASSING = [
    (_client("ThrottlingException", status=429), "quota of this model"),
    (_client("throttlingException", status=200, operation="ConverseStream"), "quota of this model"),
    (_client("modelStreamErrorException", status=200, operation="ConverseStream"), "The model broke off: run again"),
    (_client("ModelTimeoutException", status=408), "choose a faster one"),
    (_client("ModelNotReadyException", status=429), "in a few minutes"),
    (_client("ServiceUnavailableException", status=503), "run again later, or use an inference profile"),
    (_client("SomethingNew", status=502), "Run again later"),
    (aws.EndpointConnectionError(endpoint_url="http://x"), "Check the network"),
    (aws.ConnectTimeoutError(endpoint_url="http://x"), "Check the network"),
    (aws.ReadTimeoutError(endpoint_url="http://x"), "Check the network"),
    (ProtocolError("Response ended prematurely"), "Check the network"),
    (ConnectionError("Incomplete Bedrock response stream"), "Check the network"),
    (_ProviderError(429), "Run again later"),
    (_ProviderError(503), "Run again later"),
]


@pytest.mark.parametrize(("exc", "says"), LASTING + PASSING)
def test_it_becomes_one_line_with_a_remedy(exc: Exception, says: str) -> None:
    error = model_error(exc)
    assert error is not None
    assert says in str(error)
    assert "\n" not in str(error)


@pytest.mark.parametrize("exc", [exc for exc, _ in PASSING])
def test_what_may_pass_is_tried_again(exc: Exception) -> None:
    assert is_transient(exc)


@pytest.mark.parametrize("exc", [*(exc for exc, _ in LASTING), ValueError("no"), KeyError("no"), OSError(28, "full")])
def test_what_will_not_pass_is_not_tried_again(exc: Exception) -> None:
    assert not is_transient(exc)


@pytest.mark.parametrize("exc", [ValueError("mine"), KeyError("mine"), OSError(28, "disk full")])
def test_other_errors_are_left_alone(exc: Exception) -> None:
    assert model_error(exc) is None
    with pytest.raises(type(exc)) as raised, model_call():
        raise exc
    assert raised.value is exc


@pytest.mark.parametrize(("exc", "transient"), [(PASSING[0][0], True), (LASTING[0][0], False)])
def test_model_call_keeps_the_cause(exc: Exception, transient: bool) -> None:
    with pytest.raises(ModelError) as raised, model_call():
        raise exc
    assert raised.value.__cause__ is exc
    assert is_transient(raised.value) is transient


def _raised(cause: Exception) -> ModelError:
    with pytest.raises(ModelError) as raised, model_call():
        raise cause
    return raised.value


def test_only_what_botocore_has_not_tried_is_for_the_node() -> None:
    tried = _client("ThrottlingException", status=429)
    tried.response["ResponseMetadata"]["RetryAttempts"] = 5
    assert not broke_off(_raised(tried))
    assert not broke_off(_raised(aws.ReadTimeoutError(endpoint_url="http://x")))
    assert not broke_off(_raised(_ProviderError(503)))
    for cause in (
        _client("modelStreamErrorException", status=200),
        ProtocolError("cut"),
        ConnectionError("Incomplete"),
    ):
        assert broke_off(_raised(cause))


def test_what_is_wrong_with_the_model_ends_the_run_and_what_is_wrong_with_a_request_does_not() -> None:
    for cause in (_client("ExpiredTokenException", status=403), aws.NoCredentialsError(), ProtocolError("cut")):
        assert ends_run(_raised(cause))
    assert ends_run(BudgetSpent("spent"))
    for refused in (_client("ValidationException"), _client("ModelErrorException", status=424)):
        assert not ends_run(_raised(refused))
    assert not ends_run(ModelError("cut off or malformed"))
    assert not ends_run(ValueError("mine"))


def test_a_model_error_passes_unchanged() -> None:
    refusal = ModelError("A guardrail blocked the answer.", hint="Look.")
    assert model_error(refusal) is refusal
    assert not is_transient(refusal)
    with pytest.raises(ModelError) as raised, model_call():
        raise refusal
    assert raised.value is refusal


def test_a_long_message_of_many_lines_becomes_one() -> None:
    error = model_error(_client("ValidationException", "first\n  second\n"))
    assert "first second." in str(error)
