"""Recoveries: what has to be said expressly, by whom, and what happens to the drill that is in the way."""

import threading

import pytest
from django.db import connection

from drsorch.access.roles import Role
from drsorch.audit.models import AuditEvent
from drsorch.errors import Conflict, Denied, Invalid, NotFound, NotReady
from executions import readiness, services, survey
from executions.decisions.readiness import Code
from executions.models import Event, Execution, ServerRun, WaveRun
from executions.services.consent import Consent
from executions.services.start import create_execution
from plans.models import RecoveryPlan
from protection import inventory
from protection.models import ServerHold
from tests import factories
from tests.executions.driving import breaks, let_waits_pass, problems, run, sentences, step, vanishes

pytestmark = pytest.mark.django_db
WHY = "The site is lost"


@pytest.fixture
def otto(db):
    """Operates, but may not override."""
    return factories.person("otto", Role.OPERATOR)


@pytest.fixture
def overlapping(ada, small):
    """Another plan with the servers of the small one."""
    return factories.plan(ada, small.waves.get().groups.get(), name="Overlapping")


@pytest.fixture
def db_1(place):
    return factories.servers(place, tier="-db-1")[0]


def recover(plan, actor, **more):
    return services.start_execution(plan=plan, actor=actor, mode="RECOVERY", confirm_plan_name=plan.name, **more)


def rows():
    """Everything that a start could write, the running drill included."""
    tables = (Execution, WaveRun, ServerRun, Event, AuditEvent)
    kept = Execution.objects.order_by("pk").values_list("pk", "status", "cancel_requested_at", "preempted_by")
    holds = ServerHold.objects.order_by("pk").values_list("server", "holder", "label")
    plans = RecoveryPlan.objects.order_by("pk").values_list("active_execution", "last_execution")
    return [model.objects.count() for model in tables], list(kept), list(holds), list(plans)


def refused(error, match, plan, actor, **start):
    """A recovery is refused with these words, and nothing is left behind. Returns the error."""
    before = rows()
    with pytest.raises(error, match=match) as caught:
        recover(plan, actor, **start)
    assert type(caught.value) is error
    assert rows() == before
    return caught.value


class TestConfirmation:
    """The plan's name, typed."""

    @pytest.mark.parametrize("typed", ["", "small", "Smal", "Other"])
    def test_without_the_name_of_the_plan_nothing_is_started_and_aws_is_not_asked(self, small, olga, aws, typed):
        aws.reset_requests()
        before = rows()

        with pytest.raises(Invalid, match="type the name of the plan, Small") as caught:
            services.start_execution(plan=small, actor=olga, mode="RECOVERY", confirm_plan_name=typed)

        assert caught.value.code == "CONFIRMATION_REQUIRED"
        assert rows() == before
        assert aws.requests()["total"] == {}

    def test_a_recovery_launches_instances_that_are_no_drills(self, small, otto, aws, place):
        execution = run(recover(small, otto), aws)

        assert (execution.mode, execution.status) == ("RECOVERY", "COMPLETED")
        assert {job["initiatedBy"] for job in aws.jobs()} == {"START_RECOVERY"}
        assert {each.is_drill for each in survey.take(place, "us-east-1").instances} == {False}

    def test_who_views_and_who_is_a_stranger_start_no_recovery(self, small, vera, sam):
        refused(Denied, "drs:ExecuteRecovery", small, vera)
        refused(NotFound, "no such recovery plan", small, sam)

    def test_the_instances_of_a_recovery_are_terminated_only_with_the_name_of_the_plan(self, small, olga, aws):
        execution = run(recover(small, olga), aws)

        for typed in ("", "small"):
            with pytest.raises(Invalid, match="type the name of the plan, Small"):
                services.terminate_instances(execution=execution, actor=olga, confirm_plan_name=typed)
        services.terminate_instances(execution=execution, actor=olga, confirm_plan_name="Small")

        assert execution.termination.requested_by == "olga"


