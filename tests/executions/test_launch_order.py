"""How the servers of a wave are launched: together, so many at once, one after the other; and what optional means."""

import pytest

from drsorch.errors import Invalid
from executions import services
from executions.models import Launch, ServerRun
from plans import services as plans
from plans.definition import WaveDefinition
from tests import factories
from tests.executions.driving import problems, run, sentences, step, tick

pytestmark = pytest.mark.django_db


@pytest.fixture
def six(ada, place):
    """A group of all six servers of a Region."""
    return factories.group(ada, place, tier="use1")


def ids(place, *names):
    """The ids of the servers whose hostnames end so, in this order."""
    by_name = {server.hostname.removeprefix("target-use1-"): server for server in factories.servers(place)}
    return tuple(by_name[name].source_server_id for name in names)


def start(ada, olga, six, **wave):
    plan = plans.create_plan(
        actor=ada, name="Ordered", waves=[WaveDefinition("all", (six.pk,), **({"checks": "NONE"} | wave))]
    )
    return services.start_execution(plan=plan, actor=olga)


def launching(aws):
    """Servers in live jobs of DRS, for each job."""
    return [len(job["servers"]) for job in aws.jobs() if job["status"] != "COMPLETED"]


def test_servers_are_launched_one_after_the_other_in_the_order_of_the_plan(aws, place, ada, olga, six):
    wanted = ids(place, "web-2", "db-1", "app-1")
    drill = start(ada, olga, six, server_ids=wanted, launch_order="SEQUENTIAL")

    for count in range(1, 4):
        tick(drill)
        assert launching(aws) == [1]
        assert len(aws.jobs()) == count
        aws.advance(1500)
        step()

    run(drill, aws)
    assert drill.status == "COMPLETED", sentences(drill)
    ordered = [launch.servers.get().source_server_id for launch in Launch.objects.order_by("intended_at")]
    assert ordered == list(wanted)
    assert not problems(aws)


def test_a_critical_failure_ends_the_sequence_and_the_rest_is_never_tried(aws, place, ada, olga, six):
    first, second, third = ids(place, "db-1", "app-1", "web-1")
    drill = start(ada, olga, six, server_ids=(first, second, third), launch_order="SEQUENTIAL")
    aws.fail_server("222222222222", "us-east-1", second)

    run(drill, aws)

    assert [row.launch_status for row in drill.waves.get().servers.all()] == ["LAUNCHED", "FAILED", "SKIPPED"]
    assert (drill.waves.get().status, drill.status) == ("FAILED", "PARTIAL")
    assert len(aws.jobs()) == 2
    skipped = ServerRun.objects.get(source_server_id=third)
    assert skipped.error == "Not launched. A critical server that is launched before failed."
    assert not hasattr(skipped.server, "hold")


def test_an_optional_failure_does_not_end_the_sequence(aws, place, ada, olga, six):
    first, second = ids(place, "db-1", "app-1")
    order = {"server_ids": (first, second), "optional_ids": (first,), "launch_order": "SEQUENTIAL"}
    drill = start(ada, olga, six, **order)
    aws.fail_server("222222222222", "us-east-1", first)

    run(drill, aws)

    assert [row.launch_status for row in drill.waves.get().servers.all()] == ["FAILED", "LAUNCHED"]
    assert (drill.waves.get().status, drill.status) == ("PARTIAL", "PARTIAL")


def test_a_wave_with_a_limit_never_launches_more_servers_at_once(aws, ada, olga, six):
    drill = start(ada, olga, six, max_parallel=4)
    seen = []

    for _ in range(60):
        step()
        seen.append(sum(launching(aws)))
        drill.refresh_from_db()
        if not drill.is_active:
            break
        aws.advance(200)

    assert drill.status == "COMPLETED", sentences(drill)
    assert max(seen) == 4
    assert sorted(launch.servers.count() for launch in Launch.objects.all()) == [2, 4]
    assert not problems(aws)


def test_an_optional_server_that_fails_leaves_the_wave_partial_and_the_next_one_starts(
    aws, place, ada, olga, two_waves
):
    (optional,) = ids(place, "db-2")
    first, second = two_waves.waves.all()
    waves = [
        WaveDefinition("db", tuple(first.groups.values_list("pk", flat=True)), checks="NONE", optional_ids=(optional,)),
        WaveDefinition("app", tuple(second.groups.values_list("pk", flat=True)), checks="NONE"),
    ]
    plans.update_plan(plan=two_waves, actor=ada, version=two_waves.version, waves=waves, name=two_waves.name)
    drill = services.start_execution(plan=two_waves, actor=olga)
    aws.fail_server("222222222222", "us-east-1", optional)

    run(drill, aws)

    assert [wave.status for wave in drill.waves.all()] == ["PARTIAL", "COMPLETED"]
    assert drill.status == "PARTIAL"
    assert drill.status_reason == "3 of 4 servers launched."


def test_a_server_cannot_be_optional_without_being_chosen(place, ada, six):
    chosen, other = ids(place, "db-1", "web-1")
    wave = WaveDefinition("all", (six.pk,), server_ids=(chosen,), optional_ids=(other,))

    with pytest.raises(Invalid, match=f"calls {other} optional, but has not chosen it"):
        plans.create_plan(actor=ada, name="Ordered", waves=[wave])


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ({"max_parallel": 0}, "1 or more"),
        ({"max_parallel": 2, "launch_order": "SEQUENTIAL"}, "for a wave that launches together"),
        ({"wait_seconds": 86_401}, "at most 86,400 seconds"),
        ({"on_failure": "PANIC"}, "PANIC"),
    ],
)
def test_settings_that_make_no_sense_are_refused(ada, six, setting, sentence):
    with pytest.raises(Invalid, match=sentence):
        plans.create_plan(actor=ada, name="Ordered", waves=[WaveDefinition("all", (six.pk,), **setting)])
