"""What has broken the start of drills elsewhere, and must not here. The letters and numbers are those of the list."""

import botocore.session
import pytest
from django.utils import timezone

from drsorch.aws import drs, iam, sessions
from drsorch.errors import Conflict, Invalid, NotReady
from executions import readiness, rights, services, snapshots, survey
from executions.decisions.readiness import Code, Severity
from executions.models import Execution, ServerRun
from protection import inventory
from protection.models import ServerHold
from protection.models.servers import LAUNCHABLE, ReplicationState
from protection.quotas import quotas_of
from tests import factories
from tests.executions.driving import breaks, run, start_outside, terminate_outside

pytestmark = pytest.mark.django_db
REGION, OTHER = factories.REGION, factories.OTHER_REGION


def codes(look):
    return {finding.code for finding in look.findings if finding.is_blocking}


def test_e_a_refused_start_leaves_nothing_that_blocks_the_next_one(small, olga, db_1):
    """Locks that a refused start forgot to release kept the plan from being started."""
    breaks(db_1)
    with pytest.raises(NotReady):
        services.start_execution(plan=small, actor=olga)
    breaks(db_1, "CONTINUOUS")

    assert services.start_execution(plan=small, actor=olga).status == "PENDING"


def test_f_every_account_and_region_of_the_plan_is_looked_at_with_its_own_credentials(ada, olga, place, aws):
    """Checks looked at the first wave's Region only, with the hub's credentials."""
    hub = factories.account(ada, factories.HUB)
    plan = factories.plan(
        ada,
        factories.group(ada, place, "db"),
        factories.group(ada, place, "db", OTHER),
        factories.group(ada, hub, "db", OTHER, name="hub"),
        name="Everywhere",
    )
    for server in (factories.servers(place, OTHER, "-db-1")[0], factories.servers(hub, OTHER, "-db-2")[0]):
        breaks(server)
    aws.reset_requests()

    with pytest.raises(NotReady) as caught:
        services.start_execution(plan=plan, actor=olga)

    assert [sentence.split(" does")[0] for sentence in caught.value.details["problems"]] == [
        "target-usw2-db-1",
        "hub-usw2-db-2",
    ]
    asked = aws.requests()["by_place"]
    assert all("drs.DescribeSourceServers" in asked[f"{account}/{region}"] for account, region in _places(plan))


def _places(plan):
    groups = [row.group for wave in plan.waves.all() for row in wave.wave_groups.all()]
    return {(group.account.account_id, group.region) for group in groups}


def test_h_i_a_throttled_or_broken_check_is_never_taken_for_nothing_found(small, olga, aws):
    for fault in ({"kind": "throttle"}, {"kind": "error_before"}, {"kind": "cut_before"}):
        aws.fault(service="drs", operation="DescribeJobs", times=20, **fault)
        with pytest.raises(NotReady, match="Unknown whether the servers in us-east-1"):
            services.start_execution(plan=small, actor=olga)
        aws.clear_faults()

    assert not ServerHold.objects.exists()


def test_4_a_server_that_is_launched_or_terminated_by_somebody_else_is_named_with_its_job(small, olga, place, aws):
    """Starts ran into ConflictException; the checks forgot TERMINATE jobs."""
    drill = run(services.start_execution(plan=small, actor=olga), aws)
    small.refresh_from_db()
    gone, other = drill.waves.get().servers.order_by("name")
    terminating = terminate_outside(place, [gone.recovery_instance_id])
    launching = start_outside(place, [other.source_server_id])

    with pytest.raises(NotReady) as caught:
        services.start_execution(plan=small, actor=olga)

    said = " ".join(caught.value.details["problems"])
    assert f"{gone.name} is in DRS job {terminating.job_id} (terminate)" in said
    assert f"{other.name} is in DRS job {launching.job_id} (launch)" in said


def test_4_a_server_in_a_running_recovery_plan_of_aws_is_named(small, olga, place, aws, db_1):
    steps = [{"wait_minutes": 5}, {"source_server_ids": [db_1.source_server_id]}]
    arn = aws.create_native_plan(place.account_id, REGION, steps)
    ended = aws.start_native_execution(place.account_id, REGION, arn, status="COMPLETED")
    assert codes(readiness.look(small)) == set()

    running = aws.start_native_execution(place.account_id, REGION, arn)
    with pytest.raises(NotReady, match=f"{running.rpartition('/')[2]} of a recovery plan of AWS") as caught:
        services.start_execution(plan=small, actor=olga)
    assert ended.rpartition("/")[2] not in caught.value.message
    assert [finding["code"] for finding in caught.value.details["findings"]] == ["NATIVE_PLAN"]


