"""Recoveries: what has to be said expressly, and by whom, before one is started."""

import pytest

from drsorch.audit.models import AuditEvent
from drsorch.errors import Denied, Invalid, NotFound, NotReady
from executions import readiness, services, survey
from executions.models import ServerRun
from tests import factories
from tests.executions.driving import breaks, run, sentences, vanishes
from tests.executions.starting import codes, recover, refused

pytestmark = pytest.mark.django_db
WHY = "The site is lost"
EXECUTE, MANAGE = "drs:ExecuteRecovery", "drs:ManageExecution"


class TestConfirmation:
    """The plan's name, typed."""

    @pytest.mark.parametrize("typed", ["", "small", "Smal", "Other"])
    def test_without_the_name_of_the_plan_nothing_is_started_and_aws_is_not_asked(self, small, olga, aws, typed):
        aws.reset_requests()

        with refused(Invalid, "type the name of the plan, Small") as refusal:
            services.start_execution(plan=small, actor=olga, mode="RECOVERY", confirm_plan_name=typed)

        assert refusal.value.code == "CONFIRMATION_REQUIRED"
        assert aws.requests()["total"] == {}

    def test_a_recovery_launches_instances_that_are_no_drills(self, small, otto, aws, place):
        execution = run(recover(small, otto), aws)

        assert (execution.mode, execution.status) == ("RECOVERY", "COMPLETED")
        assert {job["initiatedBy"] for job in aws.jobs()} == {"START_RECOVERY"}
        assert {each.is_drill for each in survey.take(place, "us-east-1").instances} == {False}

    def test_who_views_and_who_is_a_stranger_start_no_recovery(self, small, vera, sam):
        with refused(Denied, "drs:ExecuteRecovery") as denial:
            recover(small, vera)
        with refused(NotFound, "no such recovery plan") as absence:
            recover(small, sam)

        assert (denial.value.code, denial.value.details) == ("INSUFFICIENT_PERMISSIONS", {"permission": EXECUTE})
        assert (absence.value.code, absence.value.details) == ("NOT_FOUND", {})

    def test_the_instances_of_a_recovery_are_terminated_only_with_the_name_of_the_plan(self, small, olga, aws):
        execution = run(recover(small, olga), aws)

        for typed in ("", "small"):
            with refused(Invalid, "type the name of the plan, Small") as refusal:
                services.terminate_instances(execution=execution, actor=olga, confirm_plan_name=typed)
            assert refusal.value.code == "CONFIRMATION_REQUIRED"
        services.terminate_instances(execution=execution, actor=olga, confirm_plan_name="Small")

        assert execution.termination.requested_by == "olga"


class TestOverride:
    """Problems and unknowns, let pass with a reason by who may."""

    def test_without_a_reason_the_problems_are_listed_and_the_way_is_named(self, small, olga, db_1):
        breaks(db_1)

        with refused(NotReady, "target-use1-db-1 does not replicate") as refusal:
            recover(small, olga)

        assert refusal.value.details["canOverride"] is True
        assert "Who may override has to give the reason" in refusal.value.message
        assert codes(refusal) == ["REPLICATION"]

    def test_who_only_operates_may_not_override(self, small, otto, db_1):
        breaks(db_1)

        with refused(Denied, "drs:ManageExecution") as refusal:
            recover(small, otto, override_reason=WHY)

        assert (refusal.value.code, refusal.value.details) == ("INSUFFICIENT_PERMISSIONS", {"permission": MANAGE})

    def test_what_was_let_pass_and_why_is_kept_in_the_execution_its_timeline_and_the_audit(self, small, olga, db_1):
        breaks(db_1)
        execution = recover(small, olga, override_reason=f" {WHY} ", reason="Fire")

        assert (execution.override_reason, execution.reason) == (WHY, "Fire")
        assert [entry["key"] for entry in execution.overridden] == [f"REPLICATION:{db_1.source_server_id}"]
        said = sentences(execution)
        assert said[0] == "Recovery started by olga."
        assert said[1].startswith("Let pass: target-use1-db-1 does not replicate")
        assert said[2] == f"olga let this pass: {WHY}"
        audited = AuditEvent.objects.get(action="start_execution").detail
        assert (audited["override_reason"], len(audited["overridden"])) == (WHY, 1)

    def test_the_wave_does_not_ask_again_about_what_was_let_pass(self, small, olga, db_1, place, aws):
        breaks(db_1)
        execution = recover(small, olga, override_reason=WHY)
        breaks(db_1, "STALLED")
        survey.refresh_all([(place, "us-east-1")])

        wave = execution.waves.get()
        assert [finding for finding in readiness.of_wave(wave, execution.created_at) if finding.is_blocking] == []
        assert run(execution, aws).status == "COMPLETED"

    def test_no_reason_lets_a_drill_pass(self, small, olga, db_1):
        breaks(db_1)

        with refused(NotReady, "does not replicate") as refusal:
            services.start_execution(plan=small, actor=olga, override_reason=WHY)

        assert (codes(refusal), refusal.value.details["canOverride"]) == (["REPLICATION"], False)

    @pytest.mark.parametrize(
        ("fault", "code"),
        [({"kind": "denied", "operation": "DescribeJobs"}, "ACCOUNT"), ({"kind": "error_before"}, "UNKNOWN")],
    )
    def test_a_place_that_cannot_be_asked_does_not_stop_a_recovery_that_a_person_wants(
        self, small, olga, aws, fault, code
    ):
        aws.fault(service="drs", times=100, **fault)
        with refused(NotReady, "Unknown whether the servers in us-east-1") as refusal:
            recover(small, olga)
        assert codes(refusal) == [code]

        execution = recover(small, olga, override_reason=WHY)

        assert [entry["key"] for entry in execution.overridden] == ["UNKNOWN:us-east-1 of Target (222222222222)"]

    def test_a_reason_that_nothing_needed_is_not_kept(self, small, olga):
        assert recover(small, olga, override_reason=WHY).override_reason == ""

    def test_a_server_that_drs_has_lost_is_left_out_so_that_the_others_are_launched(self, small, olga, db_1):
        vanishes(db_1)
        execution = recover(small, olga, override_reason=WHY)

        lost = ServerRun.objects.get(source_server_id=db_1.source_server_id)
        assert (lost.launch_status, lost.ended_at is None) == ("SKIPPED", False)
        assert "DRS no longer has target-use1-db-1" in lost.error
        assert execution.waves.get().servers.open().count() == 1

    def test_when_drs_has_lost_every_server_there_is_nothing_to_start(self, small, olga, place):
        for server in factories.servers(place, tier="-db-"):
            vanishes(server)

        with refused(NotReady, "There is nothing left to launch") as refusal:
            recover(small, olga, override_reason=WHY)

        assert (codes(refusal), refusal.value.details["canOverride"]) == (["MISSING", "MISSING"], True)
