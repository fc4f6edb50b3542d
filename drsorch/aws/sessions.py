"""Clients for an account and a Region: hub credentials or AssumeRole, cached per process."""

import os
import re
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import boto3
from botocore.credentials import Credentials as RoleKeys
from django.conf import settings

from drsorch.aws import apis, classify, endpoint, wire
from drsorch.aws.apis import Timing
from drsorch.aws.calls import BREAKER, CLOCKS, Client, call
from drsorch.aws.errors import AwsDenied, AwsError, AwsNotReady, AwsUnreachable

RENEW_BEFORE = timedelta(minutes=5)
STS_ATTEMPTS = 2  # each Region is tried twice, and there are two: slow credentials must not use up a task's time
# Where STS is asked when the Region at hand cannot answer and the environment names no other.
HOME = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1", "aws-eusc": "eusc-de-east-1"}
NOT_IN_SESSION_NAME = re.compile(r"[^\w+=,.@-]", re.ASCII)
SESSION_NAME_LENGTH = 64
# In each process. With many Regions those that were used longest ago make room.
CLIENTS_KEPT = 32
Answer = dict[str, Any]


class Account(Protocol):
    """What the gateway must know of an account; without `role_arn` it is the hub's own."""

    @property
    def account_id(self) -> str: ...
    @property
    def partition(self) -> str: ...
    @property
    def role_arn(self) -> str | None: ...
    @property
    def external_id(self) -> str: ...


@dataclass(eq=False, slots=True)
class Credentials:
    """Credentials for one account in this process. `source` returns botocore's; the hub's own are renewed by boto3."""

    source: Callable[[], Any] = field(repr=False)
    account: Account
    sts_region: str
    expires_at: datetime | None
    forget: Callable[[], None] = field(repr=False)

    def signs(self) -> Any:
        """Return what botocore signs with, or None."""
        return self.source()

    def is_fresh(self) -> bool:
        """Tell whether they live for at least another five minutes."""
        return self.expires_at is None or datetime.now(UTC) < self.expires_at - RENEW_BEFORE

    def works(self) -> bool:
        """Ask STS whether it accepts them. Raises AwsError when STS cannot be asked."""
        try:
            call(_sts(self, self.account, self.sts_region, "check"), "GetCallerIdentity")
        except AwsDenied:
            return False
        return True

    def drop(self) -> None:
        """Forget them, so that the next client gets new ones."""
        self.forget()


class Process:
    """What one process has cached. A forked child starts with an empty one: connections must not be shared."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.locks: dict[tuple[Any, ...], threading.Lock] = {}
        self.session: boto3.Session | None = None
        self.credentials: dict[tuple[Any, ...], Credentials] = {}
        self.apis: OrderedDict[tuple[Any, ...], Any] = OrderedDict()

    def lock_for(self, key: tuple[Any, ...]) -> threading.Lock:
        """Return the lock under which the credentials of `key` are made."""
        with self.lock:
            return self.locks.setdefault(key, threading.Lock())

    def hub_session(self) -> boto3.Session:
        """Return the session with the credentials of this installation."""
        with self.lock:
            if self.session is None:
                self.session = apis.new_session()
            return self.session


_process = Process()


def forget() -> None:
    """Forget this process's credentials and clients, which places do not answer, and what time it is there."""
    global _process  # noqa: PLW0603 - one process, one cache; replaced whole so that no half of it survives a fork
    _process = Process()
    BREAKER.forget()
    CLOCKS.forget()


os.register_at_fork(after_in_child=forget)


def client(account: Account, region: str, service: str, *, once: bool = False, purpose: str = "engine") -> Client:
    """Return a client for `service` in `region` of `account`; `once` for calls that must not be repeated.

    Never acts in another account than asked: raises AwsDenied when the credentials belong to another one or AWS
    refuses the role, other AwsErrors when STS cannot be asked, ImproperlyConfigured when practice could reach AWS.
    Ask for a client per piece of work; it is cached, and its credentials live for at least five minutes.
    `purpose` appears in CloudTrail and decides who waits ("launch" before all others, "inventory" after them).
    """
    endpoint.require_endpoint()
    credentials = _credentials(account, region, purpose)
    timing = _once_timing() if once else _timing(attempts=3)
    api = _api(region, service, timing)
    return Client(account.account_id, region, service, once, purpose, timing.read, api, credentials)


@dataclass(frozen=True, slots=True)
class Hub:
    """The account of this installation, before anybody has said which one it is."""

    account_id: str = ""
    partition: str = "aws"
    role_arn: str | None = None
    external_id: str = ""


def hub_client(service: str, region: str, *, purpose: str) -> Client:
    """Return a client with this installation's own credentials, for what belongs to whichever account they are of."""
    endpoint.require_endpoint()
    hub = Hub()
    credentials = _hub(_process, (_endpoints(), "hub"), hub, region)
    timing = _timing(attempts=3)
    api = _api(region, service, timing)
    return Client(hub.account_id, region, service, False, purpose, timing.read, api, credentials)


def own_client(purpose: str) -> Client:
    """Return a client for STS with this installation's own credentials, to ask whose they are."""
    endpoint.require_endpoint()
    hub = Hub()
    region = _home(hub)
    return _sts(_hub(_process, (_endpoints(), "hub"), hub, region), hub, region, purpose)


