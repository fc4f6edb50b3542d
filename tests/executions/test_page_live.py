"""The live page: served whole and in fragments, polled while there is news to wait for, and cheap however large."""

from html import unescape

import pytest
from django.urls import reverse
from django.utils import timezone

from executions import services
from executions.models import Execution, JobEvent, Poller, ServerRun
from protection.models import TargetAccount
from tests.executions.driving import run, step
from tests.executions.reading import queries_of, sign_in, text_of

pytestmark = pytest.mark.django_db


def test_the_live_page_is_served_whole_then_as_204_then_as_a_fragment(client, olga, plan, aws):
    execution = services.start_execution(plan=plan, actor=olga)
    step()
    sign_in(client, olga)
    whole = client.get(execution.get_absolute_url()).content.decode()
    execution.refresh_from_db()
    live = reverse("executions:live", args=[execution.pk])

    nothing_new = client.get(f"{live}?v={execution.version}", headers={"hx-request": "true"})
    fragment = client.get(f"{live}?v=0", headers={"hx-request": "true"}).content.decode()

    assert "<html" in whole
    assert f"{live}?v={execution.version}" in whole
    assert nothing_new.status_code == 204
    assert "<html" not in fragment
    assert 'id="live"' in fragment


def test_an_ended_execution_stops_the_polling(client, olga, plan, aws):
    execution = run(services.start_execution(plan=plan, actor=olga), aws)
    services.cancel_execution(execution=execution, actor=olga)
    execution = run(execution, aws)

    answer = sign_in(client, olga).get(reverse("executions:live", args=[execution.pk]), headers={"hx-request": "true"})

    assert execution.status == "PARTIAL"
    assert answer.status_code == 286


def test_an_open_page_hears_that_drs_no_longer_answers(client, olga, plan, aws):
    execution = services.start_execution(plan=plan, actor=olga)
    step()
    execution.refresh_from_db()
    live = f"{reverse('executions:live', args=[execution.pk])}?v={execution.version}"
    aws.fault(kind="denied", operation="DescribeJobs")
    step()
    answer = sign_in(client, olga).get(live, headers={"hx-request": "true"})

    assert answer.status_code == 200
    assert Poller.objects.get().last_error in unescape(answer.content.decode())

    aws.clear_faults()
    step()
    assert Poller.objects.get().last_error == ""
    assert execution.version + 2 <= Execution.objects.get().version


# ---- Long and large


def large_execution(olga, count):
    """A drill of three waves in flight with `count` servers, made without AWS."""
    account, _ = TargetAccount.objects.get_or_create(account_id="444444444444", name="Large")
    execution = Execution.objects.create(
        plan_name="Large", plan_version=1, mode="DRILL", status="LAUNCHING", initiated_by=olga.user, initiator="olga"
    )
    now = timezone.now()
    for number, status in enumerate(["COMPLETED", "LAUNCHING", "PENDING"], start=1):
        ended = now if status == "COMPLETED" else None
        wave = execution.waves.create(
            number=number, name=f"Tier {number}", timeout_minutes=60, status=status, started_at=now, ended_at=ended
        )
        job = account.jobs.create(region="us-east-1", job_id=f"drsjob-{count}-{number}", created_at=now, ended_at=ended)
        wave.launches.create(account=account, region="us-east-1", status="SENT", intended_at=now, job=job)
        servers = [
            ServerRun(
                wave=wave,
                account=account,
                region="us-east-1",
                source_server_id=f"s-{at:017x}",
                name=f"server-{at:04}",
                launch_status="LAUNCHED" if number == 1 else "IN_PROGRESS",
                recovery_instance_id=f"i-{at:017x}" if number == 1 else "",
                private_ip="10.0.0.1",
                instance_type="m5.large",
                step="READY" if number == 1 else "CONVERSION",
                started_at=now,
                ended_at=ended,
            )
            for at in range(number - 1, count, 3)
        ]
        ServerRun.objects.bulk_create(servers)
        JobEvent.objects.bulk_create(
            JobEvent(job=job, at=now, event="CONVERSION_START", source_server_id=run.source_server_id, digest=run.name)
            for run in servers
        )
    return execution


def test_of_long_lists_the_newest_lines_are_in_view_and_the_rest_unfolds(client, olga):
    execution = large_execution(olga, 2)
    for number in range(150):
        execution.events.create(who="engine", what="wave", sentence=f"Line {number}.")
    text = text_of(client, olga, execution)

    in_view, rest = text.split('id="timeline"')[1].split('id="timeline-earlier"')
    assert [f"Line {number}." in in_view for number in (149, 138, 137)] == [True, True, False]
    assert "Show 88 earlier" in rest
    assert "Line 50." in rest
    assert "Line 49." not in text
    assert "There are older ones." in rest


def test_a_poll_that_finds_nothing_new_takes_four_queries(client, olga, django_assert_max_num_queries):
    execution = large_execution(olga, 300)
    sign_in(client, olga)
    address = f"{reverse('executions:live', args=[execution.pk])}?v={execution.version}"

    with django_assert_max_num_queries(4):
        assert client.get(address, headers={"hx-request": "true"}).status_code == 204


def test_the_execution_page_takes_as_many_queries_for_300_servers_as_for_2(client, olga):
    sign_in(client, olga)
    whole, live = [], []
    for count in (2, 50, 300):
        execution = large_execution(olga, count)
        whole.append(queries_of(client, execution.get_absolute_url()))
        address = reverse("executions:live", args=[execution.pk])
        live.append(queries_of(client, f"{address}?v=0", **{"hx-request": "true"}))

    assert len(set(whole)) == 1, whole
    assert len(set(live)) == 1, live
