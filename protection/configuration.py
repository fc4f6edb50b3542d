"""Accounts and protection groups in a configuration document: as they are written, and as they are taken from one."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any

from drsorch.audit.actor import Actor
from drsorch.config.changes import HIDDEN, Change, change_of
from drsorch.config.shapes import (
    Member,
    Shape,
    all_fitted,
    flag,
    line,
    matching,
    one_of,
    or_null,
    prose,
    several,
    whole,
)
from drsorch.errors import Conflict, Invalid
from protection.models import ProtectionGroup, TargetAccount
from protection.services import create_group, register_account, update_account, update_group
from protection.services.accounts import PARTITIONS
from protection.services.groups import look_up

Entry = dict[str, Any]
ACCOUNT_ID = matching(r"\d{12}", "the 12 digits of an AWS account")
SERVER_ID = matching(r"s-[0-9a-f]{17}", "the id of a DRS source server")
REGION = matching(r"[a-z0-9-]{1,32}", "the name of a Region")
ACCOUNT: Shape = {
    "accountId": Member(ACCOUNT_ID),
    "name": Member(line(100)),
    "partition": Member(one_of(PARTITIONS), "aws"),
    "roleArn": Member(line(255, may_be_empty=True), ""),
    "tagJobs": Member(flag, True),
    "regions": Member(several(REGION)),
}
GROUP: Shape = {
    "name": Member(line(100)),
    "description": Member(prose, ""),
    "accountId": Member(ACCOUNT_ID),
    "region": Member(REGION),
    "tier": Member(line(50, may_be_empty=True), ""),
    "rtoMinutes": Member(or_null(whole), None),
    "rpoMinutes": Member(or_null(whole), None),
    "serverIds": Member(several(SERVER_ID)),
}


@dataclass(frozen=True, slots=True)
class Found:
    """What DRS said of the servers that the document puts into groups: (account id, Region) -> server id -> server."""

    servers: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    def of(self, entry: Entry) -> list[Any]:
        """Return what was said of the servers of a group. Raises Conflict for a group that was not looked at."""
        known = self.servers.get((entry["accountId"], entry["region"]), {})
        if not known.keys() >= set(entry["serverIds"]):
            raise Conflict(f"{entry['name']} was changed by someone else meanwhile. Try the import again.")
        return [known[server_id] for server_id in entry["serverIds"]]


def accounts_in(data: Any) -> list[Entry]:
    """Return the document's accounts, complete and in the order of an export. Raises Invalid."""
    entries = all_fitted(ACCOUNT, data, "accounts", key="accountId")
    return sorted(entries, key=lambda entry: entry["accountId"])


def groups_in(data: Any) -> list[Entry]:
    """Return the document's protection groups, complete and in the order of an export. Raises Invalid."""
    return sorted(all_fitted(GROUP, data, "protectionGroups", key="name"), key=by_name)


def by_name(entry: Entry) -> tuple[str, str]:
    """Sort by name, the same on every database."""
    return entry["name"].lower(), entry["name"]


def written_accounts() -> list[Entry]:
    """Return the accounts as a document has them. The external id never leaves."""
    rows = TargetAccount.objects.prefetch_related("regions").order_by("account_id")
    return [_written_account(row) for row in rows]


def written_groups() -> list[Entry]:
    """Return the protection groups as a document has them."""
    rows = ProtectionGroup.objects.select_related("account").prefetch_related("servers")
    return sorted((_written_group(row) for row in rows), key=by_name)


def look_at_servers(
    accounts: Iterable[Entry], groups: Iterable[Entry], external_ids: Mapping[str, str], actor: Actor
) -> Found:
    """Ask DRS for the servers of those groups whose servers would change. Asks AWS, once for each account and Region.

    Raises Invalid for an id that DRS does not know or an account that nobody knows, AwsError.
    """
    present = {entry["name"].lower(): entry for entry in written_groups()}
    wanted: dict[tuple[str, str], set[str]] = defaultdict(set)
    for entry in groups:
        before = present.get(entry["name"].lower())
        if before is None or before["serverIds"] != entry["serverIds"]:
            wanted[entry["accountId"], entry["region"]] |= set(entry["serverIds"])
    given = {entry["accountId"]: entry for entry in accounts}
    found = Found()
    for (account_id, region), ids in wanted.items():
        account = _account_as_given(account_id, given.get(account_id), external_ids.get(account_id, ""))
        servers = look_up(account, region, sorted(ids), actor) if ids else []
        found.servers[account_id, region] = {server.source_server_id: server for server in servers}
    return found


