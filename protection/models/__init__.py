"""What we protect."""

from protection.models.accounts import AccountRegion, TargetAccount
from protection.models.events import ReceivedEvent
from protection.models.grants import AccountTeamGrant, AccountUserGrant, GroupTeamGrant, GroupUserGrant
from protection.models.groups import ProtectionGroup, ServerHold
from protection.models.servers import ServerTag, SourceServer

__all__ = [
    "AccountRegion",
    "AccountTeamGrant",
    "AccountUserGrant",
    "GroupTeamGrant",
    "GroupUserGrant",
    "ProtectionGroup",
    "ReceivedEvent",
    "ServerHold",
    "ServerTag",
    "SourceServer",
    "TargetAccount",
]
