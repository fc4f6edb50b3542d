"""Ask EC2 how new instances are, and whether those of running executions are still there; write what it says.

One request a poll for all instances of a place, however many executions launched them.
"""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from drsorch.aws import drs, ec2, sessions
from drsorch.aws.errors import AwsError
from executions.decisions import checks as decisions
from executions.models import Execution, Poller, ServerRun
from executions.states import ACTIVE, CheckResult, ExecutionStatus, LaunchStatus
from executions.turn import wake

logger = logging.getLogger(__name__)

# How often instances of executions that run are looked at, once their checks are done.
WATCH_EVERY = timedelta(seconds=60)
# EC2 may not show a new instance for a moment. One that it does not show after so long is gone.
SHOWN_WITHIN = timedelta(minutes=5)
DISPOSITIONS_PER_POLL = 10
GONE = "terminated"
LEFT_OPEN = "The execution ended before its checks had. Nobody asks EC2 any more: look at the instance there."


@dataclass
class Findings:
    """What EC2 and DRS said about instances. `gap`: why something could not be asked."""

    pending: list[ServerRun] = field(default_factory=list)
    watched: list[ServerRun] = field(default_factory=list)
    statuses: dict[str, ec2.InstanceStatus] = field(default_factory=dict)
    is_heard: bool = False
    dispositions: dict[str, str] = field(default_factory=dict)
    gap: str = ""

    @property
    def executions(self) -> set[UUID]:
        """Those whose servers this is about."""
        return {row.wave.execution_id for row in (*self.pending, *self.watched)}

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """Keep what went wrong, for the page and the reason of the checks; it must not hold up the poll."""
        try:
            yield
        except AwsError as error:
            self.gap = error.message
            logger.warning("Instances cannot be checked: %s", error)


def pending() -> "QuerySet[ServerRun]":
    """Return the servers whose checks are not decided."""
    open_checks = ServerRun.objects.filter(check_result=CheckResult.PENDING, wave__execution__status__in=ACTIVE)
    return open_checks.exclude(recovery_instance_id="")


def watched() -> "QuerySet[ServerRun]":
    """Return the launched servers of executions that go on, whose instances should not vanish."""
    going_on = ACTIVE - {ExecutionStatus.PAUSED}
    launched = ServerRun.objects.filter(launch_status=LaunchStatus.LAUNCHED, wave__execution__status__in=going_on)
    return launched.exclude(recovery_instance_id="").exclude(check_result=CheckResult.PENDING)


def wait(poller: Poller) -> float | None:
    """Return the seconds until EC2 should be asked next at the poller's place; None when there is nothing to ask."""
    mine = {"account_id": poller.account_id, "region": poller.region}
    results = set((pending() | watched()).filter(**mine).values_list("check_result", flat=True).distinct())
    if CheckResult.PENDING in results:
        return settings.POLL_NORMAL_SECONDS
    return WATCH_EVERY.total_seconds() if results else None


def unwatched_since(moment: datetime) -> Q:
    """Match servers that EC2 was last asked about before `moment`."""
    return Q(checked_at__lt=moment) | Q(checked_at=None, launched_at__lt=moment)


def look(poller: Poller) -> Findings:
    """Ask about everything that is due at the poller's place. Raises nothing: what fails is kept in the findings."""
    mine = {"account_id": poller.account_id, "region": poller.region}
    due = pending() | watched().filter(unwatched_since(timezone.now() - WATCH_EVERY))
    rows = list(due.filter(**mine).select_related("wave"))
    found = Findings(
        pending=[row for row in rows if row.check_result == CheckResult.PENDING],
        watched=[row for row in rows if row.check_result != CheckResult.PENDING],
    )
    with found.keeping():
        if found.pending or found.watched:
            client = sessions.client(poller.account, poller.region, "ec2", purpose="poll")
            found.statuses = ec2.describe_instance_status(client, _ids([*found.pending, *found.watched]))
            found.is_heard = True
    with found.keeping():
        for row in _stopped(found):
            client = sessions.client(poller.account, poller.region, "drs", purpose="poll")
            found.dispositions[row.source_server_id] = drs.get_launch_disposition(client, row.source_server_id)
    return found


