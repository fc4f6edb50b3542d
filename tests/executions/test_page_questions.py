"""Open questions on the execution page: what may be answered by whom, the answer itself, and what is left of it."""

from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from rich.console import Console

from executions import progress, services
from executions.models import Execution, ServerAttempt, ServerRun
from executions.page import ExecutionPage
from executions.states import BEFORE_A_WAVE, GateKind
from tests import factories
from tests.access.conftest import staff
from tests.executions import situations
from tests.executions.driving import run, sentences
from tests.executions.situations import FAILED, LAUNCHED, execution, wave

pytestmark = pytest.mark.django_db
PERMISSION = "drs:ManageExecution"


@pytest.fixture
def failed(olga):
    """A drill in which a wave has failed and asks what next."""
    return situations.failed_wave(olga)


@pytest.fixture
def problem(olga):
    """A recovery that met problems before its second wave."""
    return situations.recovery_with_a_problem(olga)


def page(execution, actor):
    return ExecutionPage(Execution.objects.for_detail().get(pk=execution.pk), actor)


def gate_of(execution):
    return execution.waves.get(number=2).gates.get(answered_at=None)


def decide(client, actor, execution, answer, note=""):
    client.force_login(actor.user)
    url = reverse("executions:decide", args=[execution.pk, gate_of(execution).pk])
    return client.post(url, {"answer": answer, "note": note}, follow=True)


def text_of(client, actor, execution):
    client.force_login(actor.user)
    return " ".join(unescape(client.get(execution.get_absolute_url()).content.decode()).split())


def offered(question):
    return {option.answer: option.reason for option in question.options}


# ---- What is offered


def test_a_question_offers_a_button_for_each_answer_and_one_of_them_is_primary(failed, olga):
    question = page(failed, olga).questions[0]

    assert [option.label for option in question.options] == [
        "Retry the failed servers",
        "Continue with the next waves",
        "Skip the waves after it",
        "Cancel the execution",
    ]
    assert [option.kind for option in question.options] == ["primary", "normal", "normal", "danger"]
    assert not any(offered(question).values())


def test_of_several_questions_only_the_first_has_a_primary_answer(failed, olga):
    failed.waves.get(number=3).gates.create(kind="UNHEARD", question="?")

    shown = page(failed, olga)

    assert [question.wave.number for question in shown.questions] == [2, 3]
    kinds = [option.kind for question in shown.questions for option in question.options]
    assert kinds.count("primary") == 1
    assert shown.next_decision == "Now, about waves 2 and 3."


def test_what_a_question_is_about_is_listed_and_long_lists_unfold(client, olga):
    card = text_of(client, olga, situations.failed_wave(olga, servers=7)).split("gate-card")[1].split("<form")[0]

    assert "<p>In wave 2, Applications, 7 servers have failed:</p>" in card
    in_view, rest = card.split("<summary>Show 2 more</summary>")
    assert (in_view.count("<li>"), rest.count("<li>")) == (5, 2)


def test_a_question_about_one_thing_is_asked_in_full(olga):
    question = page(situations.failed_wave(olga, servers=1), olga).questions[0]

    assert (question.text, question.is_listed) == (question.gate.question, False)


@pytest.mark.parametrize("kind", GateKind)
def test_every_kind_of_question_can_be_shown_and_answered(client, olga, kind):
    asked = execution(olga, mode="RECOVERY", status="PAUSED")
    is_before = kind in BEFORE_A_WAVE
    wave(asked, "COMPLETED", LAUNCHED)
    wave(asked, "WAITING" if is_before else "POLLING", {}, {}).gates.create(
        kind=kind, question="What now?", details=[{"sentence": "one"}, {"sentence": "two"}]
    )

    card = text_of(client, olga, asked).split("gate-card")[1].split("</section>")[0]

    assert "wave 2" in card.split("</h2>")[0].lower()
    assert all(f'id="{option.id}"' in card for option in page(asked, olga).questions[0].options)


def test_retry_waits_for_the_servers_that_are_still_being_launched(failed, olga):
    failed.waves.get(number=2).servers.filter(order=0).update(launch_status="IN_PROGRESS", ended_at=None)

    assert "still being launched" in offered(page(failed, olga).questions[0])["RETRY"]


def test_a_recovery_may_be_launched_in_spite_of_problems_and_a_drill_may_not(problem, olga):
    question = page(problem, olga).questions[0]
    assert [option.label for option in question.dangerous] == ["Launch in spite of it"]
    assert question.unsent == 2

    Execution.objects.filter(pk=problem.pk).update(mode="DRILL")
    question = page(problem, olga).questions[0]
    assert question.dangerous == []
    assert "A drill is not launched in spite of problems." in offered(question)["ACCEPT"]


