"""Executions in situations that take long to reach, written as rows: what the pages and the terminal show of them."""

from datetime import timedelta

from django.utils import timezone

from executions.models import Execution, ServerAttempt, ServerRun, Termination
from executions.states import OPEN_SERVER, TERMINAL, TERMINAL_WAVE
from plans.models import Checks, OnFailure
from protection.models import TargetAccount

REGION = "us-east-1"


def ago(**distance):
    """The moment so long before now."""
    return timezone.now() - timedelta(**distance)


def execution(actor, *, mode="DRILL", status="LAUNCHING", **more):
    """An execution of the plan Billing without a wave, started 25 minutes ago by `actor`."""
    return Execution.objects.create(
        plan_name="Billing",
        plan_version=3,
        mode=mode,
        status=status,
        initiated_by=actor.user,
        initiator=actor.name,
        source="UI",
        **({"created_at": ago(minutes=25), "ended_at": ago(seconds=5) if status in TERMINAL else None} | more),
    )


def wave(execution, status, *servers, **more):
    """The next wave, with a server for each dict of fields; started when its status says so."""
    number = execution.waves.count() + 1
    name = ("Databases", "Applications", "Web servers", "Batch", "Reports")[(number - 1) % 5]
    has_ended = status in TERMINAL_WAVE
    started_at = None if status in {"PENDING", "WAITING", "SKIPPED"} else ago(minutes=20 - number)
    fields = {
        "number": number,
        "name": name,
        "timeout_minutes": 60,
        "started_at": started_at,
        "ended_at": ago(minutes=2) if has_ended else None,
        "outcome": status if has_ended else "",
        "is_passed": status in {"COMPLETED", "PARTIAL"},
    }
    run = execution.waves.create(status=status, **(fields | more))
    for at, server_fields in enumerate(servers):
        server(run, at, **server_fields)
    return run


def server(run, at, launch_status="PENDING", **more):
    """A server of a wave."""
    account, _ = TargetAccount.objects.get_or_create(account_id="444444444444", name="Production")
    number = run.number * 100 + at
    is_open = launch_status in OPEN_SERVER
    instance = f"i-{number:017x}" if launch_status in {"LAUNCHED", "TERMINATED"} else ""
    fields = {
        "account": account,
        "region": REGION,
        "source_server_id": f"s-{number:017x}",
        "name": f"{run.name.split()[0].lower()}-{at + 1:02}",
        "order": at,
        "recovery_instance_id": instance,
        "private_ip": f"10.0.{run.number}.{at + 10}" if instance else "",
        "instance_type": "m5.large" if instance else "",
        "started_at": run.started_at,
        "launched_at": ago(minutes=3) if instance else None,
        "step": "READY" if instance else "",
        "ended_at": None if is_open else ago(minutes=3),
    }
    return ServerRun.objects.create(wave=run, launch_status=launch_status, **(fields | more))


def job(run, *, status="SENT", ended=False):
    """A DRS job of a wave's servers."""
    account = run.servers.first().account
    made = account.jobs.create(
        region=REGION,
        job_id=f"drsjob-{run.pk:017x}",
        status="COMPLETED" if ended else "STARTED",
        created_at=ago(minutes=10),
        polled_at=timezone.now(),
        ended_at=timezone.now() if ended else None,
    )
    launch = run.launches.create(account=account, region=REGION, status=status, intended_at=ago(minutes=10), job=made)
    launch.servers.set(run.servers.all())
    return made


FAILED = {"launch_status": "FAILED", "step": "CONVERSION", "error": "CONVERSION_FAIL: The volume could not be read."}
LAUNCHED = {"launch_status": "LAUNCHED", "check_result": "PASSED"}
UNFIT = {
    "launch_status": "LAUNCHED",
    "check_result": "FAILED",
    "check_reason": "EC2's instance status check of i-0000000000000012d is impaired.",
    "impact": "OPTIONAL",
}


