"""Take an execution, start a wave."""

from django.utils import timezone

from executions.decisions import actions as do
from executions.decisions.order import split
from executions.models import Launch, WaveRun
from executions.states import WAVE_MOVES, ExecutionStatus, WaveStatus, check_move
from executions.turn import Turn


def begin(turn: Turn, _: do.Begin) -> None:
    """Take a pending execution."""
    with turn.record() as execution:
        execution.started_at = timezone.now()
        execution.save(update_fields=["started_at"])
        execution.move_to(
            ExecutionStatus.INITIATED, by="engine", note="The engine took the execution.", fence=turn.fence
        )


def start_wave(turn: Turn, action: do.StartWave) -> None:
    """Start a wave: plan one call per account, Region and at most 100 servers. Nothing is sent yet.

    Whoever asked to pause or cancel since this was decided was told that no wave starts any more.
    """
    with turn.record() as execution:
        if execution.pause_requested_at or execution.cancel_requested_at:
            return
        wave = WaveRun.objects.get(pk=action.wave, execution=execution)
        check_move(wave.status, WaveStatus.INITIATED, WAVE_MOVES)
        servers = list(wave.servers.all())
        calls = split((server, server.account_id, server.region) for server in servers)
        for account_id, region, members in calls:
            Launch.objects.create(wave=wave, account_id=account_id, region=region).servers.set(members)
        wave.status, wave.started_at, wave.reason = WaveStatus.INITIATED, timezone.now(), ""
        wave.save(update_fields=["status", "started_at", "reason"])
        note = f"Wave {wave.number}, {wave.name}, started: {len(servers)} servers in {_jobs(len(calls))}."
        if execution.status == ExecutionStatus.INITIATED:
            execution.say(note, by="engine", what="wave")
        else:
            execution.move_to(ExecutionStatus.INITIATED, by="engine", note=note, fence=turn.fence)


def _jobs(count: int) -> str:
    return "one DRS job" if count == 1 else f"{count} DRS jobs"
