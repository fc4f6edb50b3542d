"""What an exception of botocore means, judged by its error code and status, never by its modelled class."""

from dataclasses import dataclass
from http import HTTPStatus

from botocore import exceptions as boto

from drsorch.aws.errors import (
    AwsConflict,
    AwsDenied,
    AwsError,
    AwsNotReady,
    AwsQuota,
    AwsRejected,
    AwsThrottled,
    AwsUnknown,
    AwsUnreachable,
)

THROTTLED = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "PriorRequestNotComplete",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
CONFLICT = frozenset({"ConflictException", "Conflict", "ResourceInUseException", "IncorrectInstanceState"})
QUOTA = frozenset({"ServiceQuotaExceededException", "LimitExceededException", "LimitExceeded"})
EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
# A Region that the account has not enabled answers like this to credentials that are good everywhere else.
UNRECOGNISED = frozenset(
    {"UnrecognizedClientException", "UnrecognizedClient", "InvalidClientTokenId", "AuthFailure", "InvalidAccessKeyId"}
)
CLOCK = frozenset({"RequestTimeTooSkewed", "InvalidSignatureException", "SignatureDoesNotMatch"})
DENIED = (
    frozenset(
        {
            "AccessDenied",
            "AccessDeniedException",
            "IncompleteSignature",
            "InvalidToken",
            "MissingAuthenticationToken",
            "MissingAuthenticationTokenException",
            "NotAuthorized",
            "UnauthorizedException",
            "UnauthorizedOperation",
        }
    )
    | EXPIRED
    | UNRECOGNISED
    | CLOCK
)
NOT_ENABLED = frozenset({"OptInRequired", "RegionDisabledException"})
NOT_READY = frozenset({"UninitializedAccountException"}) | NOT_ENABLED
UNKNOWN = frozenset(
    {
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "InternalServerException",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "Unavailable",
    }
)
BY_CODE: tuple[tuple[frozenset[str], type[AwsError]], ...] = (
    (THROTTLED, AwsThrottled),
    (NOT_READY, AwsNotReady),
    (DENIED, AwsDenied),
    (UNKNOWN, AwsUnknown),
    (QUOTA, AwsQuota),
    (CONFLICT, AwsConflict),
)
BY_STATUS: dict[int, type[AwsError]] = {
    401: AwsDenied,
    402: AwsQuota,
    403: AwsDenied,
    408: AwsUnknown,
    409: AwsConflict,
    429: AwsThrottled,
    501: AwsRejected,
}
NO_CREDENTIALS = (
    boto.NoCredentialsError,
    boto.PartialCredentialsError,
    boto.CredentialRetrievalError,
    boto.ProfileNotFound,
    boto.UnauthorizedSSOTokenError,
    boto.TokenRetrievalError,
)
NOT_SENT = (boto.EndpointConnectionError, boto.ConnectTimeoutError, boto.ProxyConnectionError)
SILENCE = (*NOT_SENT, boto.ReadTimeoutError)  # what a place that is cut off looks like, and what costs time
BAD_INPUT = (boto.ParamValidationError, boto.UnknownServiceError, boto.NoRegionError, boto.InvalidRegionError)


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked, for the sentence and the log line."""

    operation: str
    account_id: str
    region: str
    once: bool = False

    def __str__(self) -> str:
        return f"{self.operation} in account {self.account_id}, Region {self.region},"


def translate(error: Exception, asked: Asked) -> AwsError:
    """Return the error of ours that `error`, raised by a botocore client, means for what was `asked`."""
    if isinstance(error, boto.ClientError):
        return _refusal(error, asked)
    if isinstance(error, NO_CREDENTIALS):
        advice = "Give this installation AWS credentials: a role of its container or instance, or a profile."
        return make(AwsDenied, f"{asked} could not be signed: {_plain(error)} {advice}", asked)
    if isinstance(error, BAD_INPUT):
        return make(AwsRejected, f"{asked} was not sent, its input is invalid: {_plain(error)}", asked)
    if isinstance(error, NOT_SENT):
        advice = "Nothing was sent. Check the network, the proxy and the state of the Region, then try again."
        return make(AwsUnreachable, f"{asked} could not be sent: {_plain(error)} {advice}", asked)
    return unclear(_plain(error), asked)


def unclear(reason: str, asked: Asked) -> AwsUnknown:
    """Return the error for an answer that never came or cannot be read; `reason` is a sentence."""
    message = f"{asked} got no clear answer: {reason} {_what_now(asked)}"
    return AwsUnknown(message, operation=asked.operation, account_id=asked.account_id, region=asked.region)


def make(kind: type[AwsError], message: str, asked: Asked, *, aws_code: str = "", request_id: str = "") -> AwsError:
    """Return an error of `kind` that carries what was `asked`."""
    return kind(
        message,
        operation=asked.operation,
        account_id=asked.account_id,
        region=asked.region,
        aws_code=aws_code,
        request_id=request_id,
    )


def kind_of(code: str, status: int) -> type[AwsError]:
    """Return the class for an error code and an HTTP status; the code counts before the status."""
    for codes, kind in BY_CODE:
        if code in codes:
            return kind
    if status in BY_STATUS:
        return BY_STATUS[status]
    if code.endswith("LimitExceeded"):
        return AwsQuota
    is_clear_no = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    return AwsRejected if is_clear_no else AwsUnknown


def _refusal(error: boto.ClientError, asked: Asked) -> AwsError:
    code = str(error.response.get("Error", {}).get("Code") or "")
    said = _sentence(str(error.response.get("Error", {}).get("Message") or "no reason given"))
    metadata = error.response.get("ResponseMetadata", {})
    kind = kind_of(code, int(metadata.get("HTTPStatusCode") or 0))
    message = f"{asked} {_verdict(kind)} ({code}): {said} {_advice(kind, code, asked)}"
    return make(kind, message, asked, aws_code=code, request_id=str(metadata.get("RequestId") or ""))


def _verdict(kind: type[AwsError]) -> str:
    if issubclass(kind, AwsUnknown):
        return "got no clear answer"
    if issubclass(kind, AwsNotReady):
        return "is not possible yet"
    return "was slowed down by AWS" if issubclass(kind, AwsThrottled) else "was refused by AWS"


def _advice(kind: type[AwsError], code: str, asked: Asked) -> str:
    if kind is AwsDenied:
        return _denied_advice(code, asked)
    if kind is AwsUnknown:
        return _what_now(asked)
    if kind is AwsNotReady:
        return (
            not_enabled_advice(asked)
            if code in NOT_ENABLED
            else (f"Initialise DRS in Region {asked.region} of account {asked.account_id}, or leave this Region out.")
        )
    return {
        AwsThrottled: "Nothing was started. Try again in a minute.",
        AwsQuota: "Nothing was started. Wait until running jobs have ended, or ask AWS for a higher quota.",
        AwsConflict: "Look in the DRS console for the job that holds it, and wait until it has ended.",
    }.get(kind, "Nothing was started. Correct what AWS names, then try again.")


def _denied_advice(code: str, asked: Asked) -> str:
    if asked.operation == "AssumeRole":
        return (
            "Check that the role exists, that its trust policy names this installation, and that the external id of "
            "the account here is the one in the trust policy."
        )
    if code in EXPIRED | UNRECOGNISED:
        return "Nothing was started. The credentials are no longer valid; new ones are fetched with the next call."
    if code in CLOCK:
        return "Nothing was started. Check the clock of this machine and the secret access key."
    return f"Nothing was started. Allow {asked.operation} to the role that this installation uses in the account."


def not_enabled_advice(asked: Asked) -> str:
    """Return what to do about a Region that the account has not enabled."""
    return f"Enable Region {asked.region} in account {asked.account_id}, or leave this Region out."


def _what_now(asked: Asked) -> str:
    if asked.once:
        return "It may or may not have happened: look in the account before repeating it."
    return "Nothing is known. Try again in a minute."


def _plain(error: Exception) -> str:
    return _sentence(" ".join(str(error).split()) or type(error).__name__)


def _sentence(words: str) -> str:
    return words if words.endswith((".", "!", "?")) else f"{words}."
