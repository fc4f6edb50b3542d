"""Keep our picture of the source servers: what DRS said last, and when."""

import logging
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from drsorch.aws import drs, sessions
from drsorch.aws.budget import budget
from drsorch.aws.errors import AwsError, AwsNotReady
from protection.models import AccountRegion, ServerTag, SourceServer, TargetAccount
from protection.quotas import read_quotas

logger = logging.getLogger(__name__)

COPIED = (
    "hostname",
    "fqdn",
    "os",
    "cpus",
    "ram_bytes",
    "recommended_instance_type",
    "origin_instance_id",
    "replication_state",
    "lag_seconds",
    "backlog_bytes",
    "last_seen_at",
    "stalled_reason",
    "last_launch_job_id",
    "last_launch_type",
    "last_launch_status",
    "last_launch_at",
    "recovery_instance_id",
    "agent_version",
    "staging_account_id",
)
# However many pages a Region has: a request sent in the last moment may take 13 s, and a task is ended after 60 s.
SYNC_SECONDS = 40
UPDATED = (*COPIED, "ips", "disks", "synced_at", "missing_since")


def sync_region(place: AccountRegion) -> int:
    """Synchronise one Region of an account, its quotas too when they are old; return how many servers DRS showed.

    Asks AWS. What goes wrong is kept on the row as the Region's state, never raised: one must not stop the others.
    """
    try:
        with budget(SYNC_SECONDS):
            client = sessions.client(place.account, place.region, "drs", purpose="inventory")
            found = drs.describe_source_servers(client)
    except AwsError as error:
        _fail(place, error)
        return 0
    with transaction.atomic():
        now = timezone.now()
        upsert(place.account, place.region, found, now)
        gone = SourceServer.objects.at(place.account, place.region).filter(synced_at__lt=now, missing_since=None)
        gone.update(missing_since=now)
        AccountRegion.objects.filter(pk=place.pk).update(
            is_initialized=True, last_synced_at=now, last_error="", last_error_at=None
        )
    read_quotas(place)
    return len(found)


def upsert(account: TargetAccount, region: str, found: Iterable[drs.SourceServer], now: datetime) -> None:
    """Write servers and their tags as DRS described them, in bulk. Call inside a transaction."""
    found = list(found)
    SourceServer.objects.bulk_create(
        [_row(account, region, server, now) for server in found],
        update_conflicts=True,
        unique_fields=["account", "region", "source_server_id"],
        update_fields=UPDATED,
    )
    keys = dict(
        SourceServer.objects.at(account, region)
        .filter(source_server_id__in=[server.source_server_id for server in found])
        .values_list("source_server_id", "pk")
    )
    _write_tags({keys[server.source_server_id]: server.tags for server in found})


def _row(account: TargetAccount, region: str, server: drs.SourceServer, now: datetime) -> SourceServer:
    return SourceServer(
        account=account,
        region=region,
        source_server_id=server.source_server_id,
        ips=list(server.ips),
        disks=[{"device": disk.device_name, "bytes": disk.bytes} for disk in server.disks],
        synced_at=now,
        missing_since=None,
        **{name: getattr(server, name) for name in COPIED},
    )


def _write_tags(wanted: dict[int, dict[str, str]]) -> None:
    """Make the tags of these servers as given, touching only rows that differ."""
    present = {(tag.server_id, tag.key): tag for tag in ServerTag.objects.filter(server_id__in=list(wanted))}
    new, changed = [], []
    for server_id, tags in wanted.items():
        for key, value in tags.items():
            tag = present.pop((server_id, key), None)
            if tag is None:
                new.append(ServerTag(server_id=server_id, key=key, value=value))
            elif tag.value != value:
                tag.value = value
                changed.append(tag)
    ServerTag.objects.filter(pk__in=[tag.pk for tag in present.values()]).delete()
    ServerTag.objects.bulk_create(new)
    ServerTag.objects.bulk_update(changed, ["value"])


def _fail(place: AccountRegion, error: AwsError) -> None:
    logger.warning("Inventory of %s failed: %s", place, error)
    AccountRegion.objects.filter(pk=place.pk).update(
        is_initialized=False if isinstance(error, AwsNotReady) else place.is_initialized,
        last_error=error.message,
        last_error_at=timezone.now(),
    )
