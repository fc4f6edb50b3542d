"""The start page: a drill or a recovery, what speaks against it, and every consent on its own."""

from html import unescape

import pytest
from django.urls import reverse

from drsorch.access.roles import Role
from executions import services
from executions.models import Execution
from protection.models import AccountRegion
from tests import factories
from tests.executions.driving import breaks, run

pytestmark = pytest.mark.django_db


@pytest.fixture
def url(small):
    return reverse("executions:start", args=[small.pk])


@pytest.fixture
def as_olga(client, olga):
    """A browser in which olga, who may start and override, is signed in."""
    client.force_login(olga.user)
    return client


def text(answer):
    return " ".join(unescape(answer.content.decode()).split())


def recovery(**fields):
    return {"mode": "RECOVERY", "key": "k", "confirmation": "Small", **fields}


def test_a_drill_and_a_recovery_are_told_apart_at_first_sight(as_olga, url):
    drill, real = text(as_olga.get(url)), text(as_olga.get(f"{url}?mode=RECOVERY"))

    assert "Start a drill" in drill
    assert "This is not a drill" not in drill
    assert 'name="confirmation"' not in drill
    assert "Start a recovery" in real
    assert "badge-red" in real
    assert "This is not a drill." in real
    assert "To confirm, type <strong>Small</strong>" in real
    assert 'class="button button-danger"' in real


def test_looking_at_the_page_asks_aws_nothing_and_checking_does(as_olga, url, place, aws, small):
    aws.reset_requests()
    shown = text(as_olga.get(url))
    assert aws.requests()["total"] == {}
    assert "Every server replicates, and none is in use" in shown

    breaks(factories.servers(place, tier="-db-1")[0])
    checked = as_olga.post(url, {"mode": "DRILL", "action": "check", "reason": "Quarterly"})

    assert checked.status_code == 200
    assert "DRS was asked" in text(checked)
    assert "1 server is not replicating" in text(checked)
    assert 'value="Quarterly"' in text(checked)
    assert "Problems" in text(checked)
    assert not Execution.objects.exists()
    assert "1 server is not replicating" in text(as_olga.get(url))  # and it is known from now on


def test_what_could_not_be_asked_stands_under_its_own_heading(as_olga, url, aws):
    aws.fault(kind="denied", operation="DescribeJobs")
    shown = text(as_olga.post(url, {"mode": "DRILL", "action": "check"}))

    assert "<h3>Not known</h3>" in shown
    assert "Unknown whether the servers in us-east-1 of Target" in shown


def test_who_may_not_start_may_not_have_aws_asked(client, vera, sam, url, aws):
    aws.reset_requests()
    client.force_login(vera.user)
    assert client.post(url, {"mode": "DRILL", "action": "check"}).status_code == 403
    client.force_login(sam.user)
    assert client.post(url, {"mode": "DRILL", "action": "check"}).status_code == 404
    assert aws.requests()["total"] == {}


def test_a_recovery_is_started_from_the_page(as_olga, url):
    assert as_olga.post(url, recovery(confirmation="small")).status_code == 400
    assert not Execution.objects.exists()

    as_olga.post(url, recovery())

    assert Execution.objects.get().mode == "RECOVERY"


def test_a_problem_is_let_pass_from_the_page_with_a_reason(as_olga, url, place):
    breaks(factories.servers(place, tier="-db-1")[0])
    refused = as_olga.post(url, recovery())
    assert refused.status_code == 409
    assert "Who may override can go on with a reason." in text(refused)

    as_olga.post(url, recovery(override_reason="The site is lost"))

    assert Execution.objects.get().override_reason == "The site is lost"


def test_who_may_not_override_reads_why(client, url, db):
    client.force_login(factories.person("otto", Role.OPERATOR).user)

    assert "drs:ManageExecution" in text(client.get(f"{url}?mode=RECOVERY"))


def test_a_drill_in_the_way_is_named_and_pre_empted_with_a_tick(as_olga, url, drill, ada):
    assert "This plan is running now." in text(as_olga.get(url))
    shown = text(as_olga.get(f"{url}?mode=RECOVERY"))
    assert f"Pre-empt: cancel Drill of Small ({drill.short_id}), started by olga" in shown
    assert "2 servers are in use by Drill of Small" in shown

    assert as_olga.post(url, recovery()).status_code == 409
    as_olga.post(url, recovery(preempt="1"))

    drill.refresh_from_db()
    assert drill.preempted_by.mode == "RECOVERY"


def test_live_instances_are_launched_over_one_by_one(as_olga, url, small, olga, aws):
    first = run(services.start_execution(plan=small, actor=olga, mode="RECOVERY", confirm_plan_name="Small"), aws)
    servers = [row.source_server_id for row in first.waves.get().servers.all()]
    refused = as_olga.post(url, recovery(override_reason="Again", launch_over=servers[:1]))

    assert refused.status_code == 409
    assert text(refused).count('name="launch_over"') == 2
    assert text(refused).count(" checked>") == 1

    assert as_olga.post(url, recovery(override_reason="Again", launch_over=servers)).status_code == 302


@pytest.mark.parametrize("at", ["yesterday", "2999-01-01T00:00"])
def test_a_point_in_time_that_cannot_be_is_refused_and_stays_in_the_form(as_olga, url, at):
    refused = as_olga.post(url, {"mode": "DRILL", "key": "k", "at": at})

    assert refused.status_code == 400
    assert f'value="{at}"' in text(refused)
    assert not Execution.objects.exists()


def test_the_quotas_are_shown_with_their_age_or_said_to_be_the_usual_ones(as_olga, url, place):
    AccountRegion.objects.update(quotas={}, quotas_read_at=None)
    assert "Not read: AWS's usual numbers" in text(as_olga.get(url))
    assert "of 20" in text(as_olga.get(url))

    AccountRegion.objects.update(quotas={"L-D88FAC3A": 7}, quotas_read_at=place.validated_at)
    shown = text(as_olga.get(url))
    assert "of 7" in shown
    assert "Not read" not in shown


def test_the_page_costs_the_same_number_of_queries_for_any_number_of_servers(
    as_olga, ada, place, django_assert_max_num_queries
):
    plan = factories.three_tiers(ada, place)
    with django_assert_max_num_queries(40):
        as_olga.get(reverse("executions:start", args=[plan.pk]))
