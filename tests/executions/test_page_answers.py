"""Answers given on the execution page: what they do, what refuses them, and what is left of them."""

from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from executions import services
from tests import factories
from tests.access.conftest import staff
from tests.executions.driving import run, sentences
from tests.executions.reading import text_of

pytestmark = pytest.mark.django_db
PERMISSION = "drs:ManageExecution"


def gate_of(execution):
    return execution.waves.get(number=2).gates.get(answered_at=None)


def decide(client, actor, execution, answer, note=""):
    client.force_login(actor.user)
    url = reverse("executions:decide", args=[execution.pk, gate_of(execution).pk])
    return client.post(url, {"answer": answer, "note": note}, follow=True)


def gate_of_or_none(execution):
    return execution.waves.get(number=2).gates.filter(answered_at=None).first()


def test_a_retry_is_decided_with_a_reason_that_the_timeline_keeps(client, failed, olga):
    answer = decide(client, olga, failed, "RETRY", "The volume is repaired")

    text = unescape(answer.content.decode())
    assert "Decided: retry the failed servers." in text
    assert "olga answered “retry the failed servers” about wave 2: The volume is repaired" in text
    assert failed.waves.get(number=2).servers.filter(launch_status="PENDING").count() == 2
    assert gate_of_or_none(failed) is None


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
