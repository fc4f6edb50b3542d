"""Look at a wave's servers before it starts: go on, wait for a job that has them, or ask people."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from executions import pollers, readiness
from executions.actions import gates
from executions.decisions import actions as do
from executions.decisions import pace
from executions.decisions.readiness import Code, Finding, Severity
from executions.models import WaveRun
from executions.states import GateKind
from executions.turn import Turn

# An answer that does not come is asked for so often before people are asked.
LOOKS = 3


def look(turn: Turn, action: do.Look) -> None:
    """Judge the wave's servers by what the place's last survey says. No AWS: the poller keeps the survey fresh.

    A server in a live job is waited for; whatever else stops a launch, and what could not be learned, people decide.
    """
    with turn.record() as execution:
        wave = WaveRun.objects.get(pk=action.wave, execution=execution)
        now = timezone.now()
        findings = readiness.of_wave(wave, now)
        stopping = [finding for finding in findings if finding.severity == Severity.PROBLEM]
        busy = [finding for finding in stopping if finding.code in {Code.BUSY, Code.NATIVE_PLAN}]
        unknown = [finding for finding in findings if finding.severity == Severity.UNKNOWN]
        if len(stopping) > len(busy):
            _ask(turn, wave, stopping)
        elif unknown and wave.failed_looks >= LOOKS:
            _ask(turn, wave, unknown)
        elif busy or unknown:
            _wait(turn, wave, busy or unknown, now)
        else:
            wave.looked_at, wave.look_again_at, wave.failed_looks, wave.reason = now, None, 0, ""
            wave.save(update_fields=["looked_at", "look_again_at", "failed_looks", "reason"])


def _ask(turn: Turn, wave: WaveRun, findings: list[Finding]) -> None:
    by = " ".join(finding.sentence for finding in findings)
    gates.open_gate(turn, wave, GateKind.PROBLEM, by, [finding.to_json() for finding in findings])


def _wait(turn: Turn, wave: WaveRun, findings: list[Finding], now: datetime) -> None:
    """Look again after a new survey: soon at first, later each time."""
    reason = " ".join(finding.sentence for finding in findings)
    is_news = reason != wave.reason
    is_unknown = findings[0].severity == Severity.UNKNOWN
    wait = pace.back_off(wave.failed_looks, settings.POLL_FAST_SECONDS, settings.ENGINE_BACKOFF_LIMIT_SECONDS)
    wave.reason, wave.look_again_at = reason, now + timedelta(seconds=wait)
    wave.failed_looks += 1 if is_unknown else 0
    wave.save(update_fields=["reason", "look_again_at", "failed_looks"])
    for account_id, region in sorted(set(wave.servers.values_list("account_id", "region"))):
        pollers.want_survey(account_id, region)
    # That the first survey is still to come is nobody's news.
    if is_news and not (is_unknown and wave.failed_looks <= 1):
        turn.execution.say(f"Wave {wave.number}, {wave.name}: {reason}", by="engine", what="wave", tone="pending")
