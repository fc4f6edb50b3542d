"""The survey of a place stays fresh while waves are to start there: cheap, and never in the way of results."""

from datetime import timedelta
from html import unescape

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from executions import poll, pollers, services, survey, surveying
from executions.models import Execution, Poller, WaveRun
from executions.page import ExecutionPage
from executions.sweep import sweep
from tests import factories
from tests.executions.conftest import Death
from tests.executions.driving import tick

pytestmark = pytest.mark.django_db

REGION = "us-east-1"


@pytest.fixture
def running(two_waves, olga, aws):
    """A drill whose first wave runs and whose second one is to start at the same place."""
    execution = services.start_execution(plan=two_waves, actor=olga)
    tick(execution)
    aws.reset_requests()
    return execution


def poll_now():
    """One poll, whenever it was planned."""
    Poller.objects.update(next_poll_at=timezone.now() - timedelta(seconds=1), lease_until=None)
    poll.poll(Poller.objects.get().pk)
    return Poller.objects.get()


def age(seconds, **more):
    Poller.objects.update(surveyed_at=timezone.now() - timedelta(seconds=seconds), **more)


def surveys(aws):
    return aws.requests()["total"].get("drs.DescribeSourceServers", 0)


def test_a_survey_is_renewed_when_it_is_old_and_a_wave_is_to_start(aws, running, settings):
    age(29)
    poll_now()
    assert surveys(aws) == 0

    age(31)
    poller = poll_now()

    assert surveys(aws) == 1
    assert timezone.now() - poller.surveyed_at < timedelta(seconds=5)
    assert poller.lease_until is None
    poll_now()
    assert surveys(aws) == 1


def test_nobody_surveys_when_no_wave_is_to_start_or_a_person_holds_it(aws, running):
    age(1000)
    Execution.objects.update(status="PAUSED")
    poll_now()
    Execution.objects.update(status="POLLING")
    WaveRun.objects.filter(number=2).update(status="CANCELLED", ended_at=timezone.now())
    poll_now()

    assert surveys(aws) == 0


def test_a_place_without_jobs_is_surveyed_as_long_as_a_wave_is_to_start_there(aws, ada, place, olga, settings):
    groups = [factories.group(ada, place, "db", region=region) for region in ("us-west-2", REGION)]
    execution = services.start_execution(plan=factories.plan(ada, *groups), actor=olga)
    tick(execution)
    Poller.objects.filter(region=REGION).update(surveyed_at=timezone.now() - timedelta(seconds=31), next_poll_at=None)

    sweep()

    poller = Poller.objects.get(region=REGION)
    assert poller.next_poll_at is not None
    Poller.objects.filter(pk=poller.pk).update(next_poll_at=timezone.now())
    poll.poll(poller.pk)
    poller.refresh_from_db()
    assert timezone.now() - poller.surveyed_at < timedelta(seconds=5)
    assert timedelta(seconds=20) < poller.next_poll_at - timezone.now() < timedelta(seconds=settings.SURVEY_SECONDS)


def test_a_wanted_survey_is_taken_soon_and_wakes_those_who_wait_for_it(aws, running, place):
    running.waves.filter(number=2).update(look_again_at=timezone.now() + timedelta(hours=1))
    poll_now()
    assert surveys(aws) == 0
    Execution.objects.update(next_tick_at=None)
    OrmQ.objects.all().delete()

    pollers.want_survey(place.pk, REGION)
    assert OrmQ.objects.count() == 1
    age(9)
    poll_now()
    assert surveys(aws) == 0  # whoever wants one after the other gets one in ten seconds
    age(11)
    poller = poll_now()

    assert surveys(aws) == 1
    assert poller.survey_wanted_at is None
    running.refresh_from_db()
    assert running.next_tick_at <= timezone.now()
    assert running.waves.get(number=2).look_again_at <= timezone.now()


def test_those_who_do_not_wait_are_not_woken(aws, running, place):
    poll_now()
    Execution.objects.update(next_tick_at=None)
    pollers.want_survey(place.pk, REGION)
    age(11)

    poll_now()

    assert surveys(aws) == 1
    running.refresh_from_db()
    assert running.next_tick_at is None


def test_a_wish_that_came_during_a_survey_is_for_the_next_one(running, place):
    seen = survey.take(place, REGION)
    pollers.want_survey(place.pk, REGION)

    survey.store(place.pk, REGION, seen)

    assert Poller.objects.get().survey_wanted_at is not None
    assert 5 < surveying.wait(Poller.objects.get()) <= 10


