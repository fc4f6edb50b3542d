"""The execution page's read model, and the poll of the live page when there is nothing new."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from executions import services
from executions.models import Execution, ServerRun
from executions.page import ExecutionPage
from protection.models import SourceServer
from tests.executions.driving import run, tick

pytestmark = pytest.mark.django_db


def show(execution, actor):
    """Compute all that the page shows, and return it with the number of queries."""
    with CaptureQueriesContext(
        connection,
    ) as queries:
        page = ExecutionPage(Execution.objects.for_detail().get(pk=execution.pk), actor)
        names = [name for name in dir(page) if not name.startswith("_")]
        shown = {name: getattr(page, name) for name in names}
        for wave in page.waves:
            for server in wave.servers:
                _ = (server.label, server.tone, server.steps, str(server.run.account))
    return shown, len(queries)


def grow(execution, count):
    """Give the first wave `count` servers."""
    wave = execution.waves.first()
    known = wave.servers.first()
    rows = SourceServer.objects.bulk_create(
        SourceServer(
            account=known.account,
            region=known.region,
            source_server_id=f"s-{number:017x}",
            hostname="x",
            synced_at=timezone.now(),
        )
        for number in range(count - wave.servers.count())
    )
    runs = ServerRun.objects.bulk_create(
        ServerRun(
            wave=wave, server=row, account=known.account, region=row.region, source_server_id=row.source_server_id
        )
        for row in rows
    )
    launch = wave.launches.first()
    if launch:
        launch.servers.add(*runs)


def test_the_page_costs_the_same_with_two_and_with_fifty_servers(aws, drill, olga):
    tick(drill)
    _, few = show(drill, olga)
    grow(drill, 50)

    shown, many = show(drill, olga)

    assert shown["total"] == 50
    assert many == few


def test_the_page_of_a_drill_that_runs(aws, two_waves, olga):
    execution = tick(services.start_execution(plan=two_waves, actor=olga))

    shown, _ = show(execution, olga)

    assert (shown["where"], shown["launched"], shown["total"]) == ("wave 1 of 2", 0, 4)
    assert shown["is_asking"]
    assert not shown["has_ended"]
    allowed = {action: offer.allowed for action, offer in shown["offers"].items()}
    stopping, others = {"pause": True, "cancel": True}, ("resume", "decide", "terminate", "withdraw")
    assert allowed == stopping | dict.fromkeys(others, False)
    assert shown["offers"]["terminate"].reason == "Terminate is available when the execution has ended."


def test_the_page_of_a_drill_that_has_completed(done, olga):
    shown, _ = show(done, olga)

    assert (shown["where"], shown["launched"], shown["instances_left"]) == ("", 2, 2)
    assert shown["has_ended"]
    assert shown["offers"]["terminate"].allowed
    assert [row.label for row in shown["waves"][0].servers] == ["Launched", "Launched"]


def test_who_only_views_is_told_why_not(done, vera):
    shown, _ = show(done, vera)

    assert not any(offer.allowed for offer in shown["offers"].values())
    assert "drs:TerminateInstances" in shown["offers"]["terminate"].reason


def test_the_offers_are_what_the_services_allow(aws, two_waves, olga):
    execution = services.start_execution(plan=two_waves, actor=olga)
    run(execution, aws, seconds=1)
    shown, _ = show(execution, olga)

    for action, service in (("pause", services.pause_execution), ("cancel", services.cancel_execution)):
        assert shown["offers"][action].allowed
        service(execution=execution, actor=olga)


def live(client, execution, version):
    return client.get(reverse("executions:live", args=[execution.pk]), {"v": version})


def test_a_poll_with_nothing_new_costs_four_queries_and_says_how_old_things_are(client, drill, olga):
    tick(drill)
    client.force_login(olga.user)

    with CaptureQueriesContext(connection) as queries:
        answer = live(client, drill, drill.version)

    assert (answer.status_code, answer.content) == (204, b"")
    assert len(queries) <= 4, [query["sql"] for query in queries]
    assert answer["X-Server-Now"]
    assert "X-Asked-At" in answer
    assert "X-Worker-Beat-At" in answer


def test_a_poll_says_when_drs_last_answered(client, drill, olga, aws):
    run(drill, aws, seconds=1)
    client.force_login(olga.user)

    answer = live(client, drill, drill.version)

    assert answer["X-Asked-At"]


def test_a_stranger_polls_nothing(client, drill, sam):
    client.force_login(sam.user)

    assert live(client, drill, drill.version).status_code == 404
