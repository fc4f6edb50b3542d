"""Questions to people: what may be answered, what each answer does, who has answered; retries and their attempts."""

from datetime import timedelta

import pytest
from django.utils import timezone

from drsorch.access.roles import Role
from drsorch.audit.models import AuditEvent
from drsorch.errors import Conflict, Denied, Invalid, NotFound
from executions import services
from executions.models import Gate, Job, Launch, ServerAttempt, ServerRun
from protection.models import ServerHold
from tests import factories
from tests.executions.driving import due_now, run, sentences, step, tick

pytestmark = pytest.mark.django_db


@pytest.fixture
def failed(ada, place, olga, aws):
    """A drill of two waves that asks, because a server of its first wave has failed."""
    groups = [factories.group(ada, place, tier) for tier in ("db", "app")]
    plan = factories.plan(ada, *groups, name="Asks", w1={"on_failure": "ASK"})
    drill = services.start_execution(plan=plan, actor=olga)
    aws.fail_server("222222222222", "us-east-1", drill.waves.first().servers.first().source_server_id)
    return run(drill, aws)


def answer(drill, actor, value, note="", gate=None):
    gate = gate or Gate.objects.get(answered_at=None)
    return services.decide_gate(execution=drill, gate=gate.pk, answer=value, actor=actor, note=note)


def statuses(drill):
    return [wave.status for wave in drill.waves.all()]


def test_a_failure_asks_what_to_do_and_names_the_server(failed):
    gate = Gate.objects.get()

    assert failed.status == "PAUSED"
    assert gate.kind == "FAILURE"
    assert gate.question.startswith(
        "A decision on wave 1, db us-east-1: target-use1-db-1 was not launched. Retry the failed servers"
    )
    assert statuses(failed) == ["LAUNCHING", "PENDING"]


def test_a_retry_launches_only_the_failed_server_and_keeps_how_the_first_attempt_ended(aws, failed, olga):
    bad = failed.waves.first().servers.first()

    answer(failed, olga, "RETRY")
    bad.refresh_from_db()
    assert (bad.launch_status, bad.attempt, bad.error) == ("PENDING", 2, "")
    run(failed, aws)

    assert failed.status == "COMPLETED", sentences(failed)
    jobs = [list(job["servers"]) for job in aws.jobs()]
    assert sorted(len(members) for members in jobs) == [1, 2, 2]
    assert [bad.source_server_id] in jobs
    kept = ServerAttempt.objects.get()
    assert (kept.run, kept.number, kept.launch_status) == (bad, 1, "FAILED")
    assert kept.error.startswith("LAUNCH_FAILED")


def test_what_the_first_job_still_says_is_not_about_the_second_attempt(aws, failed, olga):
    answer(failed, olga, "RETRY")
    tick(failed)
    bad = failed.waves.first().servers.first()
    Job.objects.update(log_read_at=None)

    step()
    step()

    bad.refresh_from_db()
    assert (bad.launch_status, bad.error) == ("PENDING", "")


def test_a_second_failure_asks_again(aws, failed, olga):
    bad = failed.waves.first().servers.first()
    aws.fail_server("222222222222", "us-east-1", bad.source_server_id)

    answer(failed, olga, "RETRY")
    run(failed, aws)

    assert failed.status == "PAUSED"
    assert Gate.objects.filter(kind="FAILURE").count() == 2
    answer(failed, olga, "CONTINUE")
    assert run(failed, aws).status == "PARTIAL"
    assert statuses(failed) == ["FAILED", "COMPLETED"]


def test_continue_goes_on_although_the_wave_failed(aws, failed, olga):
    answer(failed, olga, "CONTINUE")

    assert run(failed, aws).status == "PARTIAL"
    assert statuses(failed) == ["FAILED", "COMPLETED"]
    assert "olga answered “continue with the next waves” about wave 1." in sentences(failed)


def test_skip_drops_the_waves_that_run_after_it_with_the_reason(aws, failed, olga):
    answer(failed, olga, "SKIP", note="The databases are enough.")

    assert run(failed, aws).status == "PARTIAL"
    assert statuses(failed) == ["FAILED", "SKIPPED"]
    assert failed.waves.last().reason == "Skipped by olga: The databases are enough."


def test_a_skip_needs_its_reason(failed, olga):
    with pytest.raises(Invalid, match="Give a reason with “skip”"):
        answer(failed, olga, "SKIP")

    assert Gate.objects.filter(answered_at=None).exists()


def test_cancel_at_the_question_cancels(aws, failed, olga):
    answer(failed, olga, "CANCEL")
    run(failed, aws)

    assert failed.status == "PARTIAL"
    assert failed.cancelled_by == "olga"
    assert statuses(failed) == ["FAILED", "CANCELLED"]
    assert not Gate.objects.filter(answered_at=None).exists()


