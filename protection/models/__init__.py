"""What we protect."""

from protection.models.accounts import AccountRegion, TargetAccount
from protection.models.groups import ProtectionGroup, ServerHold
from protection.models.servers import ServerTag, SourceServer

__all__ = ["AccountRegion", "ProtectionGroup", "ServerHold", "ServerTag", "SourceServer", "TargetAccount"]
