"""Create, change and delete protection groups."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError
from django.utils import timezone

from drsorch.access import policy
from drsorch.access.roles import Permission
from drsorch.audit.actor import Actor
from drsorch.audit.facts import difference, facts_of
from drsorch.audit.record import account_of, record
from drsorch.aws import drs, sessions
from drsorch.errors import Conflict, Invalid
from drsorch.saving import no_twin, validate
from protection import inventory
from protection.models import ProtectionGroup, ServerHold, SourceServer, TargetAccount

EDITABLE = {"name", "description", "tier", "rto_minutes", "rpo_minutes"}


def create_group(
    *, actor: Actor, account: TargetAccount, region: str, server_ids: Sequence[str], **fields: Any
) -> ProtectionGroup:
    """Create a group of servers of one account and Region.

    `fields`: name, description, tier, rto_minutes, rpo_minutes. Asks AWS whether every server exists.
    Raises Denied, Invalid (an invented id, another Region, no server), Conflict (NAME_TAKEN, SERVER_CONFLICT) and
    AwsError.
    """
    policy.require(actor, Permission.CREATE_PROTECTION_GROUP)
    policy.require(actor, Permission.CREATE_PROTECTION_GROUP, account, policy.Level.MANAGE)
    group = ProtectionGroup(account=account, region=region, created_by=actor.user, changed_by=actor.user)
    _fill(group, fields)
    found = _look(account, region, server_ids)
    with transaction.atomic():
        with no_twin(f"There is a protection group named {group.name} already. Choose another name.", "NAME_TAKEN"):
            group.save()
        inventory.upsert(account, region, found, timezone.now())
        _assign(group, server_ids)
        record(actor, "create_group", group, after=_facts(group), servers=sorted(server_ids))
    return group


def update_group(
    *, group: ProtectionGroup, actor: Actor, version: int | None, server_ids: Sequence[str] | None = None, **fields: Any
) -> ProtectionGroup:
    """Change a group; its account and Region stay. `server_ids` None leaves the servers as they are.

    Asks AWS when servers are given. Raises as `create_group`, and Conflict (ACTIVE_EXECUTION), VersionMismatch.
    """
    policy.require(actor, Permission.UPDATE_PROTECTION_GROUP, group, policy.Level.MANAGE)
    found = None if server_ids is None else _look(group.account, group.region, server_ids)
    with transaction.atomic():
        group.claim_version(version, actor)
        _refuse_while_held(group)
        before = _facts(group)
        _fill(group, fields)
        with no_twin(f"There is a protection group named {group.name} already. Choose another name.", "NAME_TAKEN"):
            group.save()
        if server_ids is not None and found is not None:
            inventory.upsert(group.account, group.region, found, timezone.now())
            group.servers.exclude(source_server_id__in=server_ids).update(group=None)
            _assign(group, server_ids)
        change = difference(before, _facts(group))
        record(actor, "update_group", group, **change, servers=None if server_ids is None else sorted(server_ids))
    return group


def delete_group(*, group: ProtectionGroup, actor: Actor, version: int | None = None) -> None:
    """Delete a group that no plan uses. Raises Denied, Conflict (IN_USE, ACTIVE_EXECUTION), VersionMismatch."""
    policy.require(actor, Permission.DELETE_PROTECTION_GROUP, group, policy.Level.MANAGE)
    with transaction.atomic():
        group.claim_version(version, actor)
        _refuse_while_held(group)
        before, account = _facts(group), account_of(group)
        try:
            ProtectionGroup.objects.filter(pk=group.pk).delete()  # the row at hand keeps its key for the evidence
        except ProtectedError as error:
            users = "; ".join(sorted(str(row) for row in error.protected_objects))
            raise Conflict(f"{group} is still used by {users}. Remove it there first.", code="IN_USE") from error
        record(actor, "delete_group", group, before=before, account=account)


def _facts(group: ProtectionGroup) -> dict[str, Any]:
    """Return what is evidence of a group: its columns and its servers."""
    servers = group.servers.order_by("source_server_id").values_list("source_server_id", flat=True)
    return facts_of(group) | {"servers": list(servers)}


def _fill(group: ProtectionGroup, fields: dict[str, Any]) -> None:
    unknown = fields.keys() - EDITABLE
    if unknown:
        raise TypeError(f"A protection group has no {', '.join(sorted(unknown))}.")
    for name, value in fields.items():
        setattr(group, name, value)
    validate(group)


def _look(account: TargetAccount, region: str, server_ids: Sequence[str]) -> list[drs.SourceServer]:
    """Ask DRS for the servers, and refuse ids that it does not know there."""
    if not server_ids:
        raise Invalid("A protection group needs at least one server. Choose one or more.")
    if not account.regions.filter(region=region, is_enabled=True).exists():
        raise Invalid(f"{region} is not an enabled Region of {account}. Add it to the account first.")
    found = drs.describe_source_servers(sessions.client(account, region, "drs", purpose="groups"), server_ids)
    missing = sorted(set(server_ids) - {server.source_server_id for server in found})
    if missing:
        raise Invalid(" ".join(_absent(account, region, server_id) for server_id in missing))
    return found


def _absent(account: TargetAccount, region: str, server_id: str) -> str:
    elsewhere = SourceServer.objects.filter(source_server_id=server_id).select_related("account").first()
    if elsewhere is None:
        return f"DRS knows no source server {server_id} in {region} of {account}. Check the id."
    return (
        f"{server_id} is in {elsewhere.region} of {elsewhere.account}, and this group is in {region} of {account}: "
        "a group has servers of one account and Region. Make a group there."
    )


def _assign(group: ProtectionGroup, server_ids: Iterable[str]) -> None:
    """Put the servers into the group; the condition in the UPDATE decides between two who want the same server."""
    wanted = SourceServer.objects.at(group.account, group.region).filter(source_server_id__in=list(server_ids))
    wanted.filter(group=None).update(group=group)
    taken = list(wanted.exclude(group=group).select_related("group"))
    if taken:
        raise Conflict(
            " ".join(
                f"{server} is in protection group {server.group} already. Remove it there first." for server in taken
            ),
            code="SERVER_CONFLICT",
            details={"servers": {server.source_server_id: str(server.group) for server in taken}},
        )


def _refuse_while_held(group: ProtectionGroup) -> None:
    hold = ServerHold.objects.filter(server__group=group).select_related("server").first()
    if hold:
        raise Conflict(
            f"{group} cannot be changed now: {hold.server} is in use by {hold.label}. Wait until it has ended.",
            code="ACTIVE_EXECUTION",
            details={"executionId": str(hold.holder)},
        )
