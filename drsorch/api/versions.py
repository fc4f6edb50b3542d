"""Optimistic locks over HTTP: ETag on what has a version, If-Match on what changes it."""

import re
from typing import Any

from drsorch.errors import Invalid, UserError

VERSION = re.compile(r'"([0-9]{1,9})"', re.ASCII)


class PreconditionRequired(UserError):
    """A change came without the version it is based on."""

    status = 428
    code = "PRECONDITION_REQUIRED"


def version_asked(request: Any) -> int:
    """Return the version in If-Match. Raises PreconditionRequired without one, Invalid for anything else."""
    given = request.headers.get("If-Match")
    if given is None:
        raise PreconditionRequired(
            'Send If-Match with the version that you have seen, as the ETag of a GET shows it: If-Match: "1".'
        )
    found = VERSION.fullmatch(given.strip())
    if found is None:
        raise Invalid(f'If-Match is {given[:50]}. Send one version in quotes, as the ETag shows it: If-Match: "1".')
    return int(found[1])


def etag(version: int) -> str:
    """Return the ETag of a version."""
    return f'"{version}"'
