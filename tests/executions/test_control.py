"""Pause, resume, cancel: what people may do, when it takes effect, and who may do it."""

import pytest

from drsorch.access.roles import Role
from drsorch.audit.models import AuditEvent
from drsorch.errors import Conflict, Denied, NotFound
from executions import services
from executions.actions.begin import start_wave
from executions.actions.launch import send
from executions.decisions import actions as do
from executions.models import Execution, Launch, ServerRun
from executions.turn import claim
from protection.models import ServerHold
from tests import factories
from tests.executions.driving import due_now, let_settle, run, sentences, tick

pytestmark = pytest.mark.django_db


@pytest.fixture
def going(two_waves, olga):
    """A drill of two waves whose first job runs."""
    return tick(services.start_execution(plan=two_waves, actor=olga))


@pytest.fixture
def stopped(ada, place, olga, aws):
    """A drill that stops before its second wave, because the plan says so."""
    groups = [factories.group(ada, place, tier) for tier in ("db", "app")]
    plan = factories.plan(ada, *groups, name="Stops", w2={"pause_before": True})
    return run(services.start_execution(plan=plan, actor=olga), aws)


@pytest.fixture
def oscar(db):
    """Operates: may start, and stop what he has started."""
    return factories.person("oscar", Role.OPERATOR)


def statuses(execution):
    return [wave.status for wave in execution.waves.all()]


def test_the_plan_stops_before_a_wave_until_a_person_resumes(aws, stopped, olga):
    assert stopped.status == "PAUSED"
    assert statuses(stopped) == ["COMPLETED", "WAITING"]
    assert stopped.next_tick_at is None
    gate = stopped.waves.last().gates.get()
    assert gate.question == "The plan stops before wave 2, app us-east-1. Resume to start it, skip it, or cancel."

    services.resume_execution(execution=stopped, actor=olga)
    run(stopped, aws)

    gate.refresh_from_db()
    assert (stopped.status, gate.answered_by) == ("COMPLETED", olga.user)
    assert "Resumed by olga." in sentences(stopped)


def test_a_pause_on_request_takes_effect_before_the_next_wave(aws, going, olga):
    services.pause_execution(execution=going, actor=olga)
    assert going.status == "POLLING"

    run(going, aws)
    assert (going.status, statuses(going)) == ("PAUSED", ["COMPLETED", "WAITING"])
    assert len(aws.jobs()) == 1

    services.resume_execution(execution=going, actor=olga)
    assert run(going, aws).status == "COMPLETED"


def test_a_pause_that_comes_after_the_decision_to_start_a_wave_holds_it(drill, olga):
    turn = claim(drill.pk)
    services.pause_execution(execution=drill, actor=olga)

    start_wave(turn, do.StartWave(drill.waves.get().pk))

    assert (statuses(drill), Launch.objects.count()) == (["PENDING"], 0)


REFUSED = [
    ("pause", "paused already"),
    ("terminate", "available when the execution has ended"),
]


@pytest.mark.parametrize(("action", "words"), REFUSED)
def test_what_makes_no_sense_now_is_refused_with_the_reason_and_the_status(stopped, olga, action, words):
    service = {"pause": services.pause_execution, "terminate": services.terminate_instances}[action]

    with pytest.raises(Conflict, match=words) as refused:
        service(execution=stopped, actor=olga)
    assert refused.value.details["status"] == "PAUSED"


def test_pause_is_refused_when_no_wave_is_left_to_pause_before(drill, olga):
    tick(drill)

    with pytest.raises(Conflict, match="no wave left to pause before"):
        services.pause_execution(execution=drill, actor=olga)


def test_resume_is_refused_while_nothing_waits(going, olga):
    with pytest.raises(Conflict, match="while the execution waits for a person") as refused:
        services.resume_execution(execution=going, actor=olga)
    assert refused.value.details["status"] == "POLLING"


TWICE = {"pause": "has asked for a pause already", "cancel": "has cancelled the execution already"}


@pytest.mark.parametrize("action", TWICE)
def test_of_two_people_one_wins_and_the_other_hears_how_it_stands(going, olga, ada, action):
    service = {"pause": services.pause_execution, "cancel": services.cancel_execution}[action]
    first, second = (Execution.objects.get(pk=going.pk) for _ in range(2))

    service(execution=first, actor=olga)
    with pytest.raises(Conflict, match=f"olga {TWICE[action]}") as refused:
        service(execution=second, actor=ada)

    assert refused.value.details["status"] == "POLLING"
    assert AuditEvent.objects.filter(action=f"{action}_execution").count() == 1


def test_of_two_people_who_resume_one_wins(stopped, olga, ada):
    first, second = (Execution.objects.get(pk=stopped.pk) for _ in range(2))

    services.resume_execution(execution=first, actor=olga)
    with pytest.raises(Conflict) as refused:
        services.resume_execution(execution=second, actor=ada)

    assert refused.value.details["status"] == "INITIATED"
    assert sentences(stopped).count("Resumed by ada.") == 0


def test_cancel_before_the_engine_has_taken_it_starts_nothing(aws, drill, olga):
    services.cancel_execution(execution=drill, actor=olga)

    tick(drill)

    assert (drill.status, statuses(drill), aws.jobs()) == ("CANCELLED", ["CANCELLED"], [])
    assert drill.status_reason == "Cancelled, cancelled by olga. 0 of 2 servers launched."
    assert not ServerHold.objects.exists()


