"""Checks after a launch: EC2 is asked once per place and poll, and nothing unknown counts as passed."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from executions import poll, services
from executions.checking import LEFT_OPEN, WATCH_EVERY
from executions.models import Poller, ServerRun, WaveRun
from tests import factories
from tests.access.conftest import staff
from tests.executions.driving import due_now, run, sentences, tick
from tests.simulator.callers import target_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def checked(ada, place, olga, aws):
    """A drill with checks, launched by DRS and not yet seen so; its wave stays open, whatever the engine would do."""
    group = factories.group(ada, place, "db")
    return launching(factories.plan(ada, group, name="Checked", w1={"checks": "EC2_STATUS"}), olga, aws)


def launching(plan, actor, aws):
    execution = services.start_execution(plan=plan, actor=actor)
    tick(execution)
    aws.advance(1000)
    return execution


def ask(*, minutes=0):
    """One poll of every place, `minutes` after the launch."""
    earlier = timezone.now() - timedelta(minutes=minutes)
    ServerRun.objects.exclude(launched_at=None).update(launched_at=earlier)
    due_now()
    for pk in Poller.objects.exclude(next_poll_at=None).values_list("pk", flat=True):
        poll.poll(pk)


def results():
    return set(ServerRun.objects.values_list("launch_status", "check_result"))


def stop(row):
    """Somebody stops the server's instance in EC2."""
    target_client("ec2", row.region).stop_instances(InstanceIds=[row.recovery_instance_id])


def terminate(row):
    """Somebody terminates it there."""
    target_client("ec2", row.region).terminate_instances(InstanceIds=[row.recovery_instance_id])


def requests(aws, operation):
    return aws.requests()["total"].get(operation, 0)


def test_a_launched_server_is_checked_and_the_execution_is_woken_when_all_are_decided(aws, checked):
    ask()
    assert results() == {("LAUNCHED", "PENDING")}
    type(checked).objects.update(next_tick_at=None)

    ask()

    assert results() == {("LAUNCHED", "PASSED")}
    assert all(row.checked_at and not row.check_reason for row in ServerRun.objects.all())
    checked.refresh_from_db()
    assert checked.next_tick_at is not None


@pytest.mark.parametrize(
    ("fault", "minutes", "result", "why"),
    [
        ({"state": "impaired", "check": "system"}, 0, "FAILED", "EC2's system status check of "),
        ({"state": "impaired", "check": "both"}, 0, "FAILED", "EC2's instance and system status check of "),
        ({"state": "initializing", "check": "instance"}, 4, "PENDING", ""),
        ({"state": "initializing", "check": "instance"}, 6, "FAILED", "status check is initializing 300 s after"),
        ({"state": "insufficient-data", "check": "both"}, 6, "FAILED", "its system status check is insufficient-data"),
    ],
)
def test_status_checks_that_do_not_come_good_fail_with_a_sentence(aws, ada, place, olga, fault, minutes, result, why):
    aws.fault(kind="status_checks", **fault)
    group = factories.group(ada, place, "db")
    launching(factories.plan(ada, group, w1={"checks": "EC2_STATUS"}), olga, aws)
    ask()

    ask(minutes=minutes)

    assert results() == {("LAUNCHED", result)}
    assert all(why in row.check_reason for row in ServerRun.objects.all())


def test_a_wave_without_checks_asks_for_none(aws, ada, place, olga):
    plan = factories.plan(ada, factories.group(ada, place, "db"), name="Unchecked", w1={"checks": "NONE"})
    launching(plan, olga, aws)
    ask()
    ask()

    assert results() == {("LAUNCHED", "NONE")}
    assert requests(aws, "ec2.DescribeInstanceStatus") == 0


def test_one_request_a_poll_serves_all_executions_of_a_place(aws, ada, place, olga):
    for tier in ("db", "app", "web"):
        group = factories.group(ada, place, tier)
        launching(factories.plan(ada, group, name=tier, w1={"checks": "EC2_STATUS"}), olga, aws)
    ask()
    before = requests(aws, "ec2.DescribeInstanceStatus")

    ask()

    assert results() == {("LAUNCHED", "PASSED")}
    assert requests(aws, "ec2.DescribeInstanceStatus") - before == 1


def test_an_instance_that_was_terminated_outside_fails_its_check_and_was_launched_all_the_same(aws, checked, place):
    ask()
    first, _ = ServerRun.objects.all()
    terminate(first)

    ask()

    first.refresh_from_db()
    assert (first.launch_status, first.check_result) == ("TERMINATED", "FAILED")
    assert first.terminated_at
    assert "was terminated outside of this execution" in first.check_reason
    told = [line for line in sentences(checked) if "terminated outside of this execution" in line]
    assert len(told) == 1


