"""Take an execution, start a wave."""

from django.utils import timezone

from executions.decisions import actions as do
from executions.decisions.order import SERVERS_PER_JOB, in_sequence, split
from executions.models import Launch, WaveRun
from executions.states import OPEN_CALL, RUNNING, WAVE_MOVES, ExecutionStatus, WaveStatus, check_move
from executions.turn import Turn
from plans.models import LaunchOrder


def begin(turn: Turn, _: do.Begin) -> None:
    """Take a pending execution."""
    with turn.record() as execution:
        execution.started_at = timezone.now()
        execution.save(update_fields=["started_at"])
        execution.move_to(
            ExecutionStatus.INITIATED, by="engine", note="The engine took the execution.", fence=turn.fence
        )


def start_wave(turn: Turn, action: do.StartWave) -> None:
    """Start a wave: plan its calls. Nothing is sent yet.

    Whoever asked to pause or cancel since this was decided was told that no wave starts any more.
    """
    with turn.record() as execution:
        if execution.pause_requested_at or execution.cancel_requested_at:
            return
        wave = WaveRun.objects.get(pk=action.wave, execution=execution)
        check_move(wave.status, WaveStatus.INITIATED, WAVE_MOVES)
        servers, calls = _plan(wave)
        wave.status, wave.started_at, wave.reason = WaveStatus.INITIATED, timezone.now(), ""
        wave.look_again_at = None
        wave.save(update_fields=["status", "started_at", "reason", "look_again_at"])
        note = f"Wave {wave.number}, {wave.name}, started: {_servers(servers)} in {_jobs(calls)}."
        if execution.status in RUNNING:
            execution.say(note, by="engine", what="wave")
        else:
            execution.move_to(ExecutionStatus.INITIATED, by="engine", note=note, fence=turn.fence)


def plan_launches(turn: Turn, action: do.PlanLaunches) -> None:
    """Plan calls for the servers of a wave in flight whose launch is retried. Nothing is sent yet."""
    with turn.record() as execution:
        wave = WaveRun.objects.get(pk=action.wave, execution=execution)
        servers, calls = _plan(wave)
        execution.say(
            f"Wave {wave.number}, {wave.name}: {_servers(servers)} again, in {_jobs(calls)}.", by="engine", what="wave"
        )


def _plan(wave: WaveRun) -> tuple[int, int]:
    """Plan a call for each account, Region and at most 100 servers that are in none; return how many of each.

    A wave that launches one after the other gets a call for each server, one with a limit calls no larger than that.
    """
    planned = wave.servers.filter(launches__status__in=OPEN_CALL)
    servers = list(wave.servers.open().exclude(pk__in=planned.values("pk")))
    placed = [(server, server.account_id, server.region) for server in servers]
    if wave.launch_order == LaunchOrder.SEQUENTIAL:
        calls = in_sequence(placed)
    else:
        calls = split(placed, min(SERVERS_PER_JOB, wave.max_parallel or SERVERS_PER_JOB))
    for account_id, region, members in calls:
        Launch.objects.create(wave=wave, account_id=account_id, region=region).servers.set(members)
    return len(servers), len(calls)


def _servers(count: int) -> str:
    return "1 server" if count == 1 else f"{count} servers"


def _jobs(count: int) -> str:
    return "one DRS job" if count == 1 else f"{count} DRS jobs"
