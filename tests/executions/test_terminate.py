"""Terminate: asked once, done when DRS and EC2 prove every instance gone, and never anything else's instance."""

import pytest
from moto.ec2.models import ec2_backends

from drsorch.audit.models import AuditEvent
from drsorch.aws import ec2, sessions
from drsorch.errors import Conflict
from drsorch.simulator.backend import drs_backends
from executions import services
from executions.models import Job, ServerRun, Termination, TerminationCall
from tests.executions.driving import finish, let_settle, let_waits_pass, run, sentences, step, terminate_outside, tick

pytestmark = pytest.mark.django_db


def machines(place):
    """The states of the instances that were launched, as EC2 sees them."""
    ids = list(ServerRun.objects.values_list("recovery_instance_id", flat=True))
    return {row.state for row in ec2.describe_instances(sessions.client(place, "us-east-1", "ec2"), ids).values()}


def test_request_job_and_done_are_three_facts(aws, place, asked):
    request = Termination.objects.get()
    assert (request.requested_by, request.done_at, asked.instances_terminated) == ("olga", None, False)
    assert machines(place) == {"running"}

    tick(asked)
    call = TerminationCall.objects.get()
    assert (call.status, call.job.type) == ("SENT", "TERMINATE")
    step()
    assert Termination.objects.get().done_at is None
    assert ServerRun.objects.filter(launch_status="TERMINATED").count() == 0

    finish(asked, aws)
    assert asked.instances_terminated
    assert Termination.objects.get().done_at is not None
    assert machines(place) == {"terminated"}
    assert {row.launch_status for row in ServerRun.objects.all()} == {"TERMINATED"}
    assert asked.status == "COMPLETED"
    assert sentences(asked)[-1] == "All recovery instances of this execution are terminated: DRS and EC2 say so."


def test_a_job_that_has_ended_is_no_proof(aws, asked, settings):
    settings.ENGINE_GRACE_SECONDS = 600
    tick(asked)
    aws.advance(100)
    Job.objects.filter(type="TERMINATE").update(ended_at=Job.objects.first().created_at)
    aws.fault(kind="denied", operation="DescribeRecoveryInstances")
    for _ in range(3):
        tick(asked)
        let_waits_pass()
    assert not asked.instances_terminated
    assert "AccessDeniedException" in TerminationCall.objects.get().reason

    aws.clear_faults()
    finish(asked, aws)
    assert asked.instances_terminated


def recovery_instances(place):
    """What DRS has launched, as the endpoint keeps it."""
    return drs_backends[place.account_id]["us-east-1"].recovery_instances


def protect(place, instance, on=True):
    """Turn termination protection on, or off."""
    ec2_backends[place.account_id]["us-east-1"].get_instance(instance.id).disable_api_termination = on


def test_what_its_job_has_left_running_is_said_and_terminated_again(aws, place, asked, settings):
    settings.ENGINE_GRACE_SECONDS = 0
    [stubborn, _] = recovery_instances(place).values()
    protect(place, stubborn)
    tick(asked)
    aws.advance(100)

    finish(asked, aws, rounds=1)

    assert not asked.instances_terminated
    assert machines(place) == {"running", "terminated"}
    assert any(f"left instances running: {stubborn.id}. Terminating" in line for line in sentences(asked))
    assert TerminationCall.objects.last().servers.count() == 1

    protect(place, stubborn, on=False)
    assert finish(asked, aws).instances_terminated, sentences(asked)
    assert machines(place) == {"terminated"}


def test_an_instance_that_drs_has_forgotten_and_ec2_still_runs_is_not_gone(aws, place, asked, settings):
    settings.ENGINE_GRACE_SECONDS = 600
    [stubborn, _] = recovery_instances(place).values()
    protect(place, stubborn)
    tick(asked)
    aws.advance(100)
    aws.jobs()  # the endpoint lets happen what is due
    del recovery_instances(place)[stubborn.id]

    finish(asked, aws, rounds=2)
    assert not asked.instances_terminated
    assert ServerRun.objects.filter(launch_status="TERMINATED").count() == 1

    protect(place, stubborn, on=False)
    ec2_backends[place.account_id]["us-east-1"].terminate_instances([stubborn.id])
    assert finish(asked, aws).instances_terminated


