"""Register, change and validate target accounts."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError, Q
from django.utils import timezone

from drsorch.access import policy
from drsorch.access.roles import Permission
from drsorch.audit.actor import Actor
from drsorch.audit.facts import difference, facts_of
from drsorch.audit.record import account_of, record
from drsorch.aws import drs, sessions, sts
from drsorch.aws.errors import AwsError, AwsNotReady
from drsorch.aws.regions import regions_of
from drsorch.errors import Conflict, Invalid
from drsorch.queue.enqueue import enqueue
from drsorch.saving import no_twin, validate
from protection.models import AccountRegion, SourceServer, TargetAccount
from protection.models.accounts import AccountStatus

STATE = ("status", "status_reason")
PARTITIONS = ("aws", "aws-us-gov", "aws-eusc")
# A task may be lost with its worker: then nobody waits any more for whoever asks next.
DOORBELL_LOST_AFTER = timedelta(minutes=5)


def register_account(
    *,
    actor: Actor,
    account_id: str,
    name: str,
    regions: Iterable[str],
    role_arn: str = "",
    external_id: str = "",
    partition: str = "aws",
    tag_jobs: bool = True,
) -> TargetAccount:
    """Register an account with the Regions to look at, not validated yet. No AWS.

    `external_id` is given only for a role that exists with one; otherwise a random one is made.
    Raises Denied, Invalid, Conflict (ACCOUNT_TAKEN).
    """
    policy.require(actor, Permission.MANAGE_ACCOUNTS)
    policy.require_everywhere(actor, Permission.MANAGE_ACCOUNTS)
    account = TargetAccount(
        account_id=account_id,
        name=name,
        role_arn=role_arn,
        partition=partition,
        tag_jobs=tag_jobs,
        created_by=actor.user,
        changed_by=actor.user,
    )
    if external_id:
        account.external_id = external_id
    validate(account)
    _check_role(account)
    with transaction.atomic():
        with no_twin(f"Account {account_id} is registered already.", "ACCOUNT_TAKEN"):
            account.save()
        _set_regions(account, regions)
        record(
            actor,
            "register_account",
            account,
            after=_facts(account),
            role_arn=role_arn,
            regions=sorted(set(regions)),
        )
    return account


def update_account(
    *,
    account: TargetAccount,
    actor: Actor,
    version: int | None,
    name: str,
    role_arn: str,
    tag_jobs: bool,
    regions: Iterable[str],
    external_id: str = "",
) -> TargetAccount:
    """Change an account; a changed role or external id has to be validated again. No `external_id`: it stays.

    Raises Denied, Invalid, VersionMismatch.
    """
    policy.require(actor, Permission.MANAGE_ACCOUNTS, account, policy.Level.MANAGE)
    with transaction.atomic():
        account.claim_version(version, actor)
        before = _facts(account)
        if account.role_arn != role_arn or (external_id and account.external_id != external_id):
            account.status, account.status_reason = AccountStatus.UNVALIDATED, ""
        if external_id:
            account.external_id = external_id
        account.name, account.role_arn, account.tag_jobs = name, role_arn, tag_jobs
        validate(account)
        _check_role(account)
        account.save()
        _set_regions(account, regions)
        change = difference(before, _facts(account))
        record(actor, "update_account", account, **change, role_arn=role_arn, regions=sorted(set(regions)))
    return account


def validate_account(*, account: TargetAccount, actor: Actor) -> TargetAccount:
    """Ask AWS whether we may act in the account and which of its Regions are initialised, and keep the answer.

    Asks AWS. An account that refuses us is a state of the account, with AWS's reason, not an error of this call.
    """
    policy.require(actor, Permission.MANAGE_ACCOUNTS, account, policy.Level.MANAGE)
    problems: list[str] = []
    before = facts_of(account, STATE)
    states: dict[int, bool | None] = {}
    for place in account.regions.filter(is_enabled=True):
        try:
            sts.caller_identity(sessions.client(account, place.region, "sts", purpose="validate"))
            states[place.pk] = drs.is_initialized(sessions.client(account, place.region, "drs", purpose="validate"))
        except AwsNotReady:
            states[place.pk] = False
        except AwsError as error:
            problems.append(error.message)
            states[place.pk] = None
    with transaction.atomic():
        account.status = AccountStatus.INVALID if problems or not states else AccountStatus.VALID
        account.status_reason = " ".join(dict.fromkeys(problems)) or ("" if states else "The account has no Region.")
        account.validated_at = timezone.now()
        account.save(update_fields=["status", "status_reason", "validated_at"])
        for pk, state in states.items():
            AccountRegion.objects.filter(pk=pk).update(is_initialized=state)
        change = difference(before, facts_of(account, STATE))
        record(actor, "validate_account", account, **change, status=account.status, reason=account.status_reason)
    return account


def remove_account(*, account: TargetAccount, actor: Actor, version: int | None) -> None:
    """Forget an account and its inventory. Nothing in AWS changes, and no AWS is asked.

    Raises Denied, VersionMismatch, Conflict (IN_USE: groups have its servers, or executions have run in it).
    """
    policy.require(actor, Permission.MANAGE_ACCOUNTS, account, policy.Level.MANAGE)
    with transaction.atomic():
        account.claim_version(version, actor)
        groups = list(account.groups.values_list("name", flat=True))
        if groups:
            raise Conflict(
                f"{account} is used by protection group {', '.join(sorted(groups))}. Delete it first.",
                code="IN_USE",
                details={"groups": sorted(groups)},
            )
        before = _facts(account)
        SourceServer.objects.filter(account=account).delete()
        try:
            TargetAccount.objects.filter(pk=account.pk).delete()  # the row at hand keeps its key for the evidence
        except ProtectedError as error:
            raise Conflict(
                f"Executions have run in {account}, and their history names it. It can be removed when they are "
                "deleted. Until then, disable its Regions.",
                code="IN_USE",
            ) from error
        record(actor, "remove_account", account, before=before, account=account_of(account))


def own_account(*, actor: Actor) -> sts.Identity:
    """Return whose credentials this installation runs with. Asks AWS. Raises Denied, AwsError."""
    policy.require(actor, Permission.VIEW_RESOURCES)
    return sts.caller_identity(sessions.own_client("validate"))


def request_sync(*, account: TargetAccount, actor: Actor) -> int:
    """Ask the worker to synchronise the account's Regions now; return how many. No AWS. Raises Denied."""
    policy.require(actor, Permission.VIEW_RESOURCES, account, policy.Level.VIEW)
    return start_sync(account=account, actor=actor)


