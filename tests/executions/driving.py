"""Drive the engine without a worker: run what is due now, let time pass in the endpoint, run again."""

from dataclasses import replace
from datetime import timedelta

from django.utils import timezone

from drsorch.aws import drs, sessions
from drsorch.simulator.backend import drs_backends
from executions import engine, poll
from executions.models import Execution, Launch, Poller, ServerRun, TerminationCall
from executions.states import ACTIVE


def due_now():
    """Make everything that waits for time due now, as if the time had passed."""
    now = timezone.now() - timedelta(milliseconds=1)
    Execution.objects.exclude(next_tick_at=None).update(next_tick_at=now, lease_until=None)
    Poller.objects.exclude(next_poll_at=None).update(next_poll_at=now, lease_until=None)


def step():
    """One tick of every execution, one poll of every place, and a tick for what the polls found."""
    advance_all()
    due_now()
    for pk in list(Poller.objects.exclude(next_poll_at=None).values_list("pk", flat=True)):
        poll.poll(pk)
    advance_all()


def advance_all():
    """One tick of every execution that waits for time."""
    due_now()
    for pk in list(Execution.objects.exclude(next_tick_at=None).values_list("pk", flat=True)):
        engine.advance(pk)


def run(execution, aws, *, seconds=4000, by=500):
    """Drive until the execution ends or stops for a person, at most `seconds` of the endpoint's time."""
    for _ in range(0, seconds, by):
        step()
        execution.refresh_from_db()
        if execution.status not in ACTIVE or execution.status == "PAUSED":
            return execution
        aws.advance(by)
    return execution


def tick(execution):
    """One tick, as if the moment at which the execution wants to be looked at had come."""
    due_now()
    engine.advance(execution.pk)
    execution.refresh_from_db()
    return execution


def sentences(execution):
    """The timeline, oldest line first."""
    return [event.sentence for event in execution.events.all()]


def launch_statuses():
    """The launch status of every server of every execution, sorted."""
    return sorted(ServerRun.objects.values_list("launch_status", flat=True))


def let_settle():
    """Let the settle window of every call pass, and every wait of a call."""
    long_ago = timezone.now() - timedelta(minutes=10)
    for calls in (Launch.objects, TerminationCall.objects):
        calls.exclude(intended_at=None).update(intended_at=long_ago)
        calls.exclude(not_before=None).update(not_before=long_ago)


def let_waits_pass():
    """Let every wait of a call pass, but no settle window."""
    for calls in (Launch.objects, TerminationCall.objects):
        calls.exclude(not_before=None).update(not_before=timezone.now() - timedelta(seconds=1))


def finish(execution, aws, rounds=6):
    """Let the termination come to its end."""
    for _ in range(rounds):
        step()
        let_waits_pass()
        aws.advance(40)
    execution.refresh_from_db()
    return execution


def problems(aws):
    """What must never be: a launch without exactly its own job, a job without its launch, a server started twice."""
    jobs = [job for job in aws.jobs() if job["type"] == "LAUNCH"]
    made = {job["jobID"]: job["tags"].get("drsorch:launch") for job in jobs}
    known = {launch.job.job_id: launch.token for launch in Launch.objects.exclude(job=None).select_related("job")}
    found = [f"job {job} has no launch" for job in made if job not in known]
    found += [f"launch of {job} has no such job" for job in known if job not in made]
    found += [f"job {job} carries the token {made[job]}" for job in known if made.get(job) not in (None, known[job])]
    started = aws.launches()["servers"]
    return found + [f"{server} started {row['started']} times" for server, row in started.items() if row["started"] > 1]


def start_outside(place, server_ids, *, region="us-east-1", tags=None):
    """Start a drill that the product knows nothing of, and return its job."""
    client, soon = sessions.client(place, region, "drs", once=True), timezone.now() + timedelta(seconds=10)
    return drs.start_recovery(client, server_ids, is_drill=True, tags=tags, deadline=soon)


def terminate_outside(place, instance_ids, *, region="us-east-1"):
    """Terminate instances behind the product's back, and return the job."""
    client, soon = sessions.client(place, region, "drs", once=True), timezone.now() + timedelta(seconds=10)
    return drs.terminate_recovery_instances(client, instance_ids, deadline=soon)


def simulated(server):
    """The source server as the endpoint remembers it."""
    return drs_backends[server.account.account_id][server.region].servers[server.source_server_id]


def breaks(server, state="DISCONNECTED"):
    """Let the replication of a server be in another state."""
    row = simulated(server)
    row.description = replace(row.description, replication=state)


def vanishes(server):
    """Let DRS forget a server."""
    del drs_backends[server.account.account_id][server.region].servers[server.source_server_id]
