"""Show which servers a tag rule would give, before anything is made of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from drsorch.access import policy
from drsorch.access.roles import Permission
from drsorch.audit.actor import Actor
from drsorch.aws import drs, sessions
from drsorch.errors import Invalid
from protection.models import ProtectionGroup, SourceServer, TargetAccount
from protection.models.servers import LAUNCHABLE
from protection.services.groups import require_region


@dataclass(frozen=True, slots=True)
class Match:
    """A server that has all the tags, as DRS describes it now; `group` is the one that it is in, or None."""

    server: drs.SourceServer
    group: ProtectionGroup | None

    @property
    def name(self) -> str:
        """The hostname, or the id of a server that has not told its name."""
        return self.server.hostname or self.server.source_server_id

    @property
    def is_launchable(self) -> bool:
        """True when DRS can launch it from a consistent snapshot now."""
        return self.server.replication_state in LAUNCHABLE


def resolve_tags(*, account: TargetAccount, region: str, tags: Mapping[str, str], actor: Actor) -> list[Match]:
    """Return the servers of a Region that have every one of `tags` with its value, by name. Changes nothing.

    Asks AWS. Keys and values are compared as AWS does, letter by letter. Raises Denied, NotFound, Invalid (no tag,
    another Region) and AwsError.
    """
    policy.require(actor, Permission.VIEW_RESOURCES, account, policy.Level.VIEW)
    if not tags:
        raise Invalid("A tag rule needs at least one tag: without one it would give every server.")
    require_region(account, region)
    found = drs.describe_source_servers(sessions.client(account, region, "drs", purpose="groups"))
    matching = [server for server in found if tags.items() <= server.tags.items()]
    assigned = SourceServer.objects.at(account, region).exclude(group=None).select_related("group")
    groups = {row.source_server_id: row.group for row in assigned}
    matches = [Match(server, groups.get(server.source_server_id)) for server in matching]
    return sorted(matches, key=lambda match: (match.name, match.server.source_server_id))
