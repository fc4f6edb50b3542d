"""A process dies at a named point, another one goes on: one job per launch, nothing stuck, nothing lost."""

import re
from collections import Counter
from pathlib import Path

import pytest

from executions import crash, pollers, services
from executions.models import Launch, Poller, TerminationCall
from tests.executions.conftest import Death
from tests.executions.driving import let_settle, problems, run, sentences, step, tick

pytestmark = pytest.mark.django_db

SAID_ONCE = [
    "The engine took the execution.",
    "Wave 1, db us-east-1, started: 2 servers in one DRS job.",
    "Wave 1, db us-east-1: DRS prepares the servers.",
    "Wave 1, db us-east-1: 2 of 2 servers launched.",
    "2 of 2 servers launched.",
]


def started_calls(aws):
    return aws.requests()["total"].get("drs.StartRecovery", 0)


def run_until_death(execution, aws):
    """Drive until the process dies."""
    with pytest.raises(Death):
        run(execution, aws, by=300)
        pytest.fail("Nothing died: the point was never passed.")


def test_the_points_are_those_that_the_code_passes():
    passed = set()
    for file in Path(crash.__file__).parent.rglob("*.py"):
        passed.update(re.findall(r'crash\.point\("([^"]+)"\)', file.read_text()))

    assert passed == set(crash.POINTS)


# Points that are passed often die at a later passing too.
DEATHS = [(point, 1) for point in crash.POINTS] + [
    ("inside the record", 3),
    ("inside the record", 5),
    ("record committed", 3),
    ("record committed", 5),
    ("before release", 3),
    ("inside the poll record", 3),
]


@pytest.mark.parametrize(("point", "nth"), DEATHS)
def test_a_death_costs_nothing_but_time(aws, drill, die_at, point, nth, place):
    pollers.want_survey(place.pk, "us-east-1")
    Poller.objects.update(surveyed_at=None)
    passed = die_at(point, nth)
    run_until_death(drill, aws)
    step()
    let_settle()

    run(drill, aws)

    assert len(passed) >= nth
    assert drill.status == "COMPLETED", sentences(drill)
    assert problems(aws) == []
    said = Counter(sentences(drill))
    assert {line: said[line] for line in SAID_ONCE} == dict.fromkeys(SAID_ONCE, 1)
    assert max(said.values()) == 1


def test_a_job_whose_answer_was_lost_is_found_again_and_not_sent_twice(aws, drill, die_at):
    die_at("call answered")
    run_until_death(drill, aws)
    assert Launch.objects.get().status == "INTENT"

    tick(drill)

    launch = Launch.objects.get()
    assert (launch.status, launch.adopted) == ("SENT", True)
    assert started_calls(aws) == 1
    assert problems(aws) == []


def test_a_call_that_was_never_sent_is_sent_only_after_the_settle_window(aws, drill, die_at):
    die_at("intent committed")
    run_until_death(drill, aws)

    for _ in range(3):
        tick(drill)
    assert Launch.objects.get().status == "INTENT"
    assert started_calls(aws) == 0
    assert "was lost. Looking for its job before sending again." in Launch.objects.get().reason

    let_settle()
    tick(drill)
    assert Launch.objects.get().status == "SENT"
    assert started_calls(aws) == 1


def test_sending_again_without_looking_is_caught(aws, drill, die_at, settings):
    settings.ENGINE_BLIND_RESEND = True
    die_at("call answered")
    run_until_death(drill, aws)
    aws.advance(2000)

    run(drill, aws)

    assert started_calls(aws) == 2
    assert any("started 2 times" in problem for problem in problems(aws))
    assert any("has no launch" in problem for problem in problems(aws))


@pytest.mark.parametrize(("point", "calls"), [("intent committed", 1), ("call answered", 1)])
def test_a_death_during_terminate_terminates_once(aws, done, olga, die_at, point, calls):
    services.terminate_instances(execution=done, actor=olga)
    die_at(point)
    with pytest.raises(Death):
        tick(done)
    assert TerminationCall.objects.get().status == "INTENT"

    for _ in range(4):
        step()
        let_settle()
        aws.advance(60)
    done.refresh_from_db()

    assert done.instances_terminated, sentences(done)
    assert aws.requests()["total"]["drs.TerminateRecoveryInstances"] == calls
    assert [job["type"] for job in aws.jobs()] == ["LAUNCH", "TERMINATE"]
