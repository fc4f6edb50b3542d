"""Before each wave its servers are looked at again: go on, wait for a job that has them, or ask people."""

from datetime import timedelta

import pytest
from django.utils import timezone

from drsorch.errors import Conflict, Invalid
from executions import services
from executions.models import Gate, Poller
from tests.executions.driving import due_now, run, sentences, step, tick
from tests.executions.starting import recover

pytestmark = pytest.mark.django_db


def forget_survey():
    """What was seen of the place is too old to go by."""
    Poller.objects.update(surveyed_at=timezone.now() - timedelta(hours=1))


def replicate(aws, server, state):
    """Let DRS say that the server's replication is in this state."""
    place = ("222222222222", server.region)
    aws.happen("replication", *place, source_server_ids=[server.source_server_id], state=state)


def until_wave_two(execution, actor, aws):
    """Drive until the first wave has ended, and the second has not started."""
    tick(execution)
    services.pause_execution(execution=execution, actor=actor)
    run(execution, aws)
    forget_survey()
    services.resume_execution(execution=execution, actor=actor)
    return execution


@pytest.fixture
def halfway(two_waves, olga, aws):
    """A drill whose first wave has completed, and whose second is about to be looked at."""
    return until_wave_two(services.start_execution(plan=two_waves, actor=olga), olga, aws)


@pytest.fixture
def recovery(two_waves, ada, aws):
    """A recovery that has come as far."""
    return until_wave_two(recover(two_waves, ada), ada, aws)


def second(drill):
    return drill.waves.get(number=2)


def looks(drill, rounds=3):
    """Look so often, as time passes."""
    for _ in range(rounds):
        drill.waves.exclude(look_again_at=None).update(look_again_at=timezone.now())
        step()
    drill.refresh_from_db()


def asked(execution, rounds=3):
    """Look so often, and return the question that people are asked then."""
    looks(execution, rounds)
    return Gate.objects.get(answered_at=None)


def test_an_old_survey_is_taken_anew_before_the_wave_starts(aws, halfway):
    tick(halfway)
    wave = second(halfway)
    assert wave.status == "PENDING"
    assert wave.look_again_at is not None
    assert "DRS was not asked successfully" in wave.reason
    assert Poller.objects.get(region="us-east-1").survey_wanted_at is not None

    step()  # no time passes: the new survey itself wakes who waits for it
    assert second(halfway).status in {"INITIATED", "POLLING"}
    assert run(halfway, aws).status == "COMPLETED", sentences(halfway)


def test_a_server_that_replicates_no_more_asks_people_before_its_wave(aws, halfway, olga):
    server = second(halfway).servers.first()
    replicate(aws, server, "DISCONNECTED")

    gate = asked(halfway)
    assert (halfway.status, gate.kind) == ("PAUSED", "PROBLEM")
    assert f"{server.name} does not replicate (state disconnected)" in gate.question

    with pytest.raises(Conflict, match="A drill is not launched in spite of problems"):
        services.decide_gate(execution=halfway, gate=gate.pk, answer="ACCEPT", actor=olga, note="I know.")
    replicate(aws, server, "CONTINUOUS")
    forget_survey()
    services.decide_gate(execution=halfway, gate=gate.pk, answer="LOOK_AGAIN", actor=olga)
    looks(halfway)
    assert run(halfway, aws).status == "COMPLETED", sentences(halfway)


def test_a_recovery_launches_in_spite_of_a_problem_when_a_person_takes_it_on(aws, recovery, ada):
    server = second(recovery).servers.first()
    replicate(aws, server, "DISCONNECTED")
    gate = asked(recovery)

    with pytest.raises(Invalid, match="Give a reason"):
        services.decide_gate(execution=recovery, gate=gate.pk, answer="ACCEPT", actor=ada)
    services.decide_gate(execution=recovery, gate=gate.pk, answer="ACCEPT", actor=ada, note="The site burns.")
    looks(recovery)

    assert second(recovery).status in {"INITIATED", "POLLING"}
    assert run(recovery, aws).status == "COMPLETED", sentences(recovery)


def test_a_place_that_cannot_be_surveyed_asks_people_after_a_few_looks(aws, halfway, olga):
    aws.fault(kind="denied", operation="DescribeSourceServers")

    gate = asked(halfway, rounds=6)
    assert (halfway.status, gate.kind) == ("PAUSED", "PROBLEM")
    assert "Unknown" in gate.question

    aws.clear_faults()
    services.decide_gate(execution=halfway, gate=gate.pk, answer="LOOK_AGAIN", actor=olga)
    looks(halfway)
    due_now()
    assert run(halfway, aws).status == "COMPLETED", sentences(halfway)


def test_a_server_in_the_job_of_another_is_waited_for_and_named(aws, halfway):
    server = second(halfway).servers.first()
    job = aws.start_job("222222222222", "us-east-1", [server.source_server_id], is_drill=True)

    looks(halfway)
    wave = second(halfway)
    assert wave.status == "PENDING"
    assert f"{server.name} is in DRS job {job}" in wave.reason
    assert not Gate.objects.filter(answered_at=None).exists()

    aws.advance(4000)
    for _ in range(4):
        forget_survey()
        looks(halfway)
    assert run(halfway, aws).status == "COMPLETED", sentences(halfway)


def test_a_live_instance_is_not_launched_over_at_the_gate(aws, recovery, ada):
    aws.start_job("222222222222", "us-east-1", [second(recovery).servers.first().source_server_id])
    aws.advance(4000)
    gate = asked(recovery)
    assert [found["code"] for found in gate.details] == ["LIVE_INSTANCE"]

    with pytest.raises(Conflict, match="That needs a consent of its own"):
        services.decide_gate(execution=recovery, gate=gate.pk, answer="ACCEPT", actor=ada, note="Never mind.")