def test_the_other_answers_of_a_pause_unfold(olga):
    drill = execution(olga, status="PAUSED")
    wave(drill, "WAITING", {}).gates.create(kind="PAUSE_BEFORE", question="?")

    question = page(drill, olga).questions[0]

    assert [option.answer for option in question.at_once] == ["RESUME", "CANCEL"]
    assert [option.label for option in question.with_reason] == ["Skip wave 1"]
    assert not question.takes_note


def test_who_may_not_decide_reads_why_once_and_has_no_form_that_works(client, failed, vera):
    text = text_of(client, vera, failed)
    card = text.split('class="card gate-card"')[1].split("</section>")[0]

    assert card.count(PERMISSION) == 1
    assert card.count('aria-disabled="true"') == 4
    assert 'type="submit"' not in card
    assert "To be answered by: administrator or recovery manager." in card


def queries_of_page(client, execution):
    with CaptureQueriesContext(connection) as captured:
        assert client.get(execution.get_absolute_url()).status_code == 200
    return len(captured)


def test_the_page_takes_the_same_queries_for_few_servers_and_questions_and_for_many(client, failed, olga):
    client.force_login(olga.user)
    few = queries_of_page(client, failed)
    for number in range(3, 8):
        servers = [{"name": f"more-{number}-{at}"} for at in range(10)]
        more = wave(failed, "LAUNCHING", *servers, *[FAILED] * 3, on_failure="ASK", depends_on=[1])
        more.gates.create(kind="FAILURE", question="?", details=[{"sentence": "a"}, {"sentence": "b"}])
        for each in more.servers.all():
            ServerAttempt.objects.create(run=each, number=1, launch_status="FAILED")
    execution(olga, status="CANCELLED", preempted_by=failed)

    assert queries_of_page(client, failed) == few


# ---- The answer


def test_a_retry_is_decided_with_a_reason_that_the_timeline_keeps(client, failed, olga):
    answer = decide(client, olga, failed, "RETRY", "The volume is repaired")

    text = unescape(answer.content.decode())
    assert "Decided: retry the failed servers." in text
    assert "olga answered “retry the failed servers” about wave 2: The volume is repaired" in text
    assert failed.waves.get(number=2).servers.filter(launch_status="PENDING").count() == 2
    assert gate_of_or_none(failed) is None


def gate_of_or_none(execution):
    return execution.waves.get(number=2).gates.filter(answered_at=None).first()


def test_a_drill_whose_wave_failed_goes_on_from_the_page(client, aws, place, ada, olga):
    plan = factories.plan(ada, factories.group(ada, place, "db"), w1={"on_failure": "ASK"})
    drill = services.start_execution(plan=plan, actor=olga)
    server = drill.waves.get().servers.first()
    aws.fail_server(factories.TARGET, server.region, server.source_server_id, at="CONVERSION")
    run(drill, aws, by=300)
    text = text_of(client, olga, drill)
    assert f"{server} was not launched" in text
    assert "Wave 1 has failed: waiting for a decision" in text
    gate = drill.waves.get().gates.get()

    client.post(reverse("executions:decide", args=[drill.pk, gate.pk]), {"answer": "RETRY", "note": "Repaired"})
    run(drill, aws, by=300)

    assert drill.status == "COMPLETED"
    text = text_of(client, olga, drill)
    assert "olga answered “retry the failed servers”. Reason: Repaired" in text
    assert "Attempt 2: 1 earlier" in text
    assert "CONVERSION_FAIL" in text.split('class="attempts"')[1].split("</details>")[0]


def test_an_answer_that_needs_a_reason_is_refused_without_one(client, failed, olga):
    answer = decide(client, olga, failed, "SKIP", "  ")

    assert "Give a reason with “skip”" in unescape(answer.content.decode())
    assert gate_of(failed).answer == ""


def test_problems_are_let_pass_with_a_reason(client, problem, olga):
    decide(client, olga, problem, "ACCEPT", "The site is lost")

    second = problem.waves.get(number=2)
    assert [found["code"] for found in second.accepted_problems] == ["REPLICATION", "STALE"]
    assert "olga answered “launch in spite of it”. Reason: The site is lost" in text_of(client, olga, problem)


def test_the_second_of_two_answers_changes_nothing(client, failed, olga, ada):
    url = reverse("executions:decide", args=[failed.pk, gate_of(failed).pk])
    decide(client, ada, failed, "CONTINUE")
    client.force_login(olga.user)

    answer = client.post(url, {"answer": "RETRY"}, follow=True)

    assert "ada has answered this question already" in unescape(answer.content.decode())
    assert [each.attempt for each in failed.waves.get(number=2).servers.all()] == [1, 2, 1]


