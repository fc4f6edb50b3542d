"""Start: what is refused leaves nothing behind, and of two who start at once one does."""

import pytest

from drsorch.audit.models import AuditEvent
from drsorch.errors import Conflict, Denied, Invalid, NotFound, NotReady
from executions import readiness, services
from executions.models import Execution, ServerRun
from executions.services.start import create_execution
from plans.models import RecoveryPlan
from protection.models import ServerHold
from tests import factories
from tests.concurrency_fixtures import where_writers_wait
from tests.executions.driving import breaks, run, sentences, start_outside
from tests.executions.starting import at_the_same_moment, codes, refused

DRILL = "DRILL"


@pytest.mark.django_db
class TestRefusals:
    """What bad input gets."""

    def test_a_second_start_is_refused_with_the_execution_that_runs(self, small, drill, olga, ada):
        small.refresh_from_db()
        with refused(Conflict, "Small is already running") as refusal:
            services.start_execution(plan=small, actor=ada)

        error = refusal.value
        assert error.code == "ACTIVE_EXECUTION"
        assert (error.details["executionId"], error.details["status"]) == (str(drill.pk), "PENDING")
        assert "started by olga, is pending. Wait until it has ended, or cancel it." in error.message

    def test_servers_of_another_execution_are_refused_and_the_holder_is_named(self, drill, overlapping, olga):
        with refused(Conflict, "target-use1-db-1 is in use by Drill of Small .*, started by olga") as refusal:
            services.start_execution(plan=overlapping, actor=olga)

        assert refusal.value.code == "SERVER_CONFLICT"
        assert set(refusal.value.details["servers"].values()) == {str(drill.pk)}

    def test_a_server_that_does_not_replicate_is_named_with_its_state(self, small, db_1, olga):
        breaks(db_1)

        with refused(NotReady, "target-use1-db-1 does not replicate .state disconnected.. Repair") as refusal:
            services.start_execution(plan=small, actor=olga)

        assert len(refusal.value.details["problems"]) == 1
        assert codes(refusal) == ["REPLICATION"]

    def test_a_server_in_a_live_job_of_somebody_else_is_named_with_the_job(self, small, olga, place, db_1):
        job = start_outside(place, [db_1.source_server_id])

        with refused(NotReady, f"is in DRS job {job.job_id}") as refusal:
            services.start_execution(plan=small, actor=olga)

        assert "Wait until the job has ended" in refusal.value.message
        assert codes(refusal) == ["BUSY"]

    def test_a_role_that_refuses_us_makes_it_unknown_and_unknown_is_refused(self, small, olga, aws):
        factories.forget_sessions()
        aws.fault(kind="denied", service="sts", operation="AssumeRole")

        with refused(NotReady, "Unknown whether the servers in us-east-1 of .* are ready: AssumeRole") as refusal:
            services.start_execution(plan=small, actor=olga)

        assert codes(refusal) == ["ACCOUNT"]

    def test_an_endpoint_that_cannot_be_reached_makes_it_unknown(self, small, olga, monkeypatch):
        factories.forget_sessions()
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")

        with refused(NotReady, "Unknown whether .* could not be sent") as refusal:
            services.start_execution(plan=small, actor=olga)

        assert codes(refusal) == ["UNKNOWN"]

    @pytest.mark.parametrize("operation", ["DescribeJobs", "DescribeSourceServers"])
    def test_what_cannot_be_asked_is_not_taken_for_fine(self, small, olga, aws, operation):
        aws.fault(kind="denied", operation=operation)

        with refused(NotReady, f"Unknown whether .*{operation}") as refusal:
            services.start_execution(plan=small, actor=olga)

        assert codes(refusal) == ["ACCOUNT"]

    def test_a_mode_that_there_is_not_is_refused(self, small, olga):
        with refused(Invalid, "There is no mode REHEARSAL") as refusal:
            services.start_execution(plan=small, actor=olga, mode="REHEARSAL")

        assert refusal.value.code == "VALIDATION_FAILED"
        assert "Choose DRILL or RECOVERY." in refusal.value.message

    def test_who_only_views_is_denied(self, small, vera, aws):
        aws.reset_requests()

        with refused(Denied, "drs:ExecuteRecovery") as refusal:
            services.start_execution(plan=small, actor=vera)

        assert refusal.value.details == {"permission": "drs:ExecuteRecovery"}
        assert aws.requests()["total"] == {}  # and AWS is not asked for who may not start

    def test_a_stranger_finds_no_plan(self, small, sam):
        with refused(NotFound, "no such recovery plan") as refusal:
            services.start_execution(plan=small, actor=sam)

        assert (refusal.value.code, refusal.value.details) == ("NOT_FOUND", {})

    def test_a_plan_that_was_changed_since_it_was_looked_at_is_refused(self, small, olga):
        look = readiness.look(small)
        RecoveryPlan.objects.filter(pk=small.pk).update(version=small.version + 1)

        with refused(Conflict, "was changed meanwhile") as refusal:
            create_execution(look=look, actor=olga, mode=DRILL)

        assert refusal.value.code == "INVALID_STATE"

    def test_servers_that_another_start_has_taken_since_are_refused_and_the_holder_is_named(
        self, small, overlapping, olga, ada
    ):
        first, second = readiness.look(small), readiness.look(overlapping)
        holder = create_execution(look=first, actor=olga, mode=DRILL)

        with refused(Conflict, "is in use by Drill of Small") as refusal:
            create_execution(look=second, actor=ada, mode=DRILL)

        assert refusal.value.code == "SERVER_CONFLICT"
        assert set(refusal.value.details["servers"].values()) == {str(holder.pk)}

    def test_two_who_have_both_looked_start_it_once(self, small, olga, ada):
        looks = [readiness.look(small) for _ in range(2)]
        first = create_execution(look=looks[0], actor=olga, mode=DRILL)

        with refused(Conflict, "already running: .* started by olga, is pending") as refusal:
            create_execution(look=looks[1], actor=ada, mode=DRILL)

        assert refusal.value.code == "ACTIVE_EXECUTION"
        assert refusal.value.details["executionId"] == str(first.pk)