def write(found: Findings) -> None:
    """Write the findings and wake whom they concern. Call inside the poller's transaction, executions locked."""
    _write_checks(found)
    if found.is_heard:
        _write_watched(found.watched, found.statuses)


def leave(execution: Execution) -> None:
    """End the checks that are open although `execution` ends: what they would have said is unknown. In its record."""
    rows = ServerRun.objects.filter(wave__execution=execution, check_result=CheckResult.PENDING)
    names = ", ".join(rows.values_list("name", flat=True))
    if rows.update(check_result=CheckResult.UNKNOWN, check_reason=LEFT_OPEN, checked_at=timezone.now()):
        execution.say(f"Checks of {names}: {LEFT_OPEN}", by="engine", what="check", tone="warn")


def _ids(rows: Iterable[ServerRun]) -> list[str]:
    return [row.recovery_instance_id for row in rows]


def _stopped(found: Findings) -> list[ServerRun]:
    """Return the servers found stopped: only their launch settings tell whether they should be. A few at a time."""
    states = {name: status.state for name, status in found.statuses.items()}
    return [row for row in found.pending if states.get(row.recovery_instance_id) == "stopped"][:DISPOSITIONS_PER_POLL]


def _write_checks(found: Findings) -> None:
    now, limit = timezone.now(), settings.CHECK_SECONDS
    decided = set()
    for row in found.pending:
        waited = (now - (row.launched_at or now)).total_seconds()
        result, why = decisions.judge(
            row.recovery_instance_id, _seen(row, found), waited=waited, limit=limit, problem=found.gap
        )
        if result == CheckResult.PENDING:
            continue
        # Whoever launches it anew meanwhile has another instance, with checks of its own.
        same = ServerRun.objects.filter(
            pk=row.pk, check_result=CheckResult.PENDING, recovery_instance_id=row.recovery_instance_id
        )
        if same.update(check_result=result, check_reason=why, checked_at=now):
            decided.add(row)
            if result == CheckResult.FAILED and _is_gone(row, found):
                _record_gone(row)
            elif result in {CheckResult.FAILED, CheckResult.UNKNOWN}:
                _say(row, f"Checks of {row.name}: {why}", what="check")
    executions = {row.wave.execution_id for row in decided}
    Execution.objects.filter(pk__in=executions).update(version=F("version") + 1)
    waiting = set(pending().filter(wave__execution__in=executions).values_list("wave", flat=True))
    wake({row.wave.execution_id for row in decided if row.wave_id not in waiting})


def _seen(row: ServerRun, found: Findings) -> decisions.Seen | None:
    status = found.statuses.get(row.recovery_instance_id)
    if status is None:
        return None
    disposition = found.dispositions.get(row.source_server_id, "")
    return decisions.Seen(status.state, status.instance_check, status.system_check, disposition)


def _is_gone(row: ServerRun, found: Findings) -> bool:
    status = found.statuses.get(row.recovery_instance_id)
    return status is not None and status.state == GONE


def _write_watched(rows: list[ServerRun], statuses: dict[str, ec2.InstanceStatus]) -> None:
    """Record the instances that are gone although the execution goes on. The launch itself was a success."""
    now = timezone.now()
    ServerRun.objects.filter(pk__in=[row.pk for row in rows]).update(checked_at=now)
    for row in rows:
        status = statuses.get(row.recovery_instance_id)
        is_unseen = status is None and row.launched_at is not None and row.launched_at < now - SHOWN_WITHIN
        if is_unseen or (status is not None and status.state == GONE):
            _record_gone(row)


def _record_gone(row: ServerRun) -> None:
    """Say that the instance is gone: its server was launched all the same, and there is nothing left to terminate."""
    same = ServerRun.objects.filter(
        pk=row.pk, launch_status=LaunchStatus.LAUNCHED, recovery_instance_id=row.recovery_instance_id
    )
    why = f"Recovery instance {row.recovery_instance_id} was terminated outside of this execution."
    if same.update(launch_status=LaunchStatus.TERMINATED, terminated_at=timezone.now(), error=why):
        _say(row, f"{row.name}: {why}", what="terminated")


def _say(row: ServerRun, sentence: str, *, what: str) -> None:
    Execution(pk=row.wave.execution_id).say(sentence, by="engine", what=what, tone="warn")
