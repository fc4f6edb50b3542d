"""New jobs that will not go as planned: refused for what they ask, beaten by another operator, late, or stuck."""

from contextlib import suppress
from dataclasses import replace

from drsorch.simulator.backend import ScheduledStep
from drsorch.simulator.credentials import Caller
from drsorch.simulator.errors import AwsError, invalid, quota_exceeded
from drsorch.simulator.faults.in_force import Faults
from drsorch.simulator.faults.kinds import Stage
from drsorch.simulator.faults.rules import FaultRule
from drsorch.simulator.operations.call import Call, Operation
from drsorch.simulator.records import Job
from drsorch.simulator.timeline import Step

STARTING = {"StartRecovery", "TerminateRecoveryInstances", "StartFailbackLaunch"}
OUTCOMES = {"LAUNCHED", "LAUNCH_FAILED", "FAILED", "TERMINATED", "CLEANUP_END"}


def refuse_request(faults: Faults, call: Call, operation: Operation) -> bool:
    """What rules say to a request that is understood. Returns whether another operator came first. Raises AwsError."""
    rule = faults.take(Stage.REQUEST, call.place, lambda rule: _suits(rule, call))
    if rule is None:
        return False
    match rule.kind:
        case "foreign_job":
            _start_as_stranger(call, operation)
            return True
        case "uninitialized":
            place = call.place
            raise AwsError(
                "UninitializedAccountException", f"Account {place.account} is not initialized in {place.region}"
            )
        case "quota":
            raise quota_exceeded("The request would exceed a service quota", rule.quota_code)
        case "tags_refused":
            message = f"User: {call.caller.arn} is not authorized to perform: drs:TagResource"
            raise AwsError("AccessDeniedException", message, status=403)
    problem = "has expired"
    raise invalid(f"nextToken {problem}", ("nextToken", problem))


def _suits(rule: FaultRule, call: Call) -> bool:
    match rule.kind:
        case "foreign_job":
            return call.place.operation in STARTING
        case "tags_refused":
            return bool(call.params.get("tags")) and call.place.operation != "TagResource"
        case "page_token_expired":
            return bool(call.params.get("nextToken"))
    return True


def _start_as_stranger(call: Call, operation: Operation) -> None:
    """Somebody else asks for the same servers a moment earlier; when they may not have them either, nothing happens."""
    stranger = Caller(call.place.account, f"arn:aws:iam::{call.place.account}:user/another-operator")
    params = {name: value for name, value in call.params.items() if name != "tags"}
    with suppress(AwsError):
        operation(replace(call, params=params, caller=stranger))


def shape_job(faults: Faults, call: Call, job: Job) -> None:
    """Let every rule that hits the call that started this job change what is to become of it."""
    if job.type != "LAUNCH":
        job.visible_at = max(job.visible_at, call.now + faults.take_invisibility(call.place))
    for rule in faults.take_all(Stage.JOB, call.place, lambda rule: _is_about(rule, job)):
        if rule.kind == "status_checks":
            _schedule_checks(rule, call, job)
        else:
            call.backend.rewrite_schedule(lambda step, rule=rule: _rewrite(rule, job, step))  # type: ignore[misc]


def _is_about(rule: FaultRule, job: Job) -> bool:
    if rule.kind == "status_checks" and job.type != "LAUNCH":
        return False
    return any(rule.chooses(server_id) for server_id in job.participants)


def _rewrite(rule: FaultRule, job: Job, waiting: ScheduledStep) -> ScheduledStep | None:
    step = waiting.step
    if waiting.job_id != job.id or step.event == "JOB_START":
        return waiting
    if rule.kind == "job_late":
        return waiting._replace(at=waiting.at + (rule.seconds or 0))
    is_chosen = step.source_server_id is not None and rule.chooses(step.source_server_id)
    if rule.kind == "servers_pending":
        return None if is_chosen else waiting
    never_happens = step.event == "JOB_END" or (is_chosen and step.event in OUTCOMES)
    return None if never_happens else waiting


def _schedule_checks(rule: FaultRule, call: Call, job: Job) -> None:
    """A moment after each launch its status checks turn out as the rule says."""
    data: dict[str, object] = {"state": rule.state, "check": rule.check, "seconds": rule.seconds}
    launches = call.backend.waiting_steps(job.id, "LAUNCHED")
    for launch in launches:
        server_id = launch.step.source_server_id
        if server_id is not None and rule.chooses(server_id):
            call.backend.schedule(launch.at, Step(0, "CHECKS", server_id, data), job.id)
