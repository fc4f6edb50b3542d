"""How a server run stands, from what DRS says about its job and its recovery instance."""

from collections.abc import Iterable

from executions.states import LaunchStatus, Step

# DRS says LAUNCHED, which counts only with the recovery instance. It is shown late, or never when a later launch of the
# server has replaced it meanwhile.
UNSEEN = "DRS has launched this server, but does not show its recovery instance."
STEPS = {
    "JOB_START": Step.PREPARING,
    "CLEANUP": Step.PREPARING,
    "SNAPSHOT": Step.SNAPSHOT,
    "USING_PREVIOUS_SNAPSHOT": Step.SNAPSHOT,
    "CONVERSION": Step.CONVERSION,
    "LAUNCH": Step.LAUNCH,
}


def status(current: str, reported: str, *, has_instance: bool) -> str:
    """Return the launch status of a server that is `current` and has not come to its end.

    LAUNCHED counts only with its recovery instance; an instance of the job counts even when the job has lost its
    servers. An unknown or missing report changes nothing, and nothing goes back to pending.
    """
    if reported == LaunchStatus.FAILED:
        return LaunchStatus.FAILED
    if has_instance and reported in {LaunchStatus.LAUNCHED, ""}:
        return LaunchStatus.LAUNCHED
    return LaunchStatus.IN_PROGRESS if reported in {LaunchStatus.IN_PROGRESS, LaunchStatus.LAUNCHED} else current


def step(events: Iterable[str], current: str) -> str:
    """Return the furthest step that the job's log shows; steps never go back, however the log is ordered."""
    seen = [Step(current)] if current else []
    for event in events:
        seen += [step for prefix, step in STEPS.items() if event.startswith(prefix)]
    return max(seen, key=lambda step: step.number, default="")