def test_it_is_refused_while_the_execution_runs(drill, olga):
    tick(drill)

    with pytest.raises(Conflict, match="when the execution has ended") as refused:
        services.terminate_instances(execution=drill, actor=olga)
    assert refused.value.details["status"] == "POLLING"


def test_it_is_refused_while_it_runs_and_when_it_is_done(aws, asked, olga, ada):
    with pytest.raises(Conflict, match="are being terminated: olga asked for it"):
        services.terminate_instances(execution=asked, actor=ada)

    finish(asked, aws)
    with pytest.raises(Conflict, match="are terminated: olga asked for it"):
        services.terminate_instances(execution=asked, actor=ada)
    assert AuditEvent.objects.filter(action="terminate_instances").count() == 1


def test_it_is_refused_when_nothing_was_launched(drill, olga):
    services.cancel_execution(execution=drill, actor=olga)
    tick(drill)

    with pytest.raises(Conflict, match="has no recovery instances"):
        services.terminate_instances(execution=drill, actor=olga)


def test_evidence_names_the_instances(asked):
    row = AuditEvent.objects.get(action="terminate_instances")

    assert sorted(row.detail["instances"]) == sorted(ServerRun.objects.values_list("recovery_instance_id", flat=True))


FAULTS = {
    "throttle": {"kind": "throttle"},
    "500 before": {"kind": "error_before"},
    "500 after": {"kind": "error_after"},
    "cut before": {"kind": "cut_before"},
    "cut after": {"kind": "cut_after"},
    "conflict": {"kind": "conflict"},
    "denied": {"kind": "denied"},
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_call_that_goes_wrong_is_never_final_and_terminates_once(aws, asked, name):
    aws.fault(operation="TerminateRecoveryInstances", times=1, **FAULTS[name])
    tick(asked)
    assert not asked.instances_terminated

    let_settle()
    finish(asked, aws)

    assert asked.instances_terminated, sentences(asked)
    assert [job["type"] for job in aws.jobs()] == ["LAUNCH", "TERMINATE"]
    assert TerminationCall.objects.get().status == "DONE"


def test_an_instance_that_is_gone_already_does_not_hold_up_the_others(aws, place, asked):
    first = ServerRun.objects.first()
    terminate_outside(place, [first.recovery_instance_id])
    aws.advance(100)

    finish(asked, aws)

    assert asked.instances_terminated, sentences(asked)
    assert machines(place) == {"terminated"}


def test_only_the_instances_of_this_execution_are_terminated(aws, place, done, small, olga):
    small.refresh_from_db()
    again = run(services.start_execution(plan=small, actor=olga), aws)
    assert again.status == "COMPLETED"
    services.terminate_instances(execution=done, actor=olga)

    finish(done, aws)

    # The second drill has replaced the instances of the first: those are gone, and its own live.
    assert done.instances_terminated
    mine = list(ServerRun.objects.filter(wave__execution=again).values_list("recovery_instance_id", flat=True))
    states = ec2.describe_instances(sessions.client(place, "us-east-1", "ec2"), mine)
    assert {row.state for row in states.values()} == {"running"}
    assert [job["type"] for job in aws.jobs()] == ["LAUNCH", "LAUNCH"]


def test_after_a_few_rounds_what_stays_is_left_to_people_who_may_ask_again(aws, place, asked, olga, settings):
    settings.ENGINE_GRACE_SECONDS = 0
    [stubborn, _] = recovery_instances(place).values()
    protect(place, stubborn)

    finish(asked, aws, rounds=12)

    request = Termination.objects.get()
    assert request.gave_up_at is not None
    assert request.reason.startswith(f"{stubborn.id} in us-east-1 of Target (222222222222) stayed after 3 DRS jobs.")
    assert sum(job["type"] == "TERMINATE" for job in aws.jobs()) == 3
    assert asked.next_tick_at is None

    protect(place, stubborn, on=False)
    services.terminate_instances(execution=asked, actor=olga)
    assert finish(asked, aws).instances_terminated, sentences(asked)
