"""How a world is described: accounts, their Regions, and the source servers in them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from drsorch.simulator.settings import Quotas

GIB = 1 << 30
ROLE_NAME = "drsorch-spoke"


@dataclass(frozen=True)
class ServerDescription:
    """A server that replicates into a Region. `lag_seconds` is what its lag moves around while it is CONTINUOUS."""

    hostname: str
    operating_system: str
    address: str
    tags: dict[str, str]
    cores: int = 2
    memory_gib: int = 8
    disks_gib: tuple[int, ...] = (30,)
    instance_type: str = "m5.large"
    origin_region: str = ""
    replication: str = "CONTINUOUS"
    lag_seconds: int = 0
    domain: str = "corp.example"
    encryption_key: str | None = None

    def device_name(self, index: int) -> str:
        """How the operating system calls its disk number `index`."""
        if "Windows" in self.operating_system:
            return f"{chr(ord('c') + index)}:0"
        return f"/dev/nvme{index}n1"


@dataclass(frozen=True)
class NetworkDescription:
    """A VPC of the origin that is protected beside the servers."""

    name: str
    cidr: str
    origin_region: str


@dataclass(frozen=True)
class RegionDescription:
    """A Region in which an account uses Elastic Disaster Recovery, or could if it were initialised."""

    name: str
    servers: Sequence[ServerDescription] = ()
    is_initialized: bool = True
    has_templates: bool = False
    networks: tuple[NetworkDescription, ...] = ()


@dataclass(frozen=True)
class AccountDescription:
    """An account. The hub has an access key; every other account has a role that trusts the hub.

    `origin_regions` are those from which its servers come: DRS is initialised there for the way back. The accounts of
    `extends_to` may recover the servers that are staged here.
    """

    id: str
    name: str
    regions: tuple[RegionDescription, ...]
    access_key_id: str | None = None
    secret_access_key: str | None = None
    external_id: str | None = None
    origin_regions: tuple[str, ...] = ()
    extends_to: tuple[str, ...] = ()

    @property
    def role_arn(self) -> str | None:
        """The role the hub assumes, or None in the hub itself."""
        return f"arn:aws:iam::{self.id}:role/{ROLE_NAME}" if self.external_id else None


@dataclass(frozen=True)
class World:
    """Everything the simulated AWS starts with."""

    name: str
    accounts: tuple[AccountDescription, ...]
    quotas: Quotas = field(default_factory=Quotas)

    @property
    def hub(self) -> AccountDescription:
        """The account whose access key the product uses."""
        return next(account for account in self.accounts if account.access_key_id)