def test_cancel_at_a_pause_ends_partial_because_a_wave_was_launched(stopped, olga, aws):
    services.cancel_execution(execution=stopped, actor=olga)

    tick(stopped)

    assert (stopped.status, statuses(stopped)) == ("PARTIAL", ["COMPLETED", "CANCELLED"])
    assert stopped.status_reason == "Partial, cancelled by olga. 2 of 4 servers launched."
    assert not stopped.waves.last().gates.filter(answered_at=None).exists()


def test_cancel_names_the_job_that_runs_and_waits_for_it(aws, going, olga):
    services.cancel_execution(execution=going, actor=olga)
    tick(going)

    job = Launch.objects.get().job
    assert (going.status, statuses(going)) == ("CANCELLING", ["POLLING", "CANCELLED"])
    assert going.status_reason == f"Cancelled by olga. Waiting for DRS job {job}, which cannot be stopped."
    assert ServerHold.objects.count() == 2  # those of the wave that never started are free

    run(going, aws)
    assert (going.status, statuses(going)) == ("PARTIAL", ["COMPLETED", "CANCELLED"])
    assert not ServerHold.objects.exists()


def test_cancel_while_a_call_waits_gives_it_up(aws, drill, olga):
    aws.fault(kind="throttle", operation="StartRecovery", times=1)
    tick(drill)
    services.cancel_execution(execution=drill, actor=olga)

    tick(drill)

    assert (drill.status, Launch.objects.get().status, aws.jobs()) == ("CANCELLED", "ABANDONED", [])
    assert not ServerHold.objects.exists()


def test_cancel_while_a_call_is_unknown_settles_it_first(aws, drill, olga):
    aws.fault(kind="cut_before", operation="StartRecovery", times=1)
    tick(drill)
    services.cancel_execution(execution=drill, actor=olga)
    tick(drill)
    assert (drill.status, Launch.objects.get().status) == ("CANCELLING", "INTENT")

    let_settle()
    tick(drill)

    assert (drill.status, aws.jobs()) == ("CANCELLED", [])


def test_cancel_while_a_lost_call_is_in_conflict_does_not_wait_for_ever(aws, drill, olga):
    aws.fault(kind="cut_before", operation="StartRecovery", times=1)
    tick(drill)
    Launch.objects.update(was_in_conflict=True, is_doubtful=False)  # AWS has refused it clearly
    services.cancel_execution(execution=drill, actor=olga)

    let_settle()
    tick(drill)

    assert (drill.status, Launch.objects.get().status, aws.jobs()) == ("CANCELLED", "ABANDONED", [])


def test_cancel_that_comes_after_the_decision_to_call_prevents_the_call(aws, drill, olga):
    aws.fault(kind="throttle", operation="StartRecovery", times=1)
    tick(drill)
    aws.reset_requests()
    due_now()
    turn = claim(drill.pk)
    services.cancel_execution(execution=drill, actor=olga)

    send(turn, do.Send(Launch.objects.get().pk))

    assert "drs.StartRecovery" not in aws.requests()["total"]
    assert Launch.objects.get().status == "PLANNED"


ACTIONS = {
    "pause": services.pause_execution,
    "resume": services.resume_execution,
    "cancel": services.cancel_execution,
    "terminate": services.terminate_instances,
    "withdraw": services.withdraw_termination,
}
NEEDS = {
    "pause": "drs:ManageExecution",
    "resume": "drs:ManageExecution",
    "cancel": "drs:ManageExecution",
    "terminate": "drs:TerminateInstances",
    "withdraw": "drs:TerminateInstances",
}


@pytest.mark.parametrize("action", ACTIONS)
def test_who_only_views_is_denied_and_told_the_permission(drill, vera, action):
    with pytest.raises(Denied, match=NEEDS[action]):
        ACTIONS[action](execution=drill, actor=vera)


@pytest.mark.parametrize("action", ACTIONS)
def test_a_stranger_finds_nothing(drill, sam, action):
    with pytest.raises(NotFound):
        ACTIONS[action](execution=drill, actor=sam)


def test_who_started_it_may_pause_and_cancel_it_but_not_resume_it(two_waves, oscar):
    mine = tick(services.start_execution(plan=two_waves, actor=oscar))

    services.pause_execution(execution=mine, actor=oscar)
    services.cancel_execution(execution=mine, actor=oscar)
    with pytest.raises(Denied, match="drs:ManageExecution"):
        services.resume_execution(execution=mine, actor=oscar)


def test_an_operator_may_not_stop_what_somebody_else_has_started(drill, oscar):
    with pytest.raises(Denied, match="drs:ManageExecution"):
        services.cancel_execution(execution=drill, actor=oscar)


@pytest.mark.parametrize("action", ["pause", "resume", "cancel"])
def test_every_action_is_evidence(aws, olga, action, request):
    execution = request.getfixturevalue("stopped" if action == "resume" else "going")

    ACTIONS[action](execution=execution, actor=olga)

    row = AuditEvent.objects.get(action=f"{action}_execution")
    assert (row.actor, row.object_id, row.outcome) == ("olga", str(execution.pk), "ALLOWED")


def test_a_refused_action_changes_nothing(going, vera):
    before = (going.version, len(sentences(going)), AuditEvent.objects.count())

    with pytest.raises(Denied):
        services.cancel_execution(execution=going, actor=vera)

    going.refresh_from_db()
    assert (going.version, len(sentences(going)), AuditEvent.objects.count()) == before
    assert ServerRun.objects.filter(launch_status="PENDING").count() == 4
