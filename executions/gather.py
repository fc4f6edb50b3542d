"""Facts for one tick: a fixed number of queries, no AWS."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from executions.decisions.facts import CallFacts, Facts, Limits, ServerFacts, TerminationFacts, WaveFacts
from executions.decisions.outcome import PASSING
from executions.models import Execution, Gate, Launch, ServerRun, Termination, TerminationCall, WaveRun
from executions.models.calls import Call
from executions.states import SILENCE
from plans.models import Checks, Impact, LaunchOrder


def gather(execution: Execution) -> Facts:
    """Read what decisions need to know about `execution`, as it is in the database now."""
    execution.refresh_from_db()
    return Facts(
        now=timezone.now(),
        status=execution.status,
        limits=Limits(
            grace=settings.ENGINE_GRACE_SECONDS,
            recheck=settings.ENGINE_RECHECK_SECONDS,
            look_age=settings.ENGINE_LOOK_SECONDS,
            endless=settings.ENGINE_ENDLESS_SECONDS,
            unheard=settings.ENGINE_UNHEARD_SECONDS,
            blind_resend=settings.ENGINE_BLIND_RESEND,
        ),
        waves=_waves(execution) if execution.is_active else (),
        parallel_waves=execution.parallel_waves,
        pause_requested=execution.pause_requested_at is not None,
        cancelled_by=execution.cancelled_by if execution.cancel_requested_at else "",
        termination=None if execution.is_active else _termination(execution),
    )


def _waves(execution: Execution) -> tuple[WaveFacts, ...]:
    servers: dict[int, list[ServerFacts]] = defaultdict(list)
    for wave_id, server in _servers(execution):
        servers[wave_id].append(server)
    calls: dict[int, list[CallFacts]] = defaultdict(list)
    members = _members(Launch.servers.through.objects.filter(launch__wave__execution=execution), "launch_id")
    for call in Launch.objects.filter(wave__execution=execution).select_related("job"):
        calls[call.wave_id].append(_call(call, members[call.pk]))
    gates: dict[int, list[Gate]] = defaultdict(list)
    for gate in Gate.objects.filter(wave__execution=execution):
        gates[gate.wave_id].append(gate)
    return tuple(
        _wave(wave, gates[wave.pk], servers[wave.pk], calls[wave.pk])
        for wave in WaveRun.objects.filter(execution=execution)
    )


def _servers(execution: Execution) -> Iterator[tuple[int, ServerFacts]]:
    rows = ServerRun.objects.filter(wave__execution=execution)
    for pk, wave_id, status, impact, check in rows.values_list(
        "pk", "wave_id", "launch_status", "impact", "check_result"
    ):
        yield wave_id, ServerFacts(pk, status, is_critical=impact == Impact.CRITICAL, check=check)


def _wave(wave: WaveRun, gates: list[Gate], servers: list[ServerFacts], calls: list[CallFacts]) -> WaveFacts:
    return WaveFacts(
        pk=wave.pk,
        number=wave.number,
        status=wave.status,
        outcome=wave.outcome,
        depends_on=tuple(wave.depends_on),
        pause_before=wave.pause_before,
        pause_after=wave.pause_after,
        is_sequential=wave.launch_order == LaunchOrder.SEQUENTIAL,
        max_parallel=wave.max_parallel,
        on_failure=wave.on_failure,
        checks_required=wave.checks == Checks.EC2_STATUS_REQUIRED,
        gate=next((gate.kind for gate in gates if gate.answered_at is None), ""),
        answers=tuple((gate.kind, gate.answer) for gate in gates if gate.answered_at),
        is_passed=wave.is_passed,
        free_at=_free_at(wave),
        looked_at=wave.looked_at,
        look_again_at=wave.look_again_at,
        deadline=wave.started_at + timedelta(minutes=wave.timeout_minutes) if wave.started_at else None,
        reassured_at=max(
            (gate.answered_at for gate in gates if gate.answered_at and gate.kind in SILENCE), default=None
        ),
        servers=tuple(servers),
        calls=tuple(calls),
    )


def _free_at(wave: WaveRun) -> datetime | None:
    """When the waves that run after it may start: the plan's wait is one after success."""
    wait = wave.wait_seconds if wave.outcome in PASSING else 0
    return wave.ended_at + timedelta(seconds=wait) if wave.ended_at else None


def _termination(execution: Execution) -> TerminationFacts | None:
    termination = Termination.objects.filter(execution=execution, done_at=None, gave_up_at=None).first()
    if termination is None or termination.is_waiting:
        return None
    calls = TerminationCall.objects.filter(termination=termination).select_related("job")
    return TerminationFacts(pk=termination.pk, calls=tuple(_call(call, []) for call in calls))


def _members(rows: object, column: str) -> dict[int, list[int]]:
    members: dict[int, list[int]] = defaultdict(list)
    for call_id, server_id in rows.values_list(column, "serverrun_id"):  # type: ignore[attr-defined]
        members[call_id].append(server_id)
    return members


def _call(call: Call, servers: list[int]) -> CallFacts:
    return CallFacts(
        pk=call.pk,
        status=call.status,
        servers=tuple(servers),
        not_before=call.not_before,
        job_ended_at=call.job.ended_at if call.job else None,
        heard_at=(call.job.polled_at if call.job else None) or call.intended_at,
    )