def test_an_unknown_answer_and_another_executions_question_are_refused(client, failed, problem, olga):
    assert "does not answer this question" in unescape(decide(client, olga, failed, "MAYBE").content.decode())
    foreign = reverse("executions:decide", args=[failed.pk, gate_of(problem).pk])

    answer = client.post(foreign, {"answer": "RETRY"}, follow=True)

    assert "There is no such question in this execution." in unescape(answer.content.decode())
    assert gate_of(problem).answer == ""


def test_who_only_views_decides_nothing_and_a_stranger_sees_no_question(client, failed, vera, sam):
    assert PERMISSION in unescape(decide(client, vera, failed, "CONTINUE").content.decode())
    assert decide(client, sam, failed, "CONTINUE").status_code == 404
    assert gate_of(failed).answer == ""


def test_a_form_of_another_site_decides_nothing(failed, olga):
    client = Client(enforce_csrf_checks=True)

    assert decide(client, olga, failed, "CONTINUE").status_code == 403
    assert gate_of(failed).answer == ""


def test_a_question_is_not_answered_by_a_link(client, failed, olga):
    client.force_login(olga.user)

    assert client.get(reverse("executions:decide", args=[failed.pk, gate_of(failed).pk])).status_code == 405


# ---- What else the page says


def test_the_live_fragment_brings_the_question_and_its_dialog(client, problem, olga):
    client.force_login(olga.user)
    live = reverse("executions:live", args=[problem.pk])

    fragment = client.get(f"{live}?v=0", headers={"hx-request": "true"}).content.decode()

    assert 'id="gate" class="stack" hx-ext="morph" hx-swap-oob="morph"' in fragment
    assert 'id="gate-dialogs" hx-ext="morph" hx-swap-oob="morph"' in fragment
    assert f'id="gate-{gate_of(problem).pk}-accept-dialog"' in fragment


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


def test_a_termination_that_stopped_trying_says_what_stayed_and_offers_to_ask_again(client, olga):
    drill = execution(olga, status="COMPLETED")
    situations.give_up_terminating(drill, wave(drill, "COMPLETED", LAUNCHED, LAUNCHED))

    text = text_of(client, olga, drill)

    assert "Stopped trying: instances are left" in text
    assert "stayed after 3 DRS jobs" in text
    left = ServerRun.objects.get(launch_status="LAUNCHED")
    assert f'1 instance runs on and costs money: {left.name} <span class="mono">{left.recovery_instance_id}' in text
    assert "Terminate again" in text
    client.post(reverse("executions:terminate", args=[drill.pk]))
    assert "Terminating" in text_of(client, olga, drill)


def test_the_instances_of_a_drill_are_terminated_after_a_confirmation_and_of_a_recovery_after_typing(client, olga):
    for mode, is_typed in (("DRILL", False), ("RECOVERY", True)):
        ended = execution(olga, mode=mode, status="COMPLETED")
        dialog = text_of(client, olga, ended).split('<dialog id="terminate"')[1].split("</dialog>")[0]

        assert ('name="confirmation"' in dialog) == is_typed


# ---- Terminal and admin


def test_the_terminal_shows_the_question_its_details_and_where_to_answer(failed, olga):
    console = Console(width=160, record=True, force_terminal=False)

    console.print(progress._picture(page(failed, olga)))

    shown = " ".join(console.export_text().split())
    assert "2 Applications" in shown
    assert "Waiting for a decision" in shown
    assert (
        "Wave 2 has failed In wave 2, Applications, 2 servers have failed: - applications-02 was not launched" in shown
    )
    assert f"administrator or recovery manager, on {failed.get_absolute_url()}" in shown
    assert "Answers: retry the failed servers, continue with the next waves" in shown
    assert "RTO of 60 min: 34 min" in shown
    assert "Runs after waves 2 and 3." in shown


def test_an_auditor_finds_attempts_and_answers_in_the_admin(client, failed, ada, olga):
    decide(client, olga, failed, "CONTINUE", "Batch can wait")
    client.force_login(staff(ada).user)
    tried = failed.waves.get(number=2).servers.get(attempt=2)

    server = client.get(reverse("admin:executions_serverrun_change", args=[tried.pk])).content.decode()
    listed = client.get(reverse("admin:executions_gate_changelist"), {"wave__execution__id__exact": str(failed.pk)})

    assert "SNAPSHOT_FAIL: No snapshot within 10 minutes." in server
    assert listed.context["cl"].result_count == 2
    assert "Batch can wait" in listed.content.decode()
    assert "olga answered" in " ".join(sentences(failed))