def test_5_a_probe_that_could_not_run_is_said_and_stops_no_drill(small, olga, aws):
    aws.fault(kind="denied", service="iam", operation="SimulatePrincipalPolicy", times=20)
    (finding,) = readiness.look(small).findings

    assert (finding.code, finding.severity) == (Code.PERMISSION, Severity.WARNING)
    assert "Not looked up whether all that DRS needs is allowed" in finding.sentence
    assert services.start_execution(plan=small, actor=olga).status == "PENDING"


@pytest.mark.parametrize(
    ("verdict", "severity"),
    [
        (iam.Verdict(denied=("ec2:RunInstances",)), Severity.PROBLEM),
        (iam.Verdict(conditional=("ec2:RunInstances",)), Severity.WARNING),
    ],
)
def test_5_a_permission_that_is_refused_blocks_a_drill_and_one_under_conditions_warns(
    place, small, monkeypatch, verdict, severity
):
    monkeypatch.setattr(iam, "judge", lambda *_: verdict)
    (finding,) = rights.of_place(place, REGION)

    assert (finding.code, finding.severity) == (Code.PERMISSION, severity)
    assert f"ec2:RunInstances to {place.role_arn}" in finding.sentence
    assert (Code.PERMISSION in codes(readiness.look(small))) is finding.is_blocking


def test_5_a_recovery_does_not_wait_for_the_probe(small, aws):
    aws.reset_requests()
    readiness.look(small, mode="RECOVERY")

    assert "iam.SimulatePrincipalPolicy" not in aws.requests()["total"]


def test_7_no_call_is_made_that_the_list_of_permissions_leaves_out(small, olga, aws):
    """A read that was added broke every launch of those who had not allowed it."""
    aws.reset_requests()
    drill = services.start_execution(plan=small, actor=olga, point_in_time=None)
    run(drill, aws)
    services.terminate_instances(execution=drill, actor=olga)
    run(drill, aws)
    for region in drill.waves.get().servers.first().account.regions.all():
        inventory.sync_region(region)

    free = {"sts.GetCallerIdentity", "sts.AssumeRole"}  # needs no permission; is allowed by the trust policy
    listed = {action.replace("service-quotas", "servicequotas") for action in (*iam.OUR_CALLS, *iam.FOR_THE_CHECKS)}
    asked = {call.replace(".", ":").replace("service-quotas", "servicequotas") for call in aws.requests()["total"]}
    assert asked - {call.replace(".", ":") for call in free} - listed == set()


def test_8_9_a_drill_of_an_earlier_time_launches_the_last_snapshot_before_it(small, olga, aws, place):
    at = timezone.now() - timezone.timedelta(hours=2)
    drill = services.start_execution(plan=small, actor=olga, point_in_time=at)

    runs = list(ServerRun.objects.all())
    assert all(row.snapshot_id.startswith("pit-") and row.snapshot_at <= at for row in runs)
    assert Execution.objects.get().point_in_time == at
    assert run(drill, aws).status == "COMPLETED"
    assert len(survey.take(place, REGION).instances) == 2


def test_9_a_snapshot_that_was_due_before_but_taken_after_the_wanted_time_is_not_chosen(place, db_1):
    client = sessions.client(place, REGION, "drs")
    newest = next(row for row in drs.describe_recovery_snapshots(client, db_1.source_server_id) if row.taken_at)
    at = newest.taken_at - (newest.taken_at - newest.expected_at) / 2

    chosen = snapshots.choose([db_1], at)[0][db_1.pk]
    assert chosen.snapshot_id != newest.snapshot_id
    assert chosen.taken_at < at


def test_8_a_server_is_launched_from_the_snapshot_that_was_chosen_for_it(small, olga, place, db_1):
    hour_ago = timezone.now() - timezone.timedelta(hours=1)
    chosen = snapshots.choose([db_1], hour_ago)[0][db_1.pk]
    services.start_execution(plan=small, actor=olga, point_in_time={db_1.source_server_id: chosen.snapshot_id})

    named = dict(ServerRun.objects.values_list("source_server_id", "snapshot_id"))
    assert named.pop(db_1.source_server_id) == chosen.snapshot_id
    assert set(named.values()) == {""}


def test_8_a_server_without_such_a_snapshot_is_a_problem_that_no_reason_lets_pass(small, olga):
    long_ago = timezone.now() - timezone.timedelta(days=500)
    for mode in ("DRILL", "RECOVERY"):
        with pytest.raises(NotReady, match="has no snapshot at or before") as caught:
            services.start_execution(
                plan=small,
                actor=olga,
                mode=mode,
                confirm_plan_name="Small",
                override_reason="Now",
                point_in_time=long_ago,
            )
        assert {finding["code"] for finding in caught.value.details["findings"]} == {"SNAPSHOT"}


