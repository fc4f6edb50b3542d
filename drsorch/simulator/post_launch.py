"""Launch actions of a server: they run once its instance is there, if its launch configuration says so."""

from drsorch.simulator import dice
from drsorch.simulator.backend import DrsBackend, ScheduledStep
from drsorch.simulator.launch_templates import launch_settings
from drsorch.simulator.records import Job, SourceServer
from drsorch.simulator.timeline import Step

AGENT_SEEN_AFTER = 30.0
ACTIONS_END_AFTER = 120.0


def begin_actions(backend: DrsBackend, job: Job, server: SourceServer, now: float) -> None:
    """Begin the active launch actions of a server that was just launched. The machine itself does nothing."""
    actions = [action for action in backend.launch_actions.get(server.id, {}).values() if action["active"]]
    if not actions or not launch_settings(backend, server)["postLaunchEnabled"]:
        return
    job.action_runs[server.id] = [
        {"action": dict(action), "runId": dice.new_uuid(), "status": "IN_PROGRESS"}
        for action in sorted(actions, key=lambda action: int(action["order"]))
    ]
    seen = Step(0, "AGENT_SEEN", server.id, {"jobID": job.id})
    backend.schedule(now + AGENT_SEEN_AFTER, seen)
    backend.schedule(now + ACTIONS_END_AFTER, Step(0, "ACTIONS_END", server.id, {"jobID": job.id}))


def see_agent(backend: DrsBackend, due: ScheduledStep) -> None:
    """The agent of Systems Manager answers on the new machine."""
    backend.jobs[str(due.step.data["jobID"])].agent_seen_at[due.step.source_server_id or ""] = due.at


def end_actions(backend: DrsBackend, due: ScheduledStep) -> None:
    """Every action has run."""
    for run in backend.jobs[str(due.step.data["jobID"])].action_runs[due.step.source_server_id or ""]:
        run["status"] = "SUCCEEDED"
