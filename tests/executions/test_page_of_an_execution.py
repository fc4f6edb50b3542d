"""The execution page: what it says and to whom, and what its buttons do."""

import pytest
from django.urls import reverse

from executions import services
from executions.models import ServerRun
from tests import factories
from tests.executions.driving import run, step
from tests.executions.reading import sign_in, text_of

pytestmark = pytest.mark.django_db


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


def test_a_wave_that_has_not_started_says_what_it_waits_for(client, olga, place, ada, aws):
    tiers = {"w2": {"depends_on": ()}, "w3": {"depends_on": (1, 2)}}
    execution = services.start_execution(plan=factories.three_tiers(ada, place, **tiers), actor=olga)
    step()
    text = text_of(client, olga, execution)

    assert "Runs after wave 1: waves run one at a time." in text
    assert "Runs after waves 1 and 2." in text
    assert "none before the end" in text


def test_a_paused_execution_asks_its_question_names_who_may_answer_and_offers_one_primary_button(
    client, olga, plan, aws
):
    execution = run(services.start_execution(plan=plan, actor=olga), aws, by=300)
    text = text_of(client, olga, execution)

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
    text = text_of(client, olga, execution)

    job = aws.jobs()[0]["jobID"]
    assert f'Runs out, because DRS jobs cannot be stopped: <span class="mono">{job}</span>' in text


def test_a_server_that_failed_shows_what_drs_said_and_a_skipped_one_does_not_repeat_it(client, olga, place, ada, aws):
    execution = services.start_execution(plan=factories.three_tiers(ada, place), actor=olga)
    first = ServerRun.objects.filter(wave__number=1).first()
    aws.fail_server(factories.TARGET, first.region, first.source_server_id, at="CONVERSION")
    execution = run(execution, aws, by=300)
    text = text_of(client, olga, execution)

    first.refresh_from_db()
    assert first.error.startswith("CONVERSION_FAIL: ")
    assert f'id="server-{first.pk}-notes"' in text
    assert "1 server was not launched." in text
    assert text.count("Skipped, because wave 1") == 2  # once for each wave, and not for each of its servers


def test_what_keeps_a_call_from_being_made_stands_under_its_wave(client, olga, plan, aws):
    execution = services.start_execution(plan=plan, actor=olga)
    aws.fault(kind="throttle", operation="StartRecovery")
    step()
    wave = text_of(client, olga, execution).split('id="wave-1"')[1].split("<details")[0]

    assert "Trying again in" in wave


@pytest.mark.parametrize("address", ["/executions/00000000-0000-4000-8000-000000000000/", "/plans/999/", "/nowhere/"])
def test_what_does_not_exist_is_a_page_of_the_console_with_status_404(client, olga, address):
    answer = sign_in(client, olga).get(address)

    assert answer.status_code == 404
    assert 'aria-label="Main"' in answer.content.decode()


def test_a_recovery_says_what_was_let_pass_by_whom_and_why_and_which_drill_made_way(client, problem, olga):
    text = text_of(client, olga, problem)
    drill = problem.preempted.get()

    assert "<strong>olga let 2 findings pass at the start:</strong> The data centre burns" in text
    assert "databases-01 lags 40 min behind, and its RPO is 15 min." in text
    assert f"Drill of Billing ({drill.short_id})</a> made way for this recovery: cancelled." in text
    assert "the last snapshot at or before it" in text
    assert "Snapshot pit-0a1b, " in text
    made_way = text_of(client, olga, drill)
    assert f'Made way for <a href="{problem.get_absolute_url()}">Recovery of Billing ({problem.short_id})' in made_way