def test_a_stopped_instance_is_not_judged_before_its_launch_settings_are_known(aws, checked, place):
    ask()
    first, second = ServerRun.objects.all()
    stop(first)
    aws.fault(kind="denied", operation="GetLaunchConfiguration")

    ask()
    first.refresh_from_db()
    assert first.check_result == "PENDING"
    assert "GetLaunchConfiguration" in Poller.objects.get().last_error

    ask(minutes=6)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.check_result, second.check_result) == ("UNKNOWN", "PASSED")
    assert "could not be checked within 300 s." in first.check_reason


@pytest.mark.parametrize(
    ("disposition", "result", "why"),
    [
        ("STOPPED", "NOT_APPLICABLE", "was launched stopped, as its launch settings say."),
        ("STARTED", "FAILED", "is stopped, and its launch settings say that it should run."),
    ],
)
def test_a_stopped_instance_is_judged_by_its_launch_settings(drs, checked, place, disposition, result, why):
    drs.answer("GetLaunchConfiguration", {"launchDisposition": disposition})
    ask()
    first, second = ServerRun.objects.all()
    stop(first)

    ask()

    for row in (first, second):
        row.refresh_from_db()
    assert (first.launch_status, first.check_result, second.check_result) == ("LAUNCHED", result, "PASSED")
    assert first.check_reason.endswith(why)
    assert drs.received.count("GetLaunchConfiguration") == 1  # of servers found stopped only


def test_what_ec2_cannot_be_asked_is_unknown_when_time_is_up_and_the_reason_says_why(aws, checked):
    ask()
    aws.fault(kind="denied", service="ec2", operation="DescribeInstanceStatus")
    ask(minutes=4)
    assert results() == {("LAUNCHED", "PENDING")}
    assert Poller.objects.get().next_poll_at is not None

    ask(minutes=6)

    assert results() == {("LAUNCHED", "UNKNOWN")}
    reasons = [row.check_reason for row in ServerRun.objects.all()]
    assert all("UnauthorizedOperation" in reason for reason in reasons)
    assert sum(line.startswith("Checks of ") for line in sentences(checked)) == 2


def test_checks_go_on_while_drs_cannot_be_asked(aws, checked):
    ask()
    aws.fault(kind="denied", operation="DescribeJobs")

    ask()

    assert results() == {("LAUNCHED", "PASSED")}


def test_an_instance_that_vanishes_while_the_execution_goes_on_is_told(aws, two_waves, olga, place):
    two_waves.waves.update(checks="NONE")
    execution = launching(two_waves, olga, aws)
    ask()
    first = execution.waves.first().servers.first()
    terminate(first)
    ask()
    first.refresh_from_db()
    assert first.launch_status == "LAUNCHED"  # looked at once a minute only

    ask(minutes=WATCH_EVERY.total_seconds() / 60 + 1)

    first.refresh_from_db()
    assert (first.launch_status, first.check_result) == ("TERMINATED", "NONE")
    assert first.error == f"Recovery instance {first.recovery_instance_id} was terminated outside of this execution."
    assert f"{first.name}: {first.error}" in sentences(execution)
    before = requests(aws, "ec2.DescribeInstanceStatus")
    ask()
    assert requests(aws, "ec2.DescribeInstanceStatus") == before


def test_nobody_watches_the_instances_of_an_execution_that_has_ended(aws, done):
    before = requests(aws, "ec2.DescribeInstanceStatus")
    Poller.objects.update(next_poll_at=timezone.now())

    ask(minutes=60)

    assert requests(aws, "ec2.DescribeInstanceStatus") == before
    assert Poller.objects.get().next_poll_at is None


def test_checks_of_a_cancelled_execution_are_followed_to_their_end_before_it_ends(aws, checked, olga):
    ask()
    services.cancel_execution(execution=checked, actor=olga)
    tick(checked)
    assert (checked.status, results()) == ("CANCELLING", {("LAUNCHED", "PENDING")})

    run(checked, aws)

    assert (checked.status, results()) == ("COMPLETED", {("LAUNCHED", "PASSED")})


def test_a_check_that_is_open_when_its_execution_ends_is_unknown_and_everybody_can_read_why(client, checked, ada):
    ask()
    WaveRun.objects.update(status="FAILED", outcome="FAILED", ended_at=timezone.now())

    tick(checked)

    assert (checked.status, results()) == ("PARTIAL", {("LAUNCHED", "UNKNOWN")})
    assert all(row.checked_at for row in ServerRun.objects.all())
    assert [line for line in sentences(checked) if line.endswith(LEFT_OPEN)] == [
        f"Checks of target-use1-db-1, target-use1-db-2: {LEFT_OPEN}"
    ]
    client.force_login(staff(ada).user)
    shown = client.get(checked.get_absolute_url()).content.decode()
    assert shown.count("Checks unknown") == shown.count(f"<span>{LEFT_OPEN}</span>") == 2
    wave = reverse("admin:executions_waverun_change", args=[checked.waves.get().pk])
    assert client.get(wave).content.decode().count(LEFT_OPEN) == 2
