"""DRS runs so many jobs of an account and Region at once: calls that find no free slot wait in a queue."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import Count, QuerySet
from django.utils import timezone
from protection.quotas import quotas_of

from executions.models import Execution, Launch, Poller, TerminationCall
from executions.models.calls import Call
from executions.states import MAY_HAVE_A_JOB, CallStatus, Mode

# Whoever ends a job rings those that wait; this is for jobs of others, of whose end nobody tells us.
LOOK_AGAIN = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Use:
    """What is taken of an account and Region: jobs, and servers in them."""

    jobs: int
    servers: int


def take(execution: Execution, call: Call, servers: int) -> bool:
    """Say whether `call`, for so many servers, may be sent now; otherwise let it wait in the queue, and say so.

    Call inside the turn's record, right before the intent. Terminations queue with launches, in the order in which they
    came; recoveries come before drills.
    """
    # Locked, so that two executions do not take the last slot.
    Poller.objects.select_for_update().get_or_create(account_id=call.account_id, region=call.region)
    quotas, used = quotas_of(call.account_id, call.region), in_use(call.account_id, call.region)
    ahead = _ahead_of(call)
    waiting = sum(row.servers.count() for row in ahead)
    if used.jobs + len(ahead) < quotas.jobs and used.servers + waiting + servers <= quotas.servers_in_jobs:
        if call.queued_at is not None:
            call.queued_at, call.reason = None, ""
            call.save(update_fields=["queued_at", "reason"])
        return True
    is_news = call.queued_at is None
    call.queued_at = call.queued_at or timezone.now()
    call.not_before = timezone.now() + LOOK_AGAIN
    place = f"{call.region} of {call.account}"
    if used.jobs >= quotas.jobs or used.servers + servers <= quotas.servers_in_jobs:
        call.reason = f"Waiting for a free DRS job slot in {place}: {used.jobs} of {quotas.jobs} in use."
    else:
        call.reason = (
            f"Waiting for room in DRS jobs in {place}: {used.servers} of {quotas.servers_in_jobs} servers in jobs, "
            f"{servers} more are wanted."
        )
    if ahead:
        call.reason += f" {len(ahead)} {'call is' if len(ahead) == 1 else 'calls are'} ahead in the queue."
    call.save(update_fields=["queued_at", "not_before", "reason"])
    if is_news:
        execution.say(call.reason, by="engine", what="call", tone="pending")
    return False


def in_use(account_id: int, region: str) -> Use:
    """Return what our own calls take of an account and Region now, those of an unknown end included."""
    jobs = servers = 0
    for calls in (Launch.objects, TerminationCall.objects):
        rows = calls.filter(account_id=account_id, region=region, status__in=MAY_HAVE_A_JOB, job__ended_at=None)
        for (count,) in rows.annotate(server_count=Count("servers")).values_list("server_count"):
            jobs, servers = jobs + 1, servers + count
    return Use(jobs, servers)


def waiting_at(account_id: int, region: str) -> list[UUID]:
    """Return the executions whose calls wait for a slot, in the order in which they get one."""
    return [_execution_of(call).pk for call in _queue(account_id, region)]


def _ahead_of(call: Call) -> list[Call]:
    """Return the calls that come before `call`; one that has not queued yet comes after all that have."""
    queue = _queue(call.account_id, call.region)
    if call.queued_at is None:
        return [row for row in queue if _rank(row)[0] <= _rank(call)[0]]
    return [row for row in queue if _rank(row) < _rank(call)]


def _queue(account_id: int, region: str) -> list[Call]:
    rows = [
        *_waiting(Launch.objects.select_related("wave__execution"), account_id, region),
        *_waiting(TerminationCall.objects.select_related("termination__execution"), account_id, region),
    ]
    return sorted(rows, key=_rank)


def _waiting(calls: "QuerySet", account_id: int, region: str) -> "QuerySet":
    return calls.filter(account_id=account_id, region=region, status=CallStatus.PLANNED).exclude(queued_at=None)


def _rank(call: Call) -> tuple[bool, object, str]:
    return _execution_of(call).mode != Mode.RECOVERY, call.queued_at, call.token


def _execution_of(call: Call) -> Execution:
    return call.wave.execution if isinstance(call, Launch) else call.termination.execution  # type: ignore[attr-defined]
