"""Who signed a request: access keys and sessions, with everything moto does not look at.

moto takes an unknown key for account 123456789012 and checks neither session token nor expiry.
"""

import hmac
import json
import time
from calendar import timegm
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from moto.core.utils import utcnow
from moto.iam.models import AccessKey, Role, iam_backends
from moto.sts.models import AssumedRole, sts_backends

from drsorch.simulator.errors import Refusal, Refused
from drsorch.simulator.policies import is_allowed
from drsorch.simulator.signatures import signature_of
from drsorch.simulator.signed_request import SignedRequest

PARTITION = "aws"
AMZ_DATE = "%Y%m%dT%H%M%SZ"
POLICED_SERVICES = {"drs", "ec2"}
INVALID_TOKEN = "The security token included in the request is invalid."  # noqa: S105 - AWS's sentence, no secret


@dataclass(frozen=True)
class Caller:
    """The identity behind a valid signature; `role` is None for an account's own access key, which may do all."""

    account: str
    arn: str
    role: Role | None = None

    def may(self, action: str, region: str) -> bool:
        """Whether IAM lets this caller do `action` in `region`."""
        if self.role is None:
            return True
        documents = [*self.role.policies.values(), *_attached_documents(self.role)]
        service = action.partition(":")[0]
        resource = f"arn:aws:{service}:{region}:{self.account}:any"
        return is_allowed(map(_as_text, documents), action, resource, {"aws:requestedregion": region})


def _attached_documents(role: Role) -> list[str]:
    versions = [version for policy in role.managed_policies.values() for version in policy.versions]
    return [version.document for version in versions if version.is_default]


def _as_text(document: str | dict[str, object]) -> str:
    return document if isinstance(document, str) else json.dumps(document)


class SessionIndex:
    """Finds an AssumeRole session by its key without walking moto's ever longer lists."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._sessions: dict[str, AssumedRole] = {}
        self._seen: dict[str, int] = {}

    def clear(self) -> None:
        """Forget every session; the caller empties moto's lists too."""
        with self._lock:
            self._sessions.clear()
            self._seen.clear()

    def find(self, access_key_id: str) -> AssumedRole | None:
        """The session of a temporary key, or None."""
        with self._lock:
            if access_key_id not in self._sessions:
                self._read_new_ones()
            return self._sessions.get(access_key_id)

    def newest(self) -> list[str]:
        """Key, token and end of the session that was made last; moto draws the token from the system's own chance."""
        with self._lock:
            self._read_new_ones()
            session = next(reversed(self._sessions.values()))
        return [session.access_key_id, session.session_token, session.expiration.isoformat()]

    def restore(self, access_key_id: str, session_token: str, expiration: str) -> bool:
        """Give a session that was made again the token and the end that it had. Returns whether there is one."""
        session = self.find(access_key_id)
        if session is not None:
            session.session_token, session.expiration = session_token, datetime.fromisoformat(expiration)
        return session is not None

    def expire_all(self) -> int:
        """Let every session end now; returns how many there were."""
        with self._lock:
            self._read_new_ones()
            for session in self._sessions.values():
                session.expiration = utcnow() - timedelta(seconds=1)
            return len(self._sessions)

    def _read_new_ones(self) -> None:
        for account in list(sts_backends):
            roles = sts_backends[account][PARTITION].assumed_roles
            for session in roles[self._seen.get(account, 0) :]:
                self._sessions[session.access_key_id] = session
            self._seen[account] = len(roles)


def find_account(access_key_id: str) -> str | None:
    """The account that owns an access key, or None when no account does."""
    for account in list(iam_backends):
        if access_key_id in iam_backends[account][PARTITION].access_keys:
            return account
    return None


def find_role(arn: str) -> Role | None:
    """The role of an ARN, or None."""
    account = next(iter(arn.split(":")[4:]), "")
    if account not in iam_backends:
        return None
    return next((role for role in iam_backends[account][PARTITION].roles.values() if role.arn == arn), None)


def identify(request: SignedRequest, sessions: SessionIndex, signature_window_seconds: float) -> Caller:
    """Who signed this request. Raises Refused as AWS does for unknown keys, stale signatures and ended sessions."""
    account = find_account(request.access_key_id)
    if account is None:
        raise Refused(Refusal.UNKNOWN_KEY, INVALID_TOKEN)
    _refuse_stale_signature(request, signature_window_seconds)
    _refuse_wrong_signature(request, iam_backends[account][PARTITION].access_keys[request.access_key_id])
    if not request.access_key_id.startswith("ASIA"):
        return Caller(account, f"arn:aws:iam::{account}:root")
    session = sessions.find(request.access_key_id)
    if session is None or request.session_token != session.session_token:
        raise Refused(Refusal.UNKNOWN_KEY, INVALID_TOKEN)
    if session.expiration <= utcnow():
        raise Refused(Refusal.EXPIRED, "The security token included in the request is expired")
    role = find_role(session.role_arn)
    if role is None:
        raise Refused(Refusal.UNKNOWN_KEY, INVALID_TOKEN)
    return Caller(account, session.arn, role)


def _refuse_stale_signature(request: SignedRequest, window_seconds: float) -> None:
    """AWS accepts a signature for five minutes around its own clock; this is real time, never virtual."""
    try:
        signed_at = timegm(time.strptime(request.signed_at, AMZ_DATE))
    except ValueError:
        raise Refused(Refusal.UNSIGNED, "Authorization header requires existence of an 'X-Amz-Date' header.") from None
    if abs(time.time() - signed_at) > window_seconds:
        raise Refused(Refusal.OLD_SIGNATURE, f"Signature expired: {request.signed_at} is too far from the current time")


def _refuse_wrong_signature(request: SignedRequest, key: AccessKey) -> None:
    scope = (request.date, request.region, request.service)
    expected = signature_of(request.canonical, key.secret_access_key, request.signed_at, scope)
    if not hmac.compare_digest(expected, request.signature):
        raise Refused(
            Refusal.WRONG_SIGNATURE,
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
            "Access Key and signing method.",
        )


def refuse_unless_permitted(request: SignedRequest, caller: Caller) -> None:
    """Enforce the policies of an assumed role on DRS and EC2. Raises Refused."""
    if request.service not in POLICED_SERVICES:
        return
    action = f"{request.service}:{request.operation}"
    if not caller.may(action, request.region):
        raise Refused(Refusal.DENIED, f"User: {caller.arn} is not authorized to perform: {action}")