@transaction.atomic
def start_sync(*, account: TargetAccount, actor: Actor) -> int:
    """Ring for the account's Regions, but not for those that wait for the worker already; return how many. No AWS.

    The caller has checked that `actor` may.
    """
    # Whoever writes several Regions of an account holds its row first: none then waits for the other's half.
    TargetAccount.objects.select_for_update().filter(pk=account.pk).first()
    places = list(account.regions.filter(is_enabled=True))
    now = timezone.now()
    waits = Q(sync_asked_at__gt=now - DOORBELL_LOST_AFTER)
    for place in places:
        if account.regions.exclude(waits).filter(pk=place.pk).update(sync_asked_at=now):
            enqueue("protection.tasks.sync_region", place.pk, later=True)
    record(actor, "request_sync", account, regions=[place.region for place in places])
    return len(places)


def offered_regions() -> dict[str, list[str]]:
    """Return the Regions in which DRS is offered, by partition. No AWS."""
    return {partition: sorted(regions_of("drs", partition)) for partition in PARTITIONS}


def _facts(account: TargetAccount) -> dict[str, Any]:
    """Return what is evidence of an account: its columns without the external id, and its enabled Regions."""
    regions = account.regions.filter(is_enabled=True).order_by("region").values_list("region", flat=True)
    return facts_of(account) | {"regions": list(regions)}


def _check_role(account: TargetAccount) -> None:
    prefix = f"arn:{account.partition}:iam::{account.account_id}:role/"
    if account.role_arn and not account.role_arn.startswith(prefix):
        raise Invalid(
            f"The role ARN {account.role_arn} is not in account {account.account_id}. It must start {prefix}."
        )


def _set_regions(account: TargetAccount, regions: Iterable[str]) -> None:
    wanted = set(regions)
    known = set(regions_of("drs", account.partition))
    unknown = sorted(wanted - known)
    if unknown:
        raise Invalid(f"DRS is not offered in {', '.join(unknown)}. Choose from the Regions of {account.partition}.")
    account.regions.exclude(region__in=wanted).update(is_enabled=False)
    account.regions.filter(region__in=wanted).update(is_enabled=True)
    present = set(account.regions.values_list("region", flat=True))
    AccountRegion.objects.bulk_create(AccountRegion(account=account, region=name) for name in sorted(wanted - present))