def test_of_two_answers_the_first_counts_and_the_second_hears_whose_it_was(failed, olga, ada):
    gate = Gate.objects.get()
    answer(failed, olga, "CONTINUE")

    with pytest.raises(Conflict, match="olga has answered this question already: “continue") as refused:
        answer(failed, ada, "RETRY", gate=gate)
    assert refused.value.details["status"] == "LAUNCHING"
    assert ServerAttempt.objects.count() == 0


def test_an_answer_to_a_question_that_was_answered_while_another_is_open_names_who(aws, failed, olga, ada):
    old = Gate.objects.get()
    aws.fail_server("222222222222", "us-east-1", failed.waves.first().servers.first().source_server_id)
    answer(failed, olga, "RETRY")
    run(failed, aws)

    with pytest.raises(Conflict, match="olga has answered this question already: “retry the failed servers”"):
        answer(failed, ada, "CONTINUE", gate=old)


def test_what_is_no_option_is_refused_with_the_options(failed, olga):
    with pytest.raises(Invalid, match="Answer one of: RETRY, CONTINUE, SKIP, CANCEL"):
        answer(failed, olga, "RESUME")


def test_resume_does_not_answer_what_needs_a_decision(failed, olga):
    with pytest.raises(Conflict, match="needs a decision"):
        services.resume_execution(execution=failed, actor=olga)


def test_a_question_of_another_execution_cannot_be_answered_here(failed, olga):
    gate = Gate.objects.get()
    gate.pk += 1000
    with pytest.raises(NotFound, match="no such question"):
        answer(failed, olga, "CONTINUE", gate=gate)


def test_who_may_not_operate_may_not_decide(failed):
    vera = factories.person("vera", Role.READ_ONLY)
    with pytest.raises(Denied):
        answer(failed, vera, "CONTINUE")


def test_a_decision_is_in_the_audit_trail(failed, olga):
    answer(failed, olga, "SKIP", note="Enough.")

    event = AuditEvent.objects.get(action="decide_gate")
    assert event.actor == "olga"
    assert (event.detail["answer"], event.detail["note"], event.detail["wave"]) == ("SKIP", "Enough.", 1)


def test_a_wave_is_skipped_before_it_starts_and_those_after_it_go_on(aws, ada, place, olga):
    groups = [factories.group(ada, place, tier) for tier in ("db", "app", "web")]
    drill = services.start_execution(plan=factories.plan(ada, *groups, w2={"pause_before": True}), actor=olga)
    run(drill, aws)

    answer(drill, olga, "SKIP", note="App is not needed today.")
    run(drill, aws)

    assert statuses(drill) == ["COMPLETED", "SKIPPED", "COMPLETED"]
    assert drill.status == "PARTIAL"
    skipped = drill.waves.get(number=2).servers.all()
    assert {row.error for row in skipped} == {"Skipped by olga: App is not needed today."}
    assert not ServerHold.objects.exists()


def test_a_wave_that_timed_out_asks_at_once_and_is_retried_when_its_servers_have_ended(aws, failed, olga, ada, place):
    plan = failed.plan
    answer(failed, olga, "CANCEL")
    run(failed, aws)
    drill = services.start_execution(plan=plan, actor=olga)
    tick(drill)
    wave = drill.waves.first()
    wave.started_at = timezone.now() - timedelta(hours=2)
    wave.save(update_fields=["started_at"])
    tick(drill)

    gate = Gate.objects.get(answered_at=None)
    assert gate.question.startswith("A decision on wave 1, db us-east-1: the time-out has passed.")
    with pytest.raises(Conflict, match="still being launched"):
        answer(drill, olga, "RETRY")
    answer(drill, olga, "CONTINUE")
    tick(drill)
    assert statuses(drill)[1] == "INITIATED" or statuses(drill)[1] == "POLLING"


def silence(drill, hours=1):
    """Nobody has heard of the drill's job for long."""
    long_ago = timezone.now() - timedelta(hours=hours)
    Job.objects.update(polled_at=long_ago)
    Launch.objects.update(intended_at=long_ago)


def test_when_drs_cannot_be_asked_for_long_people_are_asked_and_may_give_up(aws, drill, olga):
    tick(drill)
    silence(drill)
    tick(drill)

    gate = Gate.objects.get()
    assert (drill.status, gate.kind) == ("PAUSED", "UNHEARD")
    answer(drill, olga, "GIVE_UP", note="The account was closed.")
    tick(drill)

    assert drill.status == "FAILED"
    assert {row.launch_status for row in ServerRun.objects.all()} == {"FAILED"}
    assert all(row.error.startswith("Not known: DRS could not be asked") for row in ServerRun.objects.all())
    assert Launch.objects.get().status == "LOST"
    assert not ServerHold.objects.exists()


def test_who_looks_again_waits_for_drs_once_more(aws, drill, olga):
    tick(drill)
    silence(drill)
    tick(drill)

    answer(drill, olga, "LOOK_AGAIN")
    tick(drill)
    assert drill.status in {"INITIATED", "POLLING"}
    assert Gate.objects.count() == 1

    due_now()
    assert run(drill, aws).status == "COMPLETED"