class TestOverride:
    """Problems and unknowns, let pass with a reason by who may."""

    def test_without_a_reason_the_problems_are_listed_and_the_way_is_named(self, small, olga, db_1):
        breaks(db_1)
        error = refused(NotReady, "target-use1-db-1 does not replicate", small, olga)

        assert error.details["canOverride"] is True
        assert "Who may override has to give the reason" in error.message
        assert [finding["code"] for finding in error.details["findings"]] == ["REPLICATION"]

    def test_who_only_operates_may_not_override(self, small, otto, db_1):
        breaks(db_1)

        refused(Denied, "drs:ManageExecution", small, otto, override_reason=WHY)

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
        before = rows()

        with pytest.raises(NotReady, match="does not replicate"):
            services.start_execution(plan=small, actor=olga, override_reason=WHY)
        assert rows() == before

    @pytest.mark.parametrize(
        ("fault", "code"),
        [({"kind": "denied", "operation": "DescribeJobs"}, "ACCOUNT"), ({"kind": "error_before"}, "UNKNOWN")],
    )
    def test_a_place_that_cannot_be_asked_does_not_stop_a_recovery_that_a_person_wants(
        self, small, olga, aws, fault, code
    ):
        aws.fault(service="drs", times=100, **fault)
        error = refused(NotReady, "Unknown whether the servers in us-east-1", small, olga)
        assert [finding["code"] for finding in error.details["findings"]] == [code]

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

        refused(NotReady, "There is nothing left to launch", small, olga, override_reason=WHY)


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
        error = refused(NotReady, "runs as recovery instance i-", small, olga, override_reason=WHY)
        assert {finding["code"] for finding in error.details["findings"]} == {"LIVE_INSTANCE"}
        assert error.details["canOverride"] is False

        with pytest.raises(NotReady, match="Terminate it first, or name the server"):
            services.start_execution(plan=small, actor=olga, override_reason=WHY)

    def test_every_such_server_has_to_be_named_and_a_reason_given(self, small, olga, otto, recovered):
        names = ["target-use1-db-1", "target-use1-db-2"]

        refused(NotReady, "target-use1-db-2 runs as", small, olga, launch_over=names[:1], override_reason=WHY)
        refused(NotReady, "has to give the reason", small, olga, launch_over=names)
        refused(Denied, "drs:ManageExecution", small, otto, launch_over=names, override_reason=WHY)

    def test_with_both_it_is_replaced(self, small, olga, recovered, aws):
        servers = [row.source_server_id for row in recovered.waves.get().servers.all()]
        execution = run(recover(small, olga, launch_over=servers, override_reason=WHY), aws)

        assert execution.status == "COMPLETED"
        assert [entry["code"] for entry in execution.overridden] == ["LIVE_INSTANCE", "LIVE_INSTANCE"]
        assert AuditEvent.objects.order_by("pk").last().detail["launch_over"] == sorted(servers)

    @pytest.mark.parametrize("name", ["nobody", ""])
    def test_a_name_that_the_plan_does_not_have_is_refused(self, small, olga, recovered, name):
        refused(Invalid, "names no server of the plan", small, olga, launch_over=[name], override_reason=WHY)

    def test_it_is_known_from_the_inventory_when_drs_does_not_answer(self, small, olga, recovered, aws):
        aws.fault(kind="error_before", service="drs", times=100)

        error = refused(NotReady, "runs as recovery instance", small, olga, override_reason=WHY)
        assert {finding["code"] for finding in error.details["findings"]} == {"LIVE_INSTANCE"}

    def test_the_instance_of_a_drill_is_replaced_with_a_warning_only(self, small, done, olga):
        look = readiness.look(small, mode="RECOVERY")

        assert {finding.code for finding in look.findings} == {Code.DRILL_INSTANCE}
        assert recover(small, olga).override_reason == ""