@pytest.mark.django_db
class TestKeys:
    """The same request, sent twice, starts once."""

    def test_the_same_key_returns_the_same_execution(self, small, olga):
        first, second = (services.start_execution(plan=small, actor=olga, idempotency_key="k") for _ in range(2))

        assert first.pk == second.pk
        assert Execution.objects.count() == 1

    def test_the_same_key_at_the_same_time_returns_the_same_execution(self, small, olga, monkeypatch):
        made = []

        def look_while_the_other_starts(plan, **options):
            look = REAL_LOOK(plan, **options)
            if not made:
                made.append(create_execution(look=look, actor=olga, mode=DRILL, idempotency_key="k"))
            return look

        monkeypatch.setattr(readiness, "look", look_while_the_other_starts)

        assert services.start_execution(plan=small, actor=olga, idempotency_key="k").pk == made[0].pk
        assert Execution.objects.count() == 1

    def test_a_key_that_has_started_something_else_is_refused(self, small, drill, overlapping, olga):
        Execution.objects.update(idempotency_key="k")

        with refused(Conflict, "already started Drill of Small") as refusal:
            services.start_execution(plan=overlapping, actor=olga, idempotency_key="k")

        assert refusal.value.code == "IDEMPOTENCY_KEY_USED"

    def test_a_key_does_not_open_what_one_may_not_start(self, small, drill, vera):
        Execution.objects.update(idempotency_key="k")

        with refused(Denied, "drs:ExecuteRecovery") as refusal:
            services.start_execution(plan=small, actor=vera, idempotency_key="k")

        assert refusal.value.details == {"permission": "drs:ExecuteRecovery"}


REAL_LOOK = readiness.look


@pytest.mark.django_db
def test_a_start_writes_everything_at_once_and_calls_nobody(aws, two_waves, olga):
    aws.reset_requests()
    type(two_waves).objects.update(rto_minutes=45)
    two_waves.refresh_from_db()
    execution = services.start_execution(plan=two_waves, actor=olga, reason="Quarterly test")

    assert (execution.status, execution.plan_version, execution.reason) == ("PENDING", 1, "Quarterly test")
    assert [wave.status for wave in execution.waves.all()] == ["PENDING", "PENDING"]
    assert ServerRun.objects.count() == ServerHold.objects.count() == 4
    assert [wave["serverIds"] for wave in execution.snapshot["waves"]]
    assert execution.rto_minutes == execution.snapshot["rtoMinutes"] == 45
    places = set(ServerRun.objects.values_list("account", "region"))
    assert set(execution.ran_in.regions.values_list("account", "region")) == places
    two_waves.refresh_from_db()
    assert two_waves.active_execution == execution.pk
    assert sentences(execution) == ["Drill started by olga."]
    row = AuditEvent.objects.get(action="start_execution")
    assert (row.actor, row.detail["servers"], row.detail["mode"]) == ("olga", 4, "DRILL")
    assert "drs.StartRecovery" not in aws.requests()["total"]
    assert aws.jobs() == []


@pytest.mark.django_db
def test_an_execution_that_has_ended_frees_its_servers_and_its_plan(aws, small, done, olga):
    small.refresh_from_db()

    assert (small.active_execution, small.last_status) == (None, "COMPLETED")
    assert small.last_successful_drill_at is not None
    assert not ServerHold.objects.exists()
    assert run(services.start_execution(plan=small, actor=olga), aws).status == "COMPLETED"


@pytest.mark.django_db(transaction=True)
@where_writers_wait
def test_of_two_who_start_at_the_same_moment_one_does(small, olga, ada):
    looks = [readiness.look(small) for _ in range(2)]
    ends = at_the_same_moment(looks, (olga, ada), mode=DRILL)

    assert len(ends) == 2
    assert "ACTIVE_EXECUTION" in ends
    assert Execution.objects.count() == 1