def test_12_a_start_writes_all_its_waves_and_servers_at_once(two_waves, olga):
    services.start_execution(plan=two_waves, actor=olga)

    assert ServerRun.objects.count() == 4


def test_19_quotas_hold_per_account_and_region_and_are_never_added_up(place, small, aws):
    """The scope of quotas was changed three times, and a sum over Regions raised false alarms."""
    aws.quotas(place.account_id, REGION, concurrent_jobs=7, servers_in_all_jobs=1)
    for region in place.regions.all():
        region.quotas_read_at = None
        inventory.sync_region(region)

    here, there = quotas_of(place.pk, REGION), quotas_of(place.pk, OTHER)
    assert (here.jobs, here.servers_in_jobs, here.read_at is None) == (7, 1, False)
    assert (there.jobs, there.servers_in_jobs) == (20, 500)
    found = [finding for finding in readiness.look(small).findings if finding.code == Code.QUOTA_SERVERS]
    assert [finding.severity for finding in found] == [Severity.WARNING]
    assert "Wave 1 has 2 servers in us-east-1 of Target (222222222222), where DRS allows 1 servers" in found[0].sentence


def test_19_quotas_that_cannot_be_read_are_the_documented_ones_and_say_so(ada, aws):
    aws.fault(kind="denied", service="servicequotas", times=50)
    quotas = quotas_of(factories.account(ada).pk, REGION)

    assert (quotas.jobs, quotas.servers_per_job, quotas.servers_in_jobs, quotas.read_at) == (20, 100, 500, None)


def test_19_quotas_are_read_once_an_hour(place, aws):
    region = place.regions.get(region=REGION)
    for hours, times in ((0, 0), (2, 1)):
        region.quotas_read_at = timezone.now() - timezone.timedelta(hours=hours)
        aws.reset_requests()
        inventory.sync_region(region)
        assert aws.requests()["total"].get("servicequotas.ListServiceQuotas", 0) == times


def test_a_j_the_replication_states_are_those_of_drs_and_each_is_said_by_its_name(small, db_1, olga):
    known = botocore.session.get_session().get_service_model("drs").shape_for("DataReplicationState").enum
    assert set(ReplicationState.values) == set(known)

    for state in set(known) - LAUNCHABLE:
        breaks(db_1, state)
        [finding] = [each for each in readiness.look(small).findings if each.is_blocking]
        assert ReplicationState(state).label.lower() in finding.sentence.lower()


def test_20_states_are_those_of_drs(small, db_1, olga):
    """CONTINUOUS_REPLICATION for CONTINUOUS made every server look broken."""
    breaks(db_1, "CONTINUOUS")

    assert codes(readiness.look(small)) == set()


def test_23_a_drill_that_is_being_cancelled_still_holds_its_servers(drill, small, olga, ada):
    """Executions that were cancelling counted as ended, or blocked others for ever."""
    services.cancel_execution(execution=drill, actor=olga)
    small.refresh_from_db()

    with pytest.raises(Conflict, match="already running"):
        services.start_execution(plan=small, actor=ada)


def test_a_region_that_is_not_initialised_is_a_state_with_its_own_name(small, place, aws):
    aws.region(place.account_id, REGION, initialized=False)
    (finding,) = [each for each in readiness.look(small).findings if each.is_blocking]

    assert finding.code == Code.REGION
    assert "Initialise DRS in Region us-east-1" in finding.sentence


def test_a_time_that_has_come_by_the_clock_of_drs_is_not_in_the_future(small, olga, aws, place, db_1):
    """Snapshots carry DRS's time: with a clock that runs behind, the newest ones could not be chosen."""
    aws.advance(5 * 3600)
    newest = next(
        row
        for row in drs.describe_recovery_snapshots(sessions.client(place, REGION, "drs"), db_1.source_server_id)
        if row.taken_at
    )
    assert newest.taken_at > timezone.now() + timezone.timedelta(hours=4)
    sessions.forget()  # a start learns the time by itself

    services.start_execution(plan=small, actor=olga, point_in_time=newest.taken_at)

    assert ServerRun.objects.get(source_server_id=db_1.source_server_id).snapshot_id == newest.snapshot_id
    in_an_hour = timezone.now() + timezone.timedelta(hours=6)
    with pytest.raises(Invalid, match=rf"is in the future: it is {snapshots.now_at(db_1):%Y-%m-%d %H:}"):
        snapshots.choose([db_1], in_an_hour)