class TestPreemption:
    """A recovery takes the servers of a drill, and never those of a recovery."""

    def test_the_refusal_names_the_drill_and_the_way(self, drill, overlapping, small, olga):
        other = refused(Conflict, "is in use by Drill of Small .* choose to pre-empt it", overlapping, olga)
        same = refused(Conflict, "already running: Drill of Small .*olga.* choose to pre-empt", small, olga)

        assert (other.code, other.details["canPreempt"]) == ("SERVER_CONFLICT", True)
        assert (same.code, same.details["canPreempt"]) == ("ACTIVE_EXECUTION", True)

    @pytest.mark.parametrize("plan_name", ["Small", "Overlapping"])
    def test_pre_empting_cancels_the_drill_and_takes_its_servers(self, drill, overlapping, ada, aws, plan_name):
        plan = RecoveryPlan.objects.get(name=plan_name)
        recovery = recover(plan, ada, preempt=True)

        drill.refresh_from_db()
        plan.refresh_from_db()
        assert (drill.cancelled_by, drill.preempted_by) == ("ada", recovery)
        assert set(ServerHold.objects.values_list("holder", "mode")) == {(recovery.pk, "RECOVERY")}
        assert plan.active_execution == recovery.pk
        assert f"ada started the recovery of {plan}" in sentences(drill)[-1]
        assert "started by olga, was cancelled to make way" in sentences(recovery)[1]
        assert AuditEvent.objects.get(action="preempt_execution").object_id == str(drill.pk)

        run(recovery, aws)
        drill.refresh_from_db()
        plan.refresh_from_db()
        assert (drill.status, recovery.status) == ("CANCELLED", "COMPLETED")
        assert (plan.active_execution, plan.last_execution) == (None, recovery.pk)
        assert not ServerHold.objects.exists()
        assert problems(aws) == []

    def test_servers_inside_a_running_job_of_the_drill_are_waited_for(self, drill, small, ada, aws):
        step()
        assert [job["initiatedBy"] for job in aws.jobs()] == ["START_DRILL"]
        recovery = recover(small, ada, preempt=True)
        wave = recovery.waves.get()
        assert {finding.code for finding in readiness.of_wave(wave, recovery.created_at)} == {Code.BUSY}
        assert not any(finding.is_blocking for finding in readiness.of_wave(wave, recovery.created_at))

        for _ in range(20):
            run(recovery, aws, seconds=300)
            let_waits_pass()

        drill.refresh_from_db()
        assert (drill.status, recovery.status) == ("COMPLETED", "COMPLETED")
        assert [job["initiatedBy"] for job in aws.jobs()] == ["START_DRILL", "START_RECOVERY"]

    def test_who_may_not_cancel_the_drill_of_somebody_else_may_not_pre_empt_it(self, drill, small, otto):
        refused(Denied, "drs:ManageExecution", small, otto, preempt=True)

    def test_who_started_the_drill_may(self, small, otto):
        drill = services.start_execution(plan=small, actor=otto)

        assert list(recover(small, otto, preempt=True).preempted.all()) == [drill]

    def test_a_recovery_is_never_pre_empted(self, small, overlapping, olga, ada):
        first = recover(small, olga)

        refused(Conflict, f"already running: Recovery of Small .{first.short_id}.* Wait", small, ada, preempt=True)
        refused(Conflict, "in use by Recovery of Small .* Wait until it has ended", overlapping, ada, preempt=True)

    def test_a_drill_never_pre_empts(self, drill, overlapping, ada):
        before = rows()

        with pytest.raises(Conflict, match=r"in use by Drill of Small .* Wait until it has ended"):
            services.start_execution(plan=overlapping, actor=ada, preempt=True)
        assert rows() == before

    def test_when_the_recovery_cannot_be_created_the_drill_goes_on(self, drill, overlapping, ada):
        look = readiness.look(overlapping, mode="RECOVERY")
        RecoveryPlan.objects.filter(pk=overlapping.pk).update(version=overlapping.version + 1)
        before = rows()

        with pytest.raises(Conflict, match="was changed meanwhile"):
            create_execution(look=look, actor=ada, mode="RECOVERY", consent=Consent(preempt=True))
        assert rows() == before

    def test_of_two_recoveries_that_pre_empt_the_same_drill_one_does(self, drill, small, overlapping, ada, olga):
        looks = [readiness.look(plan, mode="RECOVERY") for plan in (small, overlapping)]
        create_execution(look=looks[0], actor=ada, mode="RECOVERY", consent=Consent(preempt=True))
        before = rows()

        with pytest.raises(Conflict, match="in use by Recovery of Small"):
            create_execution(look=looks[1], actor=olga, mode="RECOVERY", consent=Consent(preempt=True))
        assert rows() == before

    def test_a_drill_that_has_ended_since_is_no_obstacle(self, drill, small, ada, aws):
        look = readiness.look(small, mode="RECOVERY")
        run(drill, aws)
        small.refresh_from_db()

        recovery = create_execution(look=look, actor=ada, mode="RECOVERY", consent=Consent(preempt=True))
        assert list(recovery.preempted.all()) == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite's tests run in memory, where writers cannot wait")
def test_of_two_recoveries_that_pre_empt_at_the_same_moment_one_does(drill, small, overlapping, ada, olga):
    looks = [readiness.look(plan, mode="RECOVERY") for plan in (small, overlapping)]
    barrier, ends = threading.Barrier(2), []

    def start(look, actor):
        try:
            barrier.wait(timeout=10)
            ends.append(create_execution(look=look, actor=actor, mode="RECOVERY", consent=Consent(preempt=True)).pk)
        except Conflict as error:
            ends.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=start, args=pair) for pair in zip(looks, (ada, olga), strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    drill.refresh_from_db()
    assert sorted(map(str, ends)) == sorted([str(drill.preempted_by_id), "SERVER_CONFLICT"])
    assert set(ServerHold.objects.values_list("holder", flat=True)) == {drill.preempted_by_id}
