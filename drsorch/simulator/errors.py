"""What the simulated AWS says no with."""

from enum import Enum
from typing import Any


class AwsError(Exception):
    """An answer with an AWS error code. `members` are further members of the modelled exception."""

    def __init__(self, code: str, message: str, *, status: int | None = None, **members: Any) -> None:
        super().__init__(message)
        self.code, self.message, self.status, self.members = code, message, status, members


class Refusal(Enum):
    """Refusals that every AWS service knows, each under a code and status of its own protocol."""

    UNSIGNED = "unsigned"
    UNKNOWN_KEY = "unknown key"
    WRONG_SIGNATURE = "wrong signature"
    OLD_SIGNATURE = "old signature"
    EXPIRED = "expired"
    DENIED = "denied"
    THROTTLED = "throttled"
    CONFLICT = "conflict"
    FAILED = "failed"
    NOT_IMITATED = "not imitated"
    BAD_REQUEST = "bad request"
    SKEWED = "skewed"
    UNAVAILABLE = "unavailable"


class Refused(Exception):
    """A refusal that is written out for the protocol of the request that met it."""

    def __init__(self, refusal: Refusal, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.refusal, self.message, self.status = refusal, message, status


class BadControlRequest(Exception):
    """A request to the control path that cannot be followed; the message is one sentence for its sender."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.message, self.status = message, status


def conflict(message: str, resource_id: str, resource_type: str) -> AwsError:
    """409: the resource is busy or in the wrong state."""
    return AwsError("ConflictException", message, resourceId=resource_id, resourceType=resource_type)


def not_found(message: str, resource_id: str, resource_type: str) -> AwsError:
    """404: no such resource."""
    return AwsError("ResourceNotFoundException", message, resourceId=resource_id, resourceType=resource_type)


def denied(message: str) -> AwsError:
    """403: the caller lacks a right."""
    return AwsError("AccessDeniedException", message)


def invalid(message: str, *fields: tuple[str, str], reason: str = "fieldValidationFailed") -> AwsError:
    """400 with the fields that are wrong, each as (name, message)."""
    listed = [{"name": name, "message": text} for name, text in fields]
    return AwsError("ValidationException", message, reason=reason, fieldList=listed)


def quota_exceeded(message: str, quota_code: str) -> AwsError:
    """402 naming the quota."""
    return AwsError("ServiceQuotaExceededException", message, serviceCode="drs", quotaCode=quota_code)
