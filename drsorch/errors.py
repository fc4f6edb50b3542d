"""The one family of errors that a person may see: a sentence, a code for machines, an HTTP status."""

from collections.abc import Mapping
from typing import Any


class UserError(Exception):
    """Something was refused. `message` names the thing and says what to do; `code` is stable."""

    status = 400
    code = "VALIDATION_FAILED"

    def __init__(self, message: str, *, code: str | None = None, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.details = dict(details or {})


class Invalid(UserError):
    """The input breaks a rule. `details["fields"]` says which member, where one can be named."""


class Unauthenticated(UserError):
    """Nobody is known to have sent the request: no token, or one that is not accepted."""

    status = 401
    code = "UNAUTHENTICATED"


class Denied(UserError):
    """The actor's roles do not give the permission."""

    status = 403
    code = "INSUFFICIENT_PERMISSIONS"


class NotFound(UserError):
    """No such object, or none that this person may see: the answer is the same."""

    status = 404
    code = "NOT_FOUND"


class Conflict(UserError):
    """The state of things does not allow it now."""

    status = 409
    code = "INVALID_STATE"


class NotReady(Conflict):
    """Checks before a start found problems. `details["problems"]` lists them."""

    code = "NOT_READY"


class VersionMismatch(UserError):
    """Somebody saved a newer version meanwhile."""

    status = 412
    code = "VERSION_MISMATCH"
