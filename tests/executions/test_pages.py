"""The pages of executions and plans, through the test client."""

from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from executions import services
from executions.models import Execution, JobEvent, Poller, ServerRun
from protection.models import AccountRegion, SourceServer, TargetAccount
from tests import factories
from tests.executions import situations
from tests.executions.driving import run, step

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan(place, ada):
    """Two waves; the second one asks first."""
    groups = [factories.group(ada, place, tier) for tier in ("db", "app")]
    return factories.plan(ada, *groups, w2={"pause_before": True})


def sign_in(client, actor):
    client.force_login(actor.user)
    return client


@pytest.mark.parametrize("name", ["plans:list", "executions:list"])
def test_lists_open_for_those_who_may_view(client, vera, plan, name):
    assert sign_in(client, vera).get(reverse(name)).status_code == 200


def test_the_plan_page_shows_waves_and_servers(client, vera, plan):
    page = sign_in(client, vera).get(reverse("plans:detail", args=[plan.pk])).content.decode()

    assert "Wave 1: db us-east-1" in page
    assert "target-use1-db-1" in page
    assert "none of your roles gives" in page


def test_a_start_from_the_page_begins_one_execution_however_often_it_is_sent(client, olga, plan):
    sign_in(client, olga)
    url = reverse("executions:start", args=[plan.pk])
    key = client.get(url).context["key"]

    answers = [client.post(url, {"mode": "DRILL", "key": key}) for _ in range(2)]

    execution = plan.executions.get()
    assert [answer.headers["Location"] for answer in answers] == [execution.get_absolute_url()] * 2


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


def test_the_buttons_do_what_they_say(client, olga, plan, aws):
    execution = run(services.start_execution(plan=plan, actor=olga), aws)
    assert execution.status == "PAUSED"
    sign_in(client, olga)

    gate = execution.waves.last().gates.get()
    client.post(reverse("executions:decide", args=[execution.pk, gate.pk]), {"answer": "RESUME"})
    run(execution, aws)
    client.post(reverse("executions:terminate", args=[execution.pk]))

    assert execution.status == "COMPLETED"
    assert execution.termination.requested_by == "olga"


def test_a_stranger_sees_nothing(client, sam, olga, plan):
    execution = services.start_execution(plan=plan, actor=olga)
    sign_in(client, sam)

    assert client.get(execution.get_absolute_url()).status_code == 404
    assert client.post(reverse("executions:cancel", args=[execution.pk])).status_code == 404


def test_who_only_views_is_told_why_the_buttons_do_nothing(client, vera, olga, plan):
    execution = services.start_execution(plan=plan, actor=olga)
    sign_in(client, vera)

    page = client.get(execution.get_absolute_url()).content.decode()
    answer = client.post(reverse("executions:cancel", args=[execution.pk]), follow=True)

    assert "drs:ManageExecution" in page
    assert "drs:ManageExecution" in answer.content.decode()
    execution.refresh_from_db()
    assert execution.cancel_requested_at is None


# ---- What the execution page says


def text_of(client, execution):
    """The execution page as text, as a browser would show it in one line."""
    html = client.get(execution.get_absolute_url()).content.decode()
    return " ".join(html.split())


def test_a_wave_that_has_not_started_says_what_it_waits_for(client, olga, place, ada, aws):
    tiers = {"w2": {"depends_on": ()}, "w3": {"depends_on": (1, 2)}}
    execution = services.start_execution(plan=factories.three_tiers(ada, place, **tiers), actor=olga)
    step()
    text = text_of(sign_in(client, olga), execution)

    assert "Runs after wave 1: waves run one at a time." in text
    assert "Runs after waves 1 and 2." in text
    assert "none before the end" in text


