"""Open questions on the execution page: what may be answered, and by whom."""

import pytest
from django.urls import reverse
from rich.console import Console

from executions import progress
from executions.models import Execution, ServerAttempt
from executions.states import BEFORE_A_WAVE, GateKind
from tests.executions import situations
from tests.executions.reading import page, queries_of, text_of
from tests.executions.situations import FAILED, LAUNCHED, execution, wave

pytestmark = pytest.mark.django_db
PERMISSION = "drs:ManageExecution"


def offered(question):
    return {option.answer: option.reason for option in question.options}


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


def test_the_page_takes_the_same_queries_for_few_servers_and_questions_and_for_many(client, failed, olga):
    client.force_login(olga.user)
    execution(olga, status="CANCELLED", preempted_by=failed)
    few = queries_of(client, failed.get_absolute_url())
    for number in range(3, 8):
        servers = [{"name": f"more-{number}-{at}"} for at in range(10)]
        more = wave(failed, "LAUNCHING", *servers, *[FAILED] * 3, on_failure="ASK", depends_on=[1])
        more.gates.create(kind="FAILURE", question="?", details=[{"sentence": "a"}, {"sentence": "b"}])
        for each in more.servers.all():
            ServerAttempt.objects.create(run=each, number=1, launch_status="FAILED")
    execution(olga, status="CANCELLED", preempted_by=failed)

    assert queries_of(client, failed.get_absolute_url()) == few


def test_the_live_fragment_brings_the_question_and_its_dialog(client, problem, olga):
    client.force_login(olga.user)
    live = reverse("executions:live", args=[problem.pk])

    fragment = client.get(f"{live}?v=0", headers={"hx-request": "true"}).content.decode()

    assert 'id="gate" class="stack" hx-ext="morph" hx-swap-oob="morph"' in fragment
    assert 'id="gate-dialogs" hx-ext="morph" hx-swap-oob="morph"' in fragment
    assert f'id="gate-{problem.waves.get(number=2).gates.get().pk}-accept-dialog"' in fragment


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
