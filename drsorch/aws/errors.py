"""What can go wrong when AWS is asked, told apart by what the caller may conclude from it."""

from collections.abc import Mapping
from typing import Any

from drsorch.errors import UserError

FACTS = ("operation", "account_id", "region", "aws_code", "request_id")


class AwsError(UserError):
    """A call to AWS did not do what was asked. `message` names the operation, the account and the Region."""

    status = 502
    code = "AWS_ERROR"

    def __init__(
        self, message: str, *, code: str | None = None, details: Mapping[str, Any] | None = None, **facts: str
    ) -> None:
        unknown = facts.keys() - set(FACTS)
        if unknown:
            raise TypeError(f"{type(self).__name__} has no {', '.join(sorted(unknown))}.")
        known = {name: facts.get(name, "") for name in FACTS}
        said = {name: value for name, value in known.items() if name != "request_id"}
        super().__init__(message, code=code, details={**said, "aws_request_id": known["request_id"], **(details or {})})
        self.operation = known["operation"]
        self.account_id = known["account_id"]
        self.region = known["region"]
        self.aws_code = known["aws_code"]
        self.request_id = known["request_id"]


class AwsRejected(AwsError):
    """AWS said no (`aws_code` says why): nothing was started."""


class AwsConflict(AwsRejected):
    """Something else holds one of the resources, perhaps an earlier request of ours whose answer was lost."""


class AwsQuota(AwsRejected):
    """A quota of the account is used up: nothing was started."""

    status = 409
    code = "QUOTA_EXCEEDED"


class AwsThrottled(AwsError):
    """Too many requests, by AWS's limit or by our own: nothing was started; later it may work."""

    status = 503
    code = "AWS_UNAVAILABLE"


class AwsUnknown(AwsError):
    """It may or may not have happened: time-out, lost connection, 5xx, unreadable answer."""

    status = 503
    code = "AWS_UNAVAILABLE"


class AwsUnreachable(AwsUnknown):
    """The connection could not even be opened: nothing was sent."""


class AwsDenied(AwsError):
    """No permission: access denied, a refused AssumeRole, expired or invalid credentials, the wrong account."""


class AwsNotReady(AwsError):
    """The account is not initialised for the service, or the Region is not enabled: a state, not a failure."""


class TooLate(AwsError):
    """The deadline passed before the request was put on the wire: nothing was sent."""