def failed_wave(actor, servers=2):
    """A drill with parallel waves: one has failed and asks what next, one is being checked, one comes after both."""
    drill = execution(actor, parallel_waves=True, rto_minutes=60, reason="Quarterly drill")
    job(wave(drill, "COMPLETED", LAUNCHED, LAUNCHED, checks=Checks.EC2_STATUS), ended=True)
    failed = wave(
        drill, "LAUNCHING", LAUNCHED, *[FAILED] * servers, on_failure=OnFailure.ASK, depends_on=[1], max_parallel=5
    )
    job(failed, ended=True)
    tried_again = failed.servers.get(order=1)
    ServerAttempt.objects.create(
        run=tried_again,
        number=1,
        launch_status="FAILED",
        error="SNAPSHOT_FAIL: No snapshot within 10 minutes.",
        started_at=ago(minutes=17),
        ended_at=ago(minutes=12),
    )
    ServerRun.objects.filter(pk=tried_again.pk).update(attempt=2)
    names = failed.servers.filter(launch_status="FAILED").values_list("name", flat=True)
    details = [{"sentence": f"{name} was not launched"} for name in names]
    failed.gates.create(
        kind="FAILURE",
        question="In wave 2, Applications, a server was not launched.",
        asked_at=ago(minutes=12),
        answer="RETRY",
        note="The snapshot is there now",
        answered_at=ago(minutes=11),
        answered_name="olga",
    )
    question = f"In wave 2, Applications {'; '.join(each['sentence'] for each in details)}. Retry, continue, or cancel."
    failed.gates.create(kind="FAILURE", question=question, details=details, asked_at=ago(minutes=3))
    checked = wave(
        drill,
        "CHECKING",
        {**LAUNCHED, "check_result": "PENDING"},
        UNFIT,
        checks=Checks.EC2_STATUS_REQUIRED,
        depends_on=[1],
        launch_order="SEQUENTIAL",
    )
    job(checked, ended=True)
    wave(drill, "PENDING", {}, {}, depends_on=[2, 3], pause_after=True, wait_seconds=300)
    wave(drill, "PENDING", {}, depends_on=[4])
    drill.say("Drill started by olga.", by=actor.name, what="started")
    return drill


PROBLEMS = [
    {
        "code": "REPLICATION",
        "key": "REPLICATION:s-1",
        "sentence": "applications-01 does not replicate (state stalled). Repair its replication in DRS.",
    },
    {
        "code": "STALE",
        "key": "STALE:s-2",
        "sentence": "DRS last heard from applications-02 at 2026-11-21 02:10 UTC. Check its replication agent.",
    },
]


def recovery_with_a_problem(actor):
    """A recovery to a point in time that was started over problems, took a drill's servers, and now meets more."""
    found = [
        {"key": "RPO:s-9", "sentence": "databases-01 lags 40 min behind, and its RPO is 15 min."},
        {"key": "STALE:s-9", "sentence": "DRS last heard from databases-01 at 2026-11-21 02:10 UTC."},
    ]
    recovery = execution(
        actor,
        mode="RECOVERY",
        status="PAUSED",
        rto_minutes=20,
        override_reason="The data centre burns",
        overridden=found,
        point_in_time=ago(hours=5),
    )
    execution(actor, status="CANCELLED", preempted_by=recovery)
    first = wave(recovery, "COMPLETED", {**LAUNCHED, "snapshot_id": "pit-0a1b", "snapshot_at": ago(hours=6)}, LAUNCHED)
    job(first, ended=True)
    second = wave(recovery, "WAITING", {}, {}, depends_on=[1])
    question = f"Before wave 2, Applications its servers were looked at again: {PROBLEMS[0]['sentence']} …"
    second.gates.create(kind="PROBLEM", question=question, details=PROBLEMS, asked_at=ago(seconds=40))
    wave(recovery, "PENDING", {}, depends_on=[2])
    return recovery


def give_up_terminating(execution, run):
    """Let a termination of the instances of a wave have stopped trying: the first is gone, the others stay."""
    asked = Termination.objects.create(
        execution=execution,
        requested_by="olga",
        requested_at=ago(minutes=30),
        gave_up_at=ago(minutes=1),
        reason="i-0000000000000065 in us-east-1 of Production (444444444444) stayed after 3 DRS jobs. Look whether "
        "termination protection is on, then terminate again.",
    )
    first = run.servers.first()
    ServerRun.objects.filter(pk=first.pk).update(launch_status="TERMINATED", terminated_at=ago(minutes=20))
    call = asked.calls.create(account=first.account, region=REGION)
    call.servers.set(run.servers.all())
    return asked