def _timing(attempts: int) -> Timing:
    return Timing(settings.AWS_CONNECT_TIMEOUT_SECONDS, settings.AWS_READ_TIMEOUT_SECONDS, attempts)


def _once_timing() -> Timing:
    return Timing(settings.AWS_ONCE_CONNECT_TIMEOUT_SECONDS, settings.AWS_ONCE_READ_TIMEOUT_SECONDS, 1)


def _credentials(account: Account, region: str, purpose: str) -> Credentials:
    process = _process
    key = (_endpoints(), account.account_id, account.role_arn or "", account.external_id)
    with process.lock_for(key):
        known = process.credentials.get(key)
        if known is None or not known.is_fresh():
            known = (_assume if account.role_arn else _own)(process, key, account, region, purpose)
            process.credentials[key] = known
        return known


def _own(process: Process, key: tuple[Any, ...], account: Account, region: str, purpose: str) -> Credentials:
    """Return the hub's credentials, once STS has said that they belong to `account`."""
    hub = _hub(process, key, account, region)

    def ask(sts_region: str) -> Answer:
        return call(_sts(hub, account, sts_region, purpose), "GetCallerIdentity")

    answer, sts_region = _ask_sts(account, region, ask)
    _refuse_other_account(wire.text(answer, "Account"), account, region, "The credentials of this installation belong")
    hub.sts_region = sts_region
    return hub


def _hub(process: Process, key: tuple[Any, ...], account: Account, region: str) -> Credentials:
    def forget_hub() -> None:
        with process.lock:
            process.session = None
            process.credentials.pop(key, None)

    with process.lock:
        own = process.hub_session().get_credentials
        return process.credentials.setdefault(key, Credentials(own, account, region, None, forget_hub))


def _assume(process: Process, key: tuple[Any, ...], account: Account, region: str, purpose: str) -> Credentials:
    """Return temporary credentials of the account's role."""
    params = {"RoleArn": account.role_arn, "RoleSessionName": session_name(settings.INSTALLATION_NAME, purpose)}
    if account.external_id:
        params["ExternalId"] = account.external_id
    hub = _hub(process, (_endpoints(), "hub"), account, region)

    def ask(sts_region: str) -> Answer:
        return call(_sts(hub, account, sts_region, purpose), "AssumeRole", params)

    answer, sts_region = _ask_sts(account, region, ask)
    owner = wire.text(answer, "AssumedRoleUser", "Arn").split(":")[4:5]
    _refuse_other_account(owner[0] if owner else "", account, region, f"The role {account.role_arn} belongs")
    given = answer["Credentials"]
    keys = RoleKeys(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])

    def forget_role() -> None:
        process.credentials.pop(key, None)

    return Credentials(lambda: keys, account, sts_region, wire.parse_time(given.get("Expiration")), forget_role)


def session_name(installation: str, purpose: str) -> str:
    """Return what CloudTrail shows of us: installation and purpose, in the charset and length that STS accepts."""
    end = "-" + NOT_IN_SESSION_NAME.sub("-", purpose)[: SESSION_NAME_LENGTH // 2]
    return NOT_IN_SESSION_NAME.sub("-", installation)[: SESSION_NAME_LENGTH - len(end)] + end


def _refuse_other_account(owner: str, account: Account, region: str, whose: str) -> None:
    if owner != account.account_id:
        raise AwsDenied(
            f"{whose} to account {owner or 'unknown'}, not to {account.account_id}. Nothing was done in Region "
            f"{region}. Correct the role or the number of the account.",
            account_id=account.account_id,
            region=region,
        )


def _ask_sts(account: Account, region: str, ask: Callable[[str], Answer]) -> tuple[Answer, str]:
    """Ask the STS of `region`, so that no other Region has to be alive, and only when it cannot answer that at home."""
    try:
        return ask(region), region
    except (AwsUnreachable, AwsNotReady, AwsDenied) as error:
        home = _home(account)
        if home == region or not _cannot_answer(error):
            raise
    return ask(home), home


def _cannot_answer(error: AwsError) -> bool:
    return not isinstance(error, AwsDenied) or error.aws_code in classify.UNRECOGNISED


def _home(account: Account) -> str:
    session = _process.hub_session()
    configured = os.environ.get("AWS_REGION") or session.region_name or ""
    if configured in session.get_available_regions("sts", account.partition):
        return configured
    return HOME.get(account.partition, HOME["aws"])


def _sts(credentials: Credentials, account: Account, region: str, purpose: str) -> Client:
    timing = _timing(attempts=STS_ATTEMPTS)
    api = _api(region, "sts", timing)
    return Client(account.account_id, region, "sts", False, purpose, timing.read, api, credentials)


def _endpoints() -> tuple[tuple[str, str], ...]:
    return tuple(endpoint.configured(os.environ).items())


def _api(region: str, service: str, timing: Timing) -> Any:
    """Return the botocore client, for all accounts: making one costs some 50 ms. Those used last are kept."""
    process = _process
    key = (_endpoints(), region, service, timing)
    with process.lock:
        if key not in process.apis:
            process.apis[key] = apis.new_api(process.hub_session(), region, service, timing)
        process.apis.move_to_end(key)
        while len(process.apis) > CLIENTS_KEPT:
            process.apis.popitem(last=False)
        return process.apis[key]
