"""The survey of an account and Region: all of it in one pass, kept with its age, never empty for "could not ask"."""

import json
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from drsorch.aws.errors import AwsError
from executions import readiness, services, survey
from executions.decisions.readiness import Code, Severity
from executions.models import Poller, ServerRun
from protection.models import ServerHold
from tests import factories
from tests.executions.driving import run, start_outside, terminate_outside

pytestmark = pytest.mark.django_db
REGION = "us-east-1"


def refresh(place):
    return survey.refresh_all([(place, REGION)])[0]


def of_wave(execution):
    return readiness.of_wave(execution.waves.get(), timezone.now())


def test_one_pass_sees_servers_live_jobs_of_every_type_and_instances(place, small, done, olga, aws):
    """Field bug 4, and 18: a TERMINATE job holds its servers as a LAUNCH job does."""
    gone, stays = done.waves.get().servers.order_by("name")
    job = terminate_outside(place, [gone.recovery_instance_id])
    seen = survey.take(place, REGION)

    assert len(seen.servers) == len(factories.servers(place))
    assert [(each.job_id, each.type, each.servers) for each in seen.live_jobs] == [
        (job.job_id, "TERMINATE", (gone.source_server_id,))
    ]
    instances = {each.source_server_id: each for each in seen.instances}
    assert instances[stays.source_server_id].is_drill is True
    assert instances[stays.source_server_id].recovery_instance_id == stays.recovery_instance_id
    assert survey.Survey.from_json(json.loads(json.dumps(seen.to_json()))) == seen


@pytest.mark.parametrize("operation", ["DescribeSourceServers", "DescribeJobs", "DescribeRecoveryInstances"])
def test_a_part_that_cannot_be_asked_makes_no_survey_and_keeps_the_last_one(place, aws, operation):
    """Field bug h and i: what could not be asked looks like nothing found."""
    refresh(place)
    aws.fault(kind="denied", operation=operation)

    with pytest.raises(AwsError, match=operation):
        survey.take(place, REGION)
    assert isinstance(refresh(place), AwsError)
    assert survey.latest(place.pk, REGION) is not None
    assert operation in survey.failure(place.pk, REGION)


def test_recovery_plans_that_we_may_not_list_are_a_gap_that_is_said(place, aws):
    aws.fault(kind="denied", operation="ListRecoveryPlanExecutions")

    assert "ListRecoveryPlanExecutions" in survey.take(place, REGION).native_error


def test_a_survey_has_an_age_and_an_older_one_never_replaces_a_later(place):
    later = refresh(place)
    earlier = survey.Survey(later.account_id, REGION, later.taken_at - timedelta(seconds=5))
    survey.store(place.pk, REGION, earlier)

    assert survey.latest(place.pk, REGION, max_age_seconds=60) == later
    Poller.objects.update(surveyed_at=timezone.now() - timedelta(seconds=61))
    assert survey.latest(place.pk, REGION, max_age_seconds=60) is None
    assert survey.latest(place.pk, REGION) == later


def test_a_start_keeps_the_survey_it_has_taken(drill, place):
    assert survey.latest(place.pk, REGION, max_age_seconds=60) is not None


def test_before_a_wave_a_survey_that_is_too_old_is_unknown_and_costs_no_call(drill, aws):
    assert of_wave(drill) == []
    Poller.objects.update(surveyed_at=timezone.now() - timedelta(hours=1), survey_error="DRS is away.")
    aws.reset_requests()
    (finding,) = of_wave(drill)

    assert (finding.code, finding.severity) == (Code.UNKNOWN, Severity.UNKNOWN)
    assert "us-east-1 of Target" in finding.sentence
    assert "DRS is away." in finding.sentence
    assert aws.requests()["total"] == {}


def test_before_a_wave_a_job_of_somebody_else_is_found_and_one_of_the_execution_is_not(drill, place, small):
    server = drill.waves.get().servers.first()
    job = start_outside(place, [server.source_server_id])
    refresh(place)
    (finding,) = of_wave(drill)

    assert (finding.code, finding.subject) == (Code.BUSY, job.job_id)


def test_before_a_wave_servers_that_were_sent_already_are_not_judged(drill, place, aws):
    ServerRun.objects.update(launch_status="LAUNCHED", ended_at=timezone.now())
    Poller.objects.update(surveyed_at=timezone.now() - timedelta(hours=1))

    assert of_wave(drill) == []


def test_before_a_wave_what_was_let_pass_is_left_out(drill, place):
    Poller.objects.update(surveyed_at=timezone.now() - timedelta(hours=1))
    (finding,) = of_wave(drill)
    wave = drill.waves.get()
    wave.accepted_problems = [finding.sentence]
    wave.save()
    assert of_wave(drill) == []

    wave.accepted_problems, drill.overridden = [], [finding.to_json()]
    wave.save()
    drill.save()
    assert of_wave(drill) == []


def test_before_a_wave_a_server_that_another_execution_holds_is_found(drill):
    hold = ServerHold.objects.first()
    ServerHold.objects.filter(pk=hold.pk).update(holder="00000000-0000-0000-0000-000000000001", label="Drill of Other")

    (found,) = of_wave(drill)
    assert (found.code, found.source_server_id) == (Code.HELD, hold.server.source_server_id)
    assert "in use by another execution" in found.sentence
    assert "Drill of Other" not in found.sentence  # it is kept, and read by people who may not see that one


def test_before_a_wave_its_drill_instances_are_only_a_warning(done, small, olga, aws, place):
    again = services.start_execution(plan=small, actor=olga)

    assert {(each.code, each.severity) for each in of_wave(again)} == {(Code.DRILL_INSTANCE, Severity.WARNING)}
    assert run(again, aws).status == "COMPLETED"


def test_places_are_asked_side_by_side_and_a_silent_one_holds_up_no_other(place, aws):
    places = [(place, REGION), (place, factories.OTHER_REGION)]
    aws.fault(kind="slow", operation="DescribeSourceServers", seconds=1.5, times=2)
    aws.fault(kind="denied", operation="DescribeJobs", region=REGION)
    began = time.monotonic()
    refused, seen = survey.refresh_all(places)

    assert time.monotonic() - began < 2.9
    assert isinstance(refused, AwsError)
    assert survey.latest(place.pk, REGION) is None
    assert "DescribeJobs" in survey.failure(place.pk, REGION)
    assert survey.latest(place.pk, factories.OTHER_REGION) == seen