def test_a_paused_execution_asks_its_question_names_who_may_answer_and_offers_one_primary_button(
    client, olga, plan, aws
):
    execution = run(services.start_execution(plan=plan, actor=olga), aws, by=300)
    text = text_of(sign_in(client, olga), execution)

    assert "The plan stops before wave 2, app us-east-1. Resume to start it, skip it, or cancel." in text
    assert "To be answered by: administrator or recovery manager." in text
    assert "<title>Paused before wave 2: Drill of Three tiers" in text
    before_dialogs = text.split("<dialog")[0]
    assert before_dialogs.count("button-primary") == 1


def test_a_cancelled_execution_names_the_jobs_that_run_out(client, olga, plan, aws):
    execution = services.start_execution(plan=plan, actor=olga)
    step()
    services.cancel_execution(execution=execution, actor=olga)
    step()
    text = text_of(sign_in(client, olga), execution)

    job = aws.jobs()[0]["jobID"]
    assert f'Runs out, because DRS jobs cannot be stopped: <span class="mono">{job}</span>' in text


def test_a_server_that_failed_shows_what_drs_said_and_a_skipped_one_does_not_repeat_it(client, olga, place, ada, aws):
    execution = services.start_execution(plan=factories.three_tiers(ada, place), actor=olga)
    first = ServerRun.objects.filter(wave__number=1).first()
    aws.fail_server(factories.TARGET, first.region, first.source_server_id, at="CONVERSION")
    execution = run(execution, aws, by=300)
    text = text_of(sign_in(client, olga), execution)

    first.refresh_from_db()
    assert first.error.startswith("CONVERSION_FAIL: ")
    assert f'id="server-{first.pk}-notes"' in text
    assert "1 server was not launched." in text
    assert text.count("Skipped, because wave 1") == 2  # once for each wave, and not for each of its servers


def test_what_keeps_a_call_from_being_made_stands_under_its_wave(client, olga, plan, aws):
    execution = services.start_execution(plan=plan, actor=olga)
    aws.fault(kind="throttle", operation="StartRecovery")
    step()
    wave = text_of(sign_in(client, olga), execution).split('id="wave-1"')[1].split("<details")[0]

    assert "Trying again in" in wave


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


def test_a_termination_counts_the_instances_that_are_proven_gone(client, olga, plan, aws):
    execution = run(services.start_execution(plan=plan, actor=olga), aws, by=300)
    services.cancel_execution(execution=execution, actor=olga)
    execution = run(execution, aws)
    assert "Terminate 2 recovery instances, which cost money until then." in text_of(sign_in(client, olga), execution)

    services.terminate_instances(execution=execution, actor=olga)
    step()
    text = text_of(client, execution)

    assert "0 of 2 gone in us-east-1 of Target (222222222222)" in text
    assert aws.jobs()[-1]["jobID"] in text


def test_instances_of_a_recovery_are_not_terminated_without_the_typed_name(client, olga):
    recovery = situations.execution(olga, mode="RECOVERY", status="COMPLETED")
    situations.wave(recovery, "COMPLETED", situations.LAUNCHED)
    sign_in(client, olga)
    url = reverse("executions:terminate", args=[recovery.pk])

    refused = client.post(url, {"confirmation": "billings"}, follow=True).content.decode()

    assert "Nothing was terminated. These are recovered servers" in refused
    assert not hasattr(Execution.objects.get(), "termination")
    client.post(url, {"confirmation": "Billing"})
    assert Execution.objects.get().termination.requested_by == "olga"


def test_of_long_lists_the_newest_lines_are_in_view_and_the_rest_unfolds(client, olga):
    execution = large_execution(olga, 2)
    for number in range(150):
        execution.events.create(who="engine", what="wave", sentence=f"Line {number}.")
    text = text_of(sign_in(client, olga), execution)

    in_view, rest = text.split('id="timeline"')[1].split('id="timeline-earlier"')
    assert [f"Line {number}." in in_view for number in (149, 138, 137)] == [True, True, False]
    assert "Show 88 earlier" in rest
    assert "Line 50." in rest
    assert "Line 49." not in text
    assert "There are older ones." in rest