def write_account(entry: Entry, external_id: str, actor: Actor) -> Change:
    """Register or change an account as the document says. Raises as the services do, Invalid for another partition."""
    row = TargetAccount.objects.filter(account_id=entry["accountId"]).first()
    change = change_of("account", entry["accountId"], _written_account(row) if row else None, entry)
    fields = {"name": entry["name"], "role_arn": entry["roleArn"], "tag_jobs": entry["tagJobs"]}
    fields |= {"regions": entry["regions"], "external_id": external_id}
    if row is None:
        account_id, partition = entry["accountId"], entry["partition"]
        register_account(actor=actor, account_id=account_id, partition=partition, **fields)
        return change
    if "partition" in change.members:
        raise Invalid(f"{row} is in the partition {row.partition}, and an account cannot move. Correct the document.")
    if external_id and external_id != row.external_id:
        change = Change(change.kind, change.name, "update", change.members | {"externalId": (HIDDEN, HIDDEN)})
    if change.members:
        update_account(account=row, actor=actor, version=row.version, **fields)
    return change


def write_groups(entries: list[Entry], found: Found, actor: Actor) -> list[Change]:
    """Create or change the groups as the document says, one that gives servers away before the one that takes them.

    Raises as the services do, Invalid for another account or Region. The changes are in the document's order.
    """
    rows = {row.name.lower(): row for row in ProtectionGroup.objects.select_related("account")}
    changes = {
        entry["name"]: _write_group(entry, rows.get(entry["name"].lower()), found, actor)
        for entry in _givers_first(entries)
    }
    return [changes[entry["name"]] for entry in entries]


def _write_group(entry: Entry, row: ProtectionGroup | None, found: Found, actor: Actor) -> Change:
    change = change_of("protectionGroup", entry["name"], _written_group(row) if row else None, entry)
    fields = {"name": entry["name"], "description": entry["description"], "tier": entry["tier"]}
    fields |= {"rto_minutes": entry["rtoMinutes"], "rpo_minutes": entry["rpoMinutes"]}
    ids = entry["serverIds"]
    if row is None:
        account, region = _registered(entry), entry["region"]
        looked_at = found.of(entry)
        create_group(actor=actor, account=account, region=region, server_ids=ids, found=looked_at, **fields)
    elif not change.members.keys().isdisjoint({"accountId", "region"}):
        raise Invalid(f"{row} is in {row.region} of {row.account}, and a group cannot move. Give it another name.")
    elif "serverIds" in change.members:
        looked_at = found.of(entry)
        update_group(group=row, actor=actor, version=row.version, server_ids=ids, found=looked_at, **fields)
    elif change.members:
        update_group(group=row, actor=actor, version=row.version, **fields)
    return change


def _givers_first(entries: list[Entry]) -> list[Entry]:
    """Order the groups so that each server is free when its new group takes it; two that swap are left to refuse."""
    by_key = {entry["name"].lower(): entry for entry in entries}
    owners = {server_id: group["name"].lower() for group in written_groups() for server_id in group["serverIds"]}
    order: TopologicalSorter[str] = TopologicalSorter()
    for key, entry in by_key.items():
        order.add(key, *({owners[each] for each in entry["serverIds"] if each in owners} & by_key.keys() - {key}))
    try:
        return [by_key[key] for key in order.static_order()]
    except CycleError:
        return entries


def _written_account(row: TargetAccount) -> Entry:
    return {
        "accountId": row.account_id,
        "name": row.name,
        "partition": row.partition,
        "roleArn": row.role_arn,
        "tagJobs": row.tag_jobs,
        "regions": sorted(place.region for place in row.regions.all() if place.is_enabled),
    }


def _written_group(row: ProtectionGroup) -> Entry:
    return {
        "name": row.name,
        "description": row.description,
        "accountId": row.account.account_id,
        "region": row.region,
        "tier": row.tier,
        "rtoMinutes": row.rto_minutes,
        "rpoMinutes": row.rpo_minutes,
        "serverIds": sorted(server.source_server_id for server in row.servers.all()),
    }


def _account_as_given(account_id: str, entry: Entry | None, external_id: str) -> TargetAccount:
    """Return the account as it will be, to ask AWS with; the row is not saved."""
    row = TargetAccount.objects.filter(account_id=account_id).first()
    if row is None and entry is None:
        raise _unknown(account_id)
    account = row or TargetAccount(account_id=account_id)
    if entry is not None:
        account.name, account.role_arn, account.partition = entry["name"], entry["roleArn"], entry["partition"]
    if external_id:
        account.external_id = external_id
    return account


def _registered(entry: Entry) -> TargetAccount:
    row = TargetAccount.objects.filter(account_id=entry["accountId"]).first()
    if row is None:
        raise _unknown(entry["accountId"])
    return row


def _unknown(account_id: str) -> Invalid:
    return Invalid(f"Account {account_id} is neither registered nor in the document. Add it under accounts.")
