"""Source servers as DRS last described them."""

from django.db import models

from protection.models.accounts import TargetAccount
from protection.models.groups import ProtectionGroup


class ReplicationState(models.TextChoices):
    """DRS's ten replication states (DataReplicationState)."""

    STOPPED = "STOPPED", "Stopped"
    INITIATING = "INITIATING", "Initiating"
    INITIAL_SYNC = "INITIAL_SYNC", "Initial sync"
    BACKLOG = "BACKLOG", "Backlog"
    CREATING_SNAPSHOT = "CREATING_SNAPSHOT", "Creating snapshot"
    CONTINUOUS = "CONTINUOUS", "Continuous"
    PAUSED = "PAUSED", "Paused"
    RESCAN = "RESCAN", "Rescan"
    STALLED = "STALLED", "Stalled"
    DISCONNECTED = "DISCONNECTED", "Disconnected"

    @property
    def tone(self) -> str:
        """How it looks."""
        if self in LAUNCHABLE:
            return "ok" if self == ReplicationState.CONTINUOUS else "warn"
        return "loading" if self in {ReplicationState.INITIATING, ReplicationState.INITIAL_SYNC} else "error"


# Normal intermediate states still launch, from the last consistent snapshot.
LAUNCHABLE = frozenset(
    {
        ReplicationState.CONTINUOUS,
        ReplicationState.BACKLOG,
        ReplicationState.CREATING_SNAPSHOT,
        ReplicationState.RESCAN,
    }
)


class SourceServerQuerySet(models.QuerySet):
    """Source servers, narrowed."""

    def present(self) -> "SourceServerQuerySet":
        """Those that DRS showed in the last synchronisation."""
        return self.filter(missing_since=None)

    def at(self, account: TargetAccount, region: str) -> "SourceServerQuerySet":
        """Those of one account and Region."""
        return self.filter(account=account, region=region)

    def for_list(self) -> "SourceServerQuerySet":
        """With what a list shows."""
        return self.select_related("account", "group", "hold").prefetch_related("tags")


class SourceServer(models.Model):
    """A server that DRS replicates."""

    account = models.ForeignKey(TargetAccount, on_delete=models.PROTECT, related_name="servers")
    region = models.CharField(max_length=32)
    source_server_id = models.CharField(max_length=32)
    group = models.ForeignKey(ProtectionGroup, null=True, blank=True, on_delete=models.SET_NULL, related_name="servers")
    hostname = models.CharField(max_length=255, blank=True)
    fqdn = models.CharField(max_length=255, blank=True)
    ips = models.JSONField(default=list)
    os = models.CharField(max_length=255, blank=True)
    cpus = models.PositiveIntegerField(null=True)
    ram_bytes = models.PositiveBigIntegerField(null=True)
    disks = models.JSONField(default=list)
    recommended_instance_type = models.CharField(max_length=64, blank=True)
    origin_instance_id = models.CharField(max_length=32, blank=True)
    replication_state = models.CharField(max_length=32, blank=True)
    lag_seconds = models.PositiveIntegerField(null=True)
    backlog_bytes = models.PositiveBigIntegerField(default=0)
    last_seen_at = models.DateTimeField(null=True)
    stalled_reason = models.CharField(max_length=255, blank=True)
    last_launch_job_id = models.CharField(max_length=40, blank=True)
    last_launch_type = models.CharField(max_length=16, blank=True)
    last_launch_status = models.CharField(max_length=16, blank=True)
    last_launch_at = models.DateTimeField(null=True)
    recovery_instance_id = models.CharField(max_length=32, blank=True)
    agent_version = models.CharField(max_length=64, blank=True)
    staging_account_id = models.CharField(max_length=12, blank=True)
    synced_at = models.DateTimeField()
    missing_since = models.DateTimeField(null=True)

    objects = SourceServerQuerySet.as_manager()
    access_via = ("account", "group")

    class Meta:
        ordering = ["hostname", "source_server_id"]
        verbose_name = "source server"
        indexes = [
            models.Index(fields=["hostname", "source_server_id", "id"], name="server_by_hostname"),
            models.Index(fields=["source_server_id", "id"], name="server_by_its_id"),
            models.Index(fields=["replication_state", "id"], name="server_by_replication"),
            models.Index(fields=["account", "region", "missing_since"], name="server_present_in_a_place"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "region", "source_server_id"], name="server_once_per_account_and_region"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The hostname, or the id of a server that has not told its name."""
        return self.hostname or self.source_server_id

    @property
    def replication_label(self) -> str:
        """The replication state in words; what DRS says that we do not know is shown as it is."""
        if self.missing_since:
            return "Missing in DRS"
        known = self.replication_state in ReplicationState.values
        return ReplicationState(self.replication_state).label if known else self.replication_state or "Unknown"

    @property
    def replication_tone(self) -> str:
        """How the replication state looks."""
        known = self.replication_state in ReplicationState.values and not self.missing_since
        return ReplicationState(self.replication_state).tone if known else "error"

    @property
    def is_launchable(self) -> bool:
        """True when DRS can launch it from a consistent snapshot now."""
        return self.replication_state in LAUNCHABLE and self.missing_since is None


class ServerTag(models.Model):
    """A tag of a source server."""

    server = models.ForeignKey(SourceServer, on_delete=models.CASCADE, related_name="tags")
    key = models.CharField(max_length=128)
    value = models.CharField(max_length=256, blank=True)

    access_via = ("server",)

    class Meta:
        ordering = ["key"]
        indexes = [models.Index(fields=["key", "value", "server"], name="server_by_tag")]
        constraints = [models.UniqueConstraint(fields=["server", "key"], name="tag_key_once_per_server")]

    def __str__(self) -> str:
        return f"{self.key}={self.value}"