@pytest.mark.parametrize("address", ["/executions/00000000-0000-4000-8000-000000000000/", "/plans/999/", "/nowhere/"])
def test_what_does_not_exist_is_a_page_of_the_console_with_status_404(client, olga, address):
    answer = sign_in(client, olga).get(address)

    assert answer.status_code == 404
    assert 'aria-label="Main"' in answer.content.decode()


# ---- Speed


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


def queries_of(client, address, **headers):
    """How many queries a request takes."""
    with CaptureQueriesContext(
        connection,
    ) as captured:
        answer = client.get(address, headers=headers)
    assert answer.status_code == 200
    return len(captured)


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


# ---- Start, and what the plan says of its servers


def test_a_refused_start_lists_the_problems_keeps_the_reason_and_starts_nothing(client, olga, place, ada, aws):
    plan = factories.three_tiers(ada, place)
    aws.fault(kind="denied", operation="DescribeSourceServers")
    sign_in(client, olga)

    answer = client.post(
        reverse("executions:start", args=[plan.pk]), {"mode": "DRILL", "key": "k", "reason": "Quarterly"}
    )

    text = answer.content.decode()
    assert answer.status_code == 409
    assert "Three tiers is not ready: 1 problem. Nothing was started." in text
    assert "<li>Unknown whether the servers in us-east-1" in text
    assert 'value="Quarterly"' in text
    assert not Execution.objects.exists()


def test_a_start_that_needs_many_servers_in_use_counts_them_and_names_their_holder_once(client, olga, plan, ada, aws):
    holder = services.start_execution(plan=plan, actor=olga)
    groups = [row.group for wave in plan.waves.all() for row in wave.wave_groups.all()]
    other = factories.plan(ada, *groups, name="The same again")
    answer = sign_in(client, olga).post(reverse("executions:start", args=[other.pk]), {"mode": "DRILL", "key": "k"})

    text = answer.content.decode()
    assert answer.status_code == 409
    assert "4 servers are in use, as listed below." in text
    assert text.count(f"in use by {holder} ({holder.short_id})") == 1


def test_who_may_not_start_is_told_so_by_the_page_and_by_the_server(client, vera, plan):
    url = reverse("executions:start", args=[plan.pk])
    sign_in(client, vera)

    assert "drs:ExecuteRecovery" in client.get(url).content.decode()
    answer = client.post(url, {"mode": "DRILL", "key": "k"})
    assert answer.status_code == 403
    assert "drs:ExecuteRecovery" in answer.content.decode()
    assert not Execution.objects.exists()


def test_the_review_says_once_what_several_servers_share(client, olga, plan, aws):
    execution = services.start_execution(plan=plan, actor=olga)
    SourceServer.objects.update(synced_at=timezone.now())
    SourceServer.objects.filter(hostname__contains="-db-").update(replication_state="STALLED")
    text = sign_in(client, olga).get(reverse("executions:start", args=[plan.pk])).content.decode()

    assert f"4 servers are in use by Drill of Three tiers ({execution.short_id})" in text
    assert "2 servers are not replicating" in text
    assert "target-use1-db-1 does not replicate (state stalled)" in text
    assert "This plan is running now." in text


def test_the_plan_page_says_how_old_the_replication_is_and_what_could_not_be_read(client, vera, plan):
    sign_in(client, vera)
    url = reverse("plans:detail", args=[plan.pk])
    assert "could not be read" not in client.get(url).content.decode()

    AccountRegion.objects.filter(region="us-east-1").update(last_error="AWS refuses us.", last_error_at=timezone.now())
    SourceServer.objects.update(synced_at=timezone.now() - timedelta(minutes=40))
    text = " ".join(client.get(url).content.decode().split())

    assert "us-east-1 of Target (222222222222) could not be read" in text
    assert "AWS refuses us." in text
    assert "40 min ago" in text
