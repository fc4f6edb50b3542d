"""What the control path tells of the simulated AWS, without changing anything."""

from collections import Counter

from drsorch.simulator.backend import DrsBackend, drs_backends
from drsorch.simulator.clock import write_timestamp
from drsorch.simulator.control_places import Body, Handler
from drsorch.simulator.simulation import Simulation
from drsorch.simulator.worlds.description import AccountDescription


def health(simulation: Simulation, _body: Body) -> Body:
    """World, speed and virtual time."""
    now = simulation.clock.now()
    return {
        "status": "ok",
        "world": simulation.world.name,
        "speed": simulation.clock.speed,
        "now": now,
        "time": write_timestamp(now),
    }


def world(simulation: Simulation, _body: Body) -> Body:
    """Accounts with credentials, roles, Regions and source servers."""
    described = simulation.world
    return {"name": described.name, "accounts": [_account(account) for account in described.accounts]}


def faults(simulation: Simulation, _body: Body) -> list[Body]:
    """Every rule in force with its hits."""
    return simulation.faults.report()


def requests(simulation: Simulation, _body: Body) -> Body:
    """Counted requests."""
    return {**simulation.counters.report()}


def jobs(simulation: Simulation, _body: Body) -> list[Body]:
    """Every job of every account and Region, oldest first."""
    found = []
    for backend in simulation.all_backends():
        with backend.lock:
            simulation.catch_up(backend)
            found += _jobs_of(backend)
    return sorted(found, key=lambda job: job["createdAt"])


def _jobs_of(backend: DrsBackend) -> list[Body]:
    return [
        {
            "account": backend.account_id,
            "region": backend.region_name,
            "jobID": job.id,
            "type": job.type,
            "initiatedBy": job.initiated_by,
            "status": job.status,
            "createdAt": job.created_at,
            "endedAt": job.ended_at,
            "tags": dict(job.tags),
            "servers": dict(job.participants),
        }
        for job in backend.jobs.values()
    ]


def launches(simulation: Simulation, _body: Body) -> Body:
    """How often each source server was started and launched, and the same per job."""
    servers: dict[str, Body] = {}
    by_job: dict[str, dict[str, int]] = {}
    for backend in simulation.all_backends():
        with backend.lock:
            simulation.catch_up(backend)
            launched_by = [job for job in backend.jobs.values() if job.type == "LAUNCH"]
            started = Counter(server for job in launched_by for server in job.participants)
            launched = Counter(server for job in launched_by for server in job.launched)
            place = {"account": backend.account_id, "region": backend.region_name}
            for server, number in started.items():
                own = [job.id for job in launched_by if server in job.participants]
                servers[server] = {**place, "started": number, "launched": launched[server], "jobs": own}
            for job in launched_by:
                by_job[job.id] = {"started": len(job.participants), "launched": len(job.launched)}
    return {"servers": servers, "jobs": by_job}


def _account(account: AccountDescription) -> Body:
    return {
        "id": account.id,
        "name": account.name,
        "role_arn": account.role_arn,
        "external_id": account.external_id,
        "access_key_id": account.access_key_id,
        "secret_access_key": account.secret_access_key,
        "regions": [region.name for region in account.regions],
        "initialized_regions": [region.name for region in account.regions if region.is_initialized],
        "servers": {region.name: _servers(account.id, region.name) for region in account.regions},
    }


def _servers(account: str, region: str) -> list[Body]:
    backend = drs_backends[account][region]
    with backend.lock:
        return [
            {
                "id": server.id,
                "hostname": server.description.hostname,
                "tags": dict(server.tags),
                "replication": server.description.replication,
            }
            for server in backend.servers.values()
        ]


REPORTS: dict[tuple[str, str], Handler] = {
    ("GET", "health"): health,
    ("GET", "world"): world,
    ("GET", "faults"): faults,
    ("GET", "requests"): requests,
    ("GET", "jobs"): jobs,
    ("GET", "launches"): launches,
}
