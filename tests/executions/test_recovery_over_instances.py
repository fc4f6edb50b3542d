"""Recoveries of servers that already run: a recovered server is never launched over by accident."""

import pytest

from drsorch.audit.models import AuditEvent
from drsorch.errors import Denied, Invalid, NotReady
from executions import readiness, services
from executions.decisions.readiness import Code
from protection import inventory
from tests.executions.driving import run
from tests.executions.starting import codes, recover, refused

pytestmark = pytest.mark.django_db
WHY = "The site is lost"
LIVE = ["LIVE_INSTANCE", "LIVE_INSTANCE"]


class TestLiveInstances:
    """A recovered server is never launched over by accident."""

    @pytest.fixture
    def recovered(self, small, olga, aws, place):
        execution = run(recover(small, olga), aws)
        for region in place.regions.all():
            inventory.sync_region(region)
        small.refresh_from_db()
        return execution

    def test_a_drill_and_a_recovery_are_stopped_by_it_whatever_the_reason(self, small, olga, recovered):
        with refused(NotReady, "runs as recovery instance i-") as recovery:
            recover(small, olga, override_reason=WHY)
        with refused(NotReady, "Terminate it first, or name the server") as drill:
            services.start_execution(plan=small, actor=olga, override_reason=WHY)

        assert (codes(recovery), recovery.value.details["canOverride"]) == (LIVE, False)
        assert (codes(drill), drill.value.details["canOverride"]) == (LIVE, False)

    def test_every_such_server_has_to_be_named_and_a_reason_given(self, small, olga, otto, recovered):
        names = ["target-use1-db-1", "target-use1-db-2"]

        with refused(NotReady, "target-use1-db-2 runs as") as unnamed:
            recover(small, olga, launch_over=names[:1], override_reason=WHY)
        with refused(NotReady, "has to give the reason") as without_reason:
            recover(small, olga, launch_over=names)
        with refused(Denied, "drs:ManageExecution") as denial:
            recover(small, otto, launch_over=names, override_reason=WHY)

        assert (codes(unnamed), unnamed.value.details["canOverride"]) == (LIVE[1:], False)
        assert (codes(without_reason), without_reason.value.details["canOverride"]) == (LIVE, True)
        assert denial.value.code == "INSUFFICIENT_PERMISSIONS"

    def test_with_both_it_is_replaced(self, small, olga, recovered, aws):
        servers = [row.source_server_id for row in recovered.waves.get().servers.all()]
        execution = run(recover(small, olga, launch_over=servers, override_reason=WHY), aws)

        assert execution.status == "COMPLETED"
        assert [entry["code"] for entry in execution.overridden] == ["LIVE_INSTANCE", "LIVE_INSTANCE"]
        assert AuditEvent.objects.order_by("pk").last().detail["launch_over"] == sorted(servers)

    @pytest.mark.parametrize("name", ["nobody", ""])
    def test_a_name_that_the_plan_does_not_have_is_refused(self, small, olga, recovered, name):
        with refused(Invalid, "names no server of the plan") as refusal:
            recover(small, olga, launch_over=[name], override_reason=WHY)

        assert refusal.value.code == "VALIDATION_FAILED"
        assert f"“{name}”, to be launched over," in refusal.value.message

    def test_it_is_known_from_the_inventory_when_drs_does_not_answer(self, small, olga, recovered, aws):
        aws.fault(kind="error_before", service="drs", times=100)

        with refused(NotReady, "runs as recovery instance") as refusal:
            recover(small, olga, override_reason=WHY)

        assert codes(refusal) == LIVE

    def test_the_instance_of_a_drill_is_replaced_with_a_warning_only(self, small, done, olga):
        look = readiness.look(small, mode="RECOVERY")

        assert {finding.code for finding in look.findings} == {Code.DRILL_INSTANCE}
        assert recover(small, olga).override_reason == ""
