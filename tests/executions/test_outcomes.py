"""Servers that fail, waves that take too long, and several places at once: followed to the end, then judged."""

from datetime import timedelta

import pytest

from executions import services
from executions.models import Launch, ServerRun
from tests import factories
from tests.executions.driving import let_settle, problems, run, sentences, step, tick

pytestmark = pytest.mark.django_db

STAGES = {
    "SNAPSHOT": "USING_PREVIOUS_SNAPSHOT_FAILED: Failed to create a snapshot",
    "CONVERSION": "CONVERSION_FAIL: Conversion failed: no supported bootloader",
    "LAUNCH": "LAUNCH_FAILED: An error occurred (InsufficientInstanceCapacity)",
}


def fail(aws, server, at="LAUNCH"):
    aws.fail_server("222222222222", server.region, server.source_server_id, at=at)


@pytest.mark.parametrize("stage", STAGES)
def test_a_server_that_fails_says_why_and_the_others_are_followed_to_their_end(aws, two_waves, olga, stage):
    execution = services.start_execution(plan=two_waves, actor=olga)
    first, later = execution.waves.all()
    bad, good = first.servers.all()
    fail(aws, bad, stage)

    run(execution, aws)

    for row in (bad, good):
        row.refresh_from_db()
    assert (bad.launch_status, good.launch_status) == ("FAILED", "LAUNCHED")
    assert bad.error.startswith(STAGES[stage])
    for wave in (first, later):
        wave.refresh_from_db()
    assert (first.status, later.status) == ("FAILED", "SKIPPED")
    assert first.reason == "1 of 2 servers launched."
    assert later.reason == "Skipped, because wave 1, db us-east-1, failed."
    assert {row.launch_status for row in later.servers.all()} == {"SKIPPED"}
    assert execution.status == "PARTIAL"
    assert execution.status_reason == "1 of 4 servers launched."
    assert len(aws.jobs()) == 1


def test_an_early_failure_does_not_end_the_wave_before_the_others_have_ended(aws, drill):
    bad, _ = drill.waves.get().servers.all()
    fail(aws, bad, "SNAPSHOT")
    tick(drill)
    aws.advance(200)  # the one has failed, the other is being converted
    for _ in range(2):
        step()

    drill.refresh_from_db()
    wave = drill.waves.get()
    assert ServerRun.objects.get(pk=bad.pk).launch_status == "FAILED"
    assert (wave.status, wave.outcome, drill.status) == ("POLLING", "", "POLLING")


def test_an_execution_of_which_no_server_was_launched_has_failed(aws, drill):
    for server in drill.waves.get().servers.all():
        fail(aws, server)

    run(drill, aws)

    assert (drill.status, drill.status_reason) == ("FAILED", "0 of 2 servers launched.")


def test_a_wave_that_takes_too_long_fails_and_its_job_is_followed_to_the_end(aws, two_waves, olga):
    execution = services.start_execution(plan=two_waves, actor=olga)
    tick(execution)
    first, later = execution.waves.all()
    first.started_at -= timedelta(minutes=61)
    first.save(update_fields=["started_at"])

    tick(execution)

    first.refresh_from_db()
    later.refresh_from_db()
    assert (first.status, first.outcome, later.status) == ("POLLING", "FAILED", "SKIPPED")
    assert first.reason == (
        "Wave 1 timed out after 60 minutes. 2 servers may still be in a DRS job, which is followed to its end."
    )
    assert execution.is_active
    run(execution, aws)
    first.refresh_from_db()
    assert (first.status, execution.status) == ("FAILED", "PARTIAL")
    assert first.reason.endswith("2 of 2 servers launched.")
    assert len(aws.jobs()) == 1


def test_a_call_that_waits_when_its_wave_times_out_is_never_sent(aws, drill):
    aws.fault(kind="throttle", operation="StartRecovery", times=1)
    tick(drill)
    wave = drill.waves.get()
    wave.started_at -= timedelta(minutes=61)
    wave.save(update_fields=["started_at"])

    run(drill, aws)

    assert (drill.status, aws.jobs(), Launch.objects.get().status) == ("FAILED", [], "ABANDONED")
    assert all(row.error.startswith("Not launched. The wave timed out before.") for row in ServerRun.objects.all())


def test_an_unknown_call_is_settled_after_its_wave_has_timed_out_and_never_sent_again(aws, drill):
    aws.fault(kind="cut_before", operation="StartRecovery", times=1)
    tick(drill)
    wave = drill.waves.get()
    wave.started_at -= timedelta(minutes=61)
    wave.save(update_fields=["started_at"])
    tick(drill)
    assert Launch.objects.get().status == "INTENT"

    let_settle()
    run(drill, aws)

    assert (drill.status, aws.jobs(), Launch.objects.get().status) == ("FAILED", [], "ABANDONED")


def test_a_wave_over_two_accounts_and_two_regions_runs_as_one_job_each(aws, place, ada, olga):
    hub = factories.account(ada, factories.HUB)
    groups = [
        factories.group(ada, place, "db"),
        factories.group(ada, place, "db", region=factories.OTHER_REGION),
        factories.group(ada, hub, "db", name="hub db"),
    ]
    plan = factories.plans.create_plan(
        actor=ada,
        name="Everywhere",
        waves=[factories.WaveDefinition(name="All", group_ids=tuple(group.pk for group in groups))],
    )

    execution = run(services.start_execution(plan=plan, actor=olga), aws)

    assert execution.status == "COMPLETED", sentences(execution)
    assert sorted((job["account"], job["region"], len(job["servers"])) for job in aws.jobs()) == [
        ("111111111111", "us-east-1", 2),
        ("222222222222", "us-east-1", 2),
        ("222222222222", "us-west-2", 2),
    ]
    assert problems(aws) == []


def test_one_place_that_refuses_does_not_stop_the_other_in_the_same_wave(aws, place, ada, olga):
    groups = [factories.group(ada, place, "db", region=region) for region in ("us-east-1", "us-west-2")]
    plan = factories.plans.create_plan(
        actor=ada,
        name="Two Regions",
        waves=[factories.WaveDefinition(name="All", group_ids=tuple(group.pk for group in groups))],
    )
    execution = services.start_execution(plan=plan, actor=olga)
    aws.fault(kind="denied", operation="StartRecovery", region="us-west-2")

    run(execution, aws)

    by_region = dict(ServerRun.objects.values_list("region", "launch_status"))
    assert by_region == {"us-east-1": "LAUNCHED", "us-west-2": "FAILED"}
    assert (execution.status, execution.waves.get().status) == ("PARTIAL", "FAILED")
