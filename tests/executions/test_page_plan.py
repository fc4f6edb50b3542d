"""The page of a plan, and the start of an execution from it: what is said of its servers, and what refuses it."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from executions import services
from executions.models import Execution
from protection.models import AccountRegion, SourceServer
from tests import factories
from tests.executions.reading import sign_in

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ["plans:list", "executions:list"])
def test_lists_open_for_those_who_may_view(client, vera, plan, name):
    assert sign_in(client, vera).get(reverse(name)).status_code == 200


def test_the_plan_page_shows_waves_and_servers(client, vera, plan):
    page = sign_in(client, vera).get(reverse("plans:detail", args=[plan.pk])).content.decode()

    assert "Wave 1: db us-east-1" in page
    assert "target-use1-db-1" in page
    assert "none of your roles gives" in page


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


def test_a_start_from_the_page_begins_one_execution_however_often_it_is_sent(client, olga, plan):
    sign_in(client, olga)
    url = reverse("executions:start", args=[plan.pk])
    key = client.get(url).context["key"]

    answers = [client.post(url, {"mode": "DRILL", "key": key}) for _ in range(2)]

    execution = plan.executions.get()
    assert [answer.headers["Location"] for answer in answers] == [execution.get_absolute_url()] * 2


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
