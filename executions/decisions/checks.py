"""How the checks of a new instance have ended, from what EC2 says of it. Nothing unknown counts as passed."""

from dataclasses import dataclass

from executions.states import CheckResult

Verdict = tuple[CheckResult, str]
STILL_OPEN: Verdict = (CheckResult.PENDING, "")
OK = "ok"


@dataclass(frozen=True, slots=True)
class Seen:
    """An instance as EC2 describes it, in EC2's words. `disposition`: how DRS was to leave it, "" when not known."""

    state: str
    instance_check: str = ""
    system_check: str = ""
    disposition: str = ""


def judge(instance: str, seen: Seen | None, *, waited: float, limit: float, problem: str) -> Verdict:
    """Return the result of the checks of `instance`, and why; PENDING while it may still change.

    `waited` and `limit` are the seconds since the launch and those that the checks may take; `problem` is why EC2 or
    DRS could not be asked, "" when both answered.
    """
    verdict = _at_once(instance, seen) if seen else STILL_OPEN
    if verdict != STILL_OPEN or waited < limit:
        return verdict
    if problem and (seen is None or seen.state == "stopped"):
        return CheckResult.UNKNOWN, f"{instance} could not be checked within {limit:.0f} s. {problem}"
    return CheckResult.FAILED, f"{_state_of_things(instance, seen)} {limit:.0f} s after the launch."


def _at_once(instance: str, seen: Seen) -> Verdict:
    """Return what can be said without waiting."""
    if seen.state in {"terminated", "shutting-down"}:
        return CheckResult.FAILED, f"{instance} is {seen.state}: it was terminated outside of this execution."
    if seen.state == "stopped" and seen.disposition == "STOPPED":
        return CheckResult.NOT_APPLICABLE, f"{instance} was launched stopped, as its launch settings say."
    if seen.state == "stopped" and seen.disposition:
        return CheckResult.FAILED, f"{instance} is stopped, and its launch settings say that it should run."
    checks = (("instance", seen.instance_check), ("system", seen.system_check))
    impaired = " and ".join(name for name, result in checks if result == "impaired")
    if impaired:
        return CheckResult.FAILED, f"EC2's {impaired} status check of {instance} is impaired."
    if seen.state == "running" and all(result == OK for _, result in checks):
        return CheckResult.PASSED, ""
    return STILL_OPEN


def _state_of_things(instance: str, seen: Seen | None) -> str:
    if seen is None:
        return f"EC2 does not show {instance}"
    if seen.state != "running":
        return f"{instance} is still {seen.state or 'in no known state'}"
    waiting = [
        f"{name} status check is {result or 'not reported'}"
        for name, result in (("instance", seen.instance_check), ("system", seen.system_check))
        if result != OK
    ]
    return f"{instance} runs, but its {' and its '.join(waiting)}"