def test_a_survey_that_fails_is_kept_with_its_time_and_does_not_fail_the_poll(aws, running):
    age(31)
    aws.fault(kind="denied", operation="DescribeSourceServers")

    poller = poll_now()

    assert (poller.failures, poller.last_error) == (0, "")
    assert timezone.now() - poller.survey_failed_at < timedelta(seconds=30)
    assert poller.survey_error.startswith("DescribeSourceServers")
    assert poller.next_poll_at is not None


def test_the_page_says_why_a_place_cannot_be_looked_at_until_it_can(client, aws, running, olga):
    def problems():
        execution = Execution.objects.for_detail().get(pk=running.pk)
        return execution.version, ExecutionPage(execution, olga).poller_problems

    age(31)
    before, none = problems()
    aws.fault(kind="denied", operation="DescribeSourceServers")
    poll_now()
    failed, (sentence,) = problems()
    assert sentence.startswith("The look at us-east-1 of Target (222222222222), which waves need before they start ")
    assert "DescribeSourceServers" in sentence
    assert sentence.endswith(" It is tried again by itself.")
    client.force_login(olga.user)
    assert sentence in unescape(client.get(running.get_absolute_url()).content.decode())

    Poller.objects.update(survey_failed_at=None)
    poll_now()
    assert problems()[0] == failed > before  # the same once more is no news
    Execution.objects.update(status="PAUSED")
    assert problems()[1][0].endswith(" It is tried again when the execution goes on.")
    Execution.objects.update(status="POLLING")
    aws.clear_faults()
    Poller.objects.update(survey_failed_at=None)
    poll_now()

    mended, gone = problems()
    assert mended > failed
    assert none == gone == []


def test_a_place_where_no_wave_is_to_start_is_no_problem_of_the_execution(running, olga):
    running.waves.filter(number=2).update(status="CANCELLED", ended_at=timezone.now())
    Poller.objects.update(survey_error="DescribeSourceServers was refused.")

    assert ExecutionPage(Execution.objects.for_detail().get(pk=running.pk), olga).poller_problems == []


def test_a_person_who_asks_to_look_again_waits_for_no_pause_and_the_reason_stays(running, place):
    age(1000, survey_error="DRS is away.", survey_failed_at=timezone.now())
    assert surveying.wait(Poller.objects.get()) > 50

    pollers.want_survey(place.pk, REGION, insist=True)

    assert surveying.wait(Poller.objects.get()) == 0
    assert Poller.objects.get().survey_error == "DRS is away."


def test_a_survey_that_goes_on_to_fail_is_tried_later_each_time(aws, running):
    age(31)
    aws.fault(kind="denied", operation="DescribeSourceServers")
    poll_now()
    asked = surveys(aws)
    for _ in range(3):
        poll_now()
    assert surveys(aws) == asked

    for seconds, pause in ((8, 5), (40, 20), (100, 50), (1000, 60)):
        failed_at = timezone.now()
        Poller.objects.update(surveyed_at=failed_at - timedelta(seconds=seconds), survey_failed_at=failed_at)
        WaveRun.objects.filter(number=2).update(look_again_at=None)
        Poller.objects.update(survey_wanted_at=timezone.now())
        assert pause - 2 < surveying.wait(Poller.objects.get()) <= pause


def test_a_failure_that_a_start_has_kept_does_not_hold_the_next_survey_up(aws, running):
    age(31, survey_error="DescribeSourceServers was refused.")

    poller = poll_now()

    assert surveys(aws) == 1
    assert (poller.survey_error, poller.survey_failed_at) == ("", None)


def test_results_are_written_and_the_engine_is_woken_before_the_survey_is_taken(aws, running, die_at):
    aws.advance(1000)
    age(31)
    Execution.objects.update(next_tick_at=None)
    die_at("poll recorded")

    with pytest.raises(Death):
        poll_now()

    assert set(running.waves.first().servers.values_list("launch_status", flat=True)) == {"LAUNCHED"}
    running.refresh_from_db()
    assert running.next_tick_at is not None
    assert surveys(aws) == 0


def test_a_wish_that_nobody_needs_any_more_is_forgotten(done):
    Poller.objects.update(survey_wanted_at=timezone.now() - timedelta(minutes=61), surveyed_at=None)
    assert surveying.places() == set()
    assert surveying.wait(Poller.objects.get()) is None

    Poller.objects.update(survey_wanted_at=timezone.now())
    assert surveying.places() == {(Poller.objects.get().account_id, REGION)}
