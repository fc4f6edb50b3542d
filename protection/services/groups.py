"""Create, change and delete protection groups."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Model, ProtectedError
from django.utils import timezone

from drsorch.access import policy
from drsorch.access.roles import Permission
from drsorch.audit.actor import Actor
from drsorch.audit.facts import difference, facts_of
from drsorch.audit.record import account_of, record
from drsorch.aws import drs, sessions
from drsorch.errors import Conflict, Invalid
from drsorch.saving import own_name, validate
from protection import inventory
from protection.holds import veil
from protection.models import ProtectionGroup, ServerHold, SourceServer, TargetAccount

EDITABLE = {"name", "description", "tier", "rto_minutes", "rpo_minutes"}


def create_group(
    *,
    actor: Actor,
    account: TargetAccount,
    region: str,
    server_ids: Sequence[str],
    found: list[drs.SourceServer] | None = None,
    **fields: Any,
) -> ProtectionGroup:
    """Create a group of servers of one account and Region.

    `fields`: name, description, tier, rto_minutes, rpo_minutes. Asks AWS whether every server exists, unless the
    caller has just asked (`look_up`) and gives what was `found`.
    Raises Denied, Invalid (an invented id, another Region, no server), Conflict (NAME_TAKEN, SERVER_CONFLICT) and
    AwsError.
    """
    policy.require(actor, Permission.CREATE_PROTECTION_GROUP)
    policy.require(actor, Permission.CREATE_PROTECTION_GROUP, account, policy.Level.MANAGE)
    group = ProtectionGroup(account=account, region=region, created_by=actor.user, changed_by=actor.user)
    _fill(group, fields)
    _refuse_elsewhere(account, region, server_ids)
    found = look_up(account, region, server_ids, actor) if found is None else found
    with transaction.atomic():
        with own_name(group, actor):
            group.save()
        inventory.upsert(account, region, found, timezone.now())
        _assign(group, server_ids, actor)
        record(actor, "create_group", group, after=_facts(group), servers=sorted(server_ids))
    return group


def update_group(
    *,
    group: ProtectionGroup,
    actor: Actor,
    version: int | None,
    server_ids: Sequence[str] | None = None,
    found: list[drs.SourceServer] | None = None,
    **fields: Any,
) -> ProtectionGroup:
    """Change a group; its account and Region stay. `server_ids` None leaves the servers as they are.

    Who manages the group and not its account adds only servers in sight: others are refused as if there were none.
    Asks AWS when servers are given, unless the caller has just asked (`found`). Raises as `create_group`, and Conflict
    (ACTIVE_EXECUTION), VersionMismatch.
    """
    policy.require(actor, Permission.UPDATE_PROTECTION_GROUP, group, policy.Level.MANAGE)
    if server_ids is not None:
        _refuse_elsewhere(group.account, group.region, server_ids)
        _refuse_unseen(group, server_ids, actor)
        found = look_up(group.account, group.region, server_ids, actor) if found is None else found
    with transaction.atomic():
        group.claim_version(version, actor)
        _refuse_while_held(group, actor)
        before = _facts(group)
        _fill(group, fields)
        with own_name(group, actor):
            group.save()
        if server_ids is not None and found is not None:
            inventory.upsert(group.account, group.region, found, timezone.now())
            group.servers.exclude(source_server_id__in=server_ids).update(group=None)
            _assign(group, server_ids, actor)
        change = difference(before, _facts(group))
        record(actor, "update_group", group, **change, servers=None if server_ids is None else sorted(server_ids))
    return group


def delete_group(*, group: ProtectionGroup, actor: Actor, version: int | None = None) -> None:
    """Delete a group that no plan uses. Raises Denied, Conflict (IN_USE, ACTIVE_EXECUTION), VersionMismatch."""
    policy.require(actor, Permission.DELETE_PROTECTION_GROUP, group, policy.Level.MANAGE)
    with transaction.atomic():
        group.claim_version(version, actor)
        _refuse_while_held(group, actor)
        before, account = _facts(group), account_of(group)
        try:
            ProtectionGroup.objects.filter(pk=group.pk).delete()  # the row at hand keeps its key for the evidence
        except ProtectedError as error:
            users = sorted(str(row) for row in error.protected_objects if _is_seen(row, actor))
            named = "; ".join(users) or "a plan that you may not see"
            raise Conflict(f"{group} is still used by {named}. Remove it there first.", code="IN_USE") from error
        record(actor, "delete_group", group, before=before, account=account)


def require_region(account: TargetAccount, region: str) -> None:
    """Return when we look at the Region of the account. Raises Invalid."""
    if not account.regions.filter(region=region, is_enabled=True).exists():
        raise Invalid(f"{region} is not an enabled Region of {account}. Add it to the account first.")


def _is_seen(row: Model, actor: Actor) -> bool:
    return policy.can(actor, Permission.VIEW_RESOURCES, row, policy.Level.VIEW)


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


def _refuse_elsewhere(account: TargetAccount, region: str, server_ids: Sequence[str]) -> None:
    if not server_ids:
        raise Invalid("A protection group needs at least one server. Choose one or more.")
    require_region(account, region)


def _refuse_unseen(group: ProtectionGroup, server_ids: Sequence[str], actor: Actor) -> None:
    account = group.account
    if policy.can(actor, Permission.UPDATE_PROTECTION_GROUP, account, policy.Level.MANAGE):
        return
    seen = policy.scope(actor, SourceServer.objects.at(account, group.region)).filter(source_server_id__in=server_ids)
    unseen = sorted(set(server_ids) - set(seen.values_list("source_server_id", flat=True)))
    if unseen:
        raise Invalid(" ".join(_absent(account, group.region, server_id, actor) for server_id in unseen))


def look_up(account: TargetAccount, region: str, server_ids: Sequence[str], actor: Actor) -> list[drs.SourceServer]:
    """Return what DRS says of the servers. Asks AWS. Raises Invalid for ids that it does not know there, AwsError."""
    found = drs.describe_source_servers(sessions.client(account, region, "drs", purpose="groups"), server_ids)
    missing = sorted(set(server_ids) - {server.source_server_id for server in found})
    if missing:
        raise Invalid(" ".join(_absent(account, region, server_id, actor) for server_id in missing))
    return found


def _absent(account: TargetAccount, region: str, server_id: str, actor: Actor) -> str:
    known = SourceServer.objects.filter(source_server_id=server_id).select_related("account")
    elsewhere = policy.scope(actor, known).first()
    if elsewhere is None:
        return f"DRS knows no source server {server_id} in {region} of {account}. Check the id."
    return (
        f"{server_id} is in {elsewhere.region} of {elsewhere.account}, and this group is in {region} of {account}: "
        "a group has servers of one account and Region. Make a group there."
    )


def _assign(group: ProtectionGroup, server_ids: Iterable[str], actor: Actor) -> None:
    """Put the servers into the group; the condition in the UPDATE decides between two who want the same server."""
    wanted = SourceServer.objects.at(group.account, group.region).filter(source_server_id__in=list(server_ids))
    wanted.filter(group=None).update(group=group)
    taken = list(wanted.exclude(group=group).select_related("group"))
    if not taken:
        return
    seen = set(policy.scope(actor, ProtectionGroup.objects.filter(servers__in=taken)).values_list("pk", flat=True))
    named = {each: f"protection group {each.group}" for each in taken if each.group_id in seen}
    unseen = "a protection group that you may not see"
    raise Conflict(
        " ".join(f"{each} is in {named.get(each, unseen)} already. Remove it there first." for each in taken),
        code="SERVER_CONFLICT",
        details={"servers": {each.source_server_id: str(each.group) for each in named}},
    )


def held_sentence(group: ProtectionGroup, server: object, label: str) -> str:
    """Say why a group cannot be changed while somebody has one of its servers; `label` as far as one may see it."""
    return f"{group} cannot be changed now: {server} is in use by {label}. Wait until it has ended."


def _refuse_while_held(group: ProtectionGroup, actor: Actor) -> None:
    hold = ServerHold.objects.filter(server__group=group).select_related("server").first()
    if hold:
        veil([hold], actor)
        raise Conflict(
            held_sentence(group, hold.server, hold.label),
            code="ACTIVE_EXECUTION",
            details={"executionId": str(hold.holder)} if hold.holder else {},
        )
