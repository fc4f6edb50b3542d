"""Show what a wave in flight does, and end waits that last too long."""

from django.utils import timezone

from executions.actions.servers import end_servers
from executions.decisions import actions as do
from executions.decisions.server import UNSEEN
from executions.models import Launch, ServerRun, WaveRun
from executions.states import (
    MAY_HAVE_A_JOB,
    RUNNING,
    SHOWN_AS,
    WAVE_MOVES,
    Answer,
    CallStatus,
    GateKind,
    LaunchStatus,
    WaveStatus,
    check_move,
)
from executions.turn import Turn

SENTENCES = {
    WaveStatus.INITIATED: "Wave {wave.number}, {wave.name}: starting DRS jobs.",
    WaveStatus.POLLING: "Wave {wave.number}, {wave.name}: DRS prepares the servers.",
    WaveStatus.LAUNCHING: "Wave {wave.number}, {wave.name}: DRS launches recovery instances.",
    WaveStatus.CHECKING: "Wave {wave.number}, {wave.name}: its instances are checked.",
}

REPLACED = (
    "its recovery instance could not be found: it is not shown yet, was terminated, or a later launch of the server "
    "replaced it."
)


def show(turn: Turn, action: do.Progress) -> None:
    """Let the wave, and an execution that runs, say what the wave's jobs do now."""
    with turn.record() as execution:
        wave = WaveRun.objects.get(pk=action.wave, execution=execution)
        check_move(wave.status, action.status, WAVE_MOVES)
        wave.status = action.status
        wave.save(update_fields=["status"])
        note = SENTENCES[WaveStatus(action.status)].format(wave=wave)
        shown = SHOWN_AS[action.status]
        if execution.status in RUNNING and execution.status != shown:
            execution.move_to(shown, by="engine", note=note, fence=turn.fence)
        else:
            execution.say(note, by="engine", what="wave")


def time_out(turn: Turn, action: do.TimeOut) -> None:
    """Fail a wave that is late. What was not sent is given up next; what runs in DRS is followed to its end."""
    with turn.record() as execution:
        wave = WaveRun.objects.get(pk=action.wave, execution=execution)
        running = ServerRun.objects.open().filter(launches__wave=wave, launches__status__in=MAY_HAVE_A_JOB).count()
        servers = "1 server may still be" if running == 1 else f"{running} servers may still be"
        still = f" {servers} in a DRS job, which is followed to its end." if running else ""
        wave.outcome, wave.is_passed = WaveStatus.FAILED, action.passes
        wave.reason = f"Wave {wave.number} timed out after {wave.timeout_minutes} minutes.{still}"
        wave.save(update_fields=["outcome", "is_passed", "reason"])
        execution.say(wave.reason, by="engine", what="wave", tone="error")


def give_up(turn: Turn, action: do.GiveUp) -> None:
    """Count the servers that DRS left without an end, a grace time after their job ended, as failed."""
    call = Launch.objects.select_related("job", "wave").get(pk=action.call)
    with turn.record() as execution:
        servers = ServerRun.objects.filter(launches=call)
        for left, why in (
            (servers.filter(error=UNSEEN), f"DRS launched it in job {call.job}, but {REPLACED}"),
            (servers.all(), f"DRS ended job {call.job} without a recovery instance that could be found."),
        ):
            names = ", ".join(left.open().values_list("name", flat=True))
            if end_servers(execution, left, LaunchStatus.FAILED, why):
                execution.say(f"{names}: {why}", by="engine", what="server", tone="error")


def lose_sight(turn: Turn, action: do.LoseSight) -> None:
    """Follow a call no more, because a person gave up on asking DRS. What became of its servers is not known."""
    call = Launch.objects.select_related("account", "job", "wave").get(pk=action.call)
    with turn.record() as execution:
        where = f"{call.job or 'StartRecovery'} in {call.region} of {call.account}"
        is_endless = call.wave.gates.filter(kind=GateKind.ENDLESS, answer=Answer.GIVE_UP).exists()
        what = f"{where} did not end" if is_endless else f"DRS could not be asked about {where}"
        why = f"Not known: {what}. Look there for a recovery instance."
        call.status, call.reason = CallStatus.LOST, why
        call.save(update_fields=["status", "reason"])
        if call.job and call.job.ended_at is None:
            call.job.ended_at = call.job.log_read_at = timezone.now()
            call.job.save(update_fields=["ended_at", "log_read_at"])
        end_servers(execution, call.servers.all(), LaunchStatus.FAILED, why)
        execution.say(f"Nobody asks about {where} any more. {why}", by="engine", what="call", tone="error")
