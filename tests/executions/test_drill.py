"""A drill from start to end, against the local endpoint."""

import pytest

from executions import services
from executions.models import ServerRun
from tests import factories
from tests.executions.driving import run

pytestmark = pytest.mark.django_db


def test_a_drill_of_three_waves_completes_and_its_instances_exist(aws, place, ada, olga):
    plan = factories.three_tiers(ada, place)

    execution = run(services.start_execution(plan=plan, actor=olga), aws)

    assert execution.status == "COMPLETED", [event.sentence for event in execution.events.all()]
    assert [wave.status for wave in execution.waves.all()] == ["COMPLETED"] * 3
    assert all(row.recovery_instance_id and row.private_ip for row in ServerRun.objects.all())
    assert {server["launched"] for server in aws.launches()["servers"].values()} == {1}
