"""Recoveries of servers that a drill has: it is pre-empted by who may, and a recovery never is."""

import pytest

from drsorch.audit.models import AuditEvent
from drsorch.errors import Conflict, Denied
from executions import readiness, services
from executions.decisions.readiness import Code
from executions.services.consent import Consent
from executions.services.start import create_execution
from plans.models import RecoveryPlan
from protection.models import ServerHold
from tests.concurrency_fixtures import where_writers_wait
from tests.executions.driving import let_waits_pass, problems, run, sentences, step
from tests.executions.starting import at_the_same_moment, recover, refused

pytestmark = pytest.mark.django_db
PREEMPTING = Consent(preempt=True)


class TestPreemption:
    """A recovery takes the servers of a drill, and never those of a recovery."""

    def test_the_refusal_names_the_drill_and_the_way(self, drill, overlapping, small, olga):
        with refused(Conflict, "is in use by Drill of Small .* choose to pre-empt it") as other:
            recover(overlapping, olga)
        with refused(Conflict, "already running: Drill of Small .*olga.* choose to pre-empt") as same:
            recover(small, olga)

        assert (other.value.code, other.value.details["canPreempt"]) == ("SERVER_CONFLICT", True)
        assert (same.value.code, same.value.details["canPreempt"]) == ("ACTIVE_EXECUTION", True)

    @pytest.mark.parametrize("plan_name", ["Small", "Overlapping"])
    def test_pre_empting_cancels_the_drill_and_takes_its_servers(self, drill, overlapping, ada, aws, plan_name):
        plan = RecoveryPlan.objects.get(name=plan_name)
        recovery = recover(plan, ada, preempt=True)

        drill.refresh_from_db()
        plan.refresh_from_db()
        assert (drill.cancelled_by, drill.preempted_by) == ("ada", recovery)
        assert set(ServerHold.objects.values_list("holder", "mode")) == {(recovery.pk, "RECOVERY")}
        assert plan.active_execution == recovery.pk
        is_own = plan.pk == drill.plan_id
        started, cancelled = sentences(drill)[-1], sentences(recovery)[1]
        assert (
            f"ada started the recovery of {plan}" if is_own else "ada started a recovery of another plan,"
        ) in started
        assert ("started by olga, was cancelled" if is_own else "A drill of another plan was cancelled") in cancelled
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
        with refused(Denied, "drs:ManageExecution") as refusal:
            recover(small, otto, preempt=True)

        assert refusal.value.details == {"permission": "drs:ManageExecution"}

    def test_who_started_the_drill_may(self, small, otto):
        drill = services.start_execution(plan=small, actor=otto)

        assert list(recover(small, otto, preempt=True).preempted.all()) == [drill]

    def test_a_recovery_is_never_pre_empted(self, small, overlapping, olga, ada):
        first = recover(small, olga)

        with refused(Conflict, f"already running: Recovery of Small .{first.short_id}.* Wait") as same:
            recover(small, ada, preempt=True)
        with refused(Conflict, "in use by Recovery of Small .* Wait until it has ended") as other:
            recover(overlapping, ada, preempt=True)

        assert (same.value.code, same.value.details["canPreempt"]) == ("ACTIVE_EXECUTION", False)
        assert (other.value.code, other.value.details["canPreempt"]) == ("SERVER_CONFLICT", False)

    def test_a_drill_never_pre_empts(self, drill, overlapping, ada):
        with refused(Conflict, "in use by Drill of Small .* Wait until it has ended") as refusal:
            services.start_execution(plan=overlapping, actor=ada, preempt=True)

        assert (refusal.value.code, refusal.value.details["canPreempt"]) == ("SERVER_CONFLICT", False)

    def test_when_the_recovery_cannot_be_created_the_drill_goes_on(self, drill, overlapping, ada):
        look = readiness.look(overlapping, mode="RECOVERY")
        RecoveryPlan.objects.filter(pk=overlapping.pk).update(version=overlapping.version + 1)

        with refused(Conflict, "was changed meanwhile") as refusal:
            create_execution(look=look, actor=ada, mode="RECOVERY", consent=PREEMPTING)

        assert refusal.value.code == "INVALID_STATE"
        drill.refresh_from_db()
        assert (drill.is_active, drill.cancel_requested_at, drill.preempted_by) == (True, None, None)

    def test_of_two_recoveries_that_pre_empt_the_same_drill_one_does(self, drill, small, overlapping, ada, olga):
        looks = [readiness.look(plan, mode="RECOVERY") for plan in (small, overlapping)]
        create_execution(look=looks[0], actor=ada, mode="RECOVERY", consent=PREEMPTING)

        with refused(Conflict, "in use by Recovery of Small") as refusal:
            create_execution(look=looks[1], actor=olga, mode="RECOVERY", consent=PREEMPTING)

        assert refusal.value.code == "SERVER_CONFLICT"

    def test_a_drill_that_has_ended_since_is_no_obstacle(self, drill, small, ada, aws):
        look = readiness.look(small, mode="RECOVERY")
        run(drill, aws)
        small.refresh_from_db()

        recovery = create_execution(look=look, actor=ada, mode="RECOVERY", consent=PREEMPTING)
        assert list(recovery.preempted.all()) == []


@pytest.mark.django_db(transaction=True)
@where_writers_wait
def test_of_two_recoveries_that_pre_empt_at_the_same_moment_one_does(drill, small, overlapping, ada, olga):
    looks = [readiness.look(plan, mode="RECOVERY") for plan in (small, overlapping)]
    ends = at_the_same_moment(looks, (ada, olga), mode="RECOVERY", consent=PREEMPTING)

    drill.refresh_from_db()
    assert sorted(map(str, ends)) == sorted([str(drill.preempted_by_id), "SERVER_CONFLICT"])
    assert set(ServerHold.objects.values_list("holder", flat=True)) == {drill.preempted_by_id}
