"""The service quotas of DRS: what Service Quotas shows, and what the endpoint itself enforces, from one place."""

from typing import TYPE_CHECKING, NamedTuple

from drsorch.simulator.settings import Quotas

if TYPE_CHECKING:
    from drsorch.simulator.backend import DrsBackend


class Quota(NamedTuple):
    """One quota; `setting` is its name in Quotas."""

    code: str
    name: str
    setting: str
    is_adjustable: bool = False


CONCURRENT_JOBS = Quota("L-D88FAC3A", "Concurrent jobs in progress", "concurrent_jobs")
SERVERS_PER_JOB = Quota("L-B827C881", "Max number of source servers in a single Job", "servers_per_job")
SERVERS_IN_ALL_JOBS = Quota("L-05AFA8C6", "Max number of source servers in all Jobs", "servers_in_all_jobs")
JOBS_PER_SERVER = Quota("L-DD6D028C", "Max concurrent jobs per source server", "jobs_per_server")
REPLICATING_SERVERS = Quota("L-C1D14A2B", "Max number of replicating source servers", "replicating_servers")
SOURCE_SERVERS = Quota("L-E28BE5E0", "Max total source servers per AWS account", "source_servers", is_adjustable=True)
LAUNCH_ACTIONS = Quota("L-0588D03B", "Max launch actions per resource", "launch_actions", is_adjustable=True)
LAUNCH_TEMPLATES = Quota("L-1F3FAE4D", "Max number of launch configuration templates", "launch_templates")
SOURCE_NETWORKS = Quota("L-4B0323BD", "Max number of source networks per AWS account", "source_networks")
QUOTAS = (
    CONCURRENT_JOBS,
    SERVERS_PER_JOB,
    SERVERS_IN_ALL_JOBS,
    JOBS_PER_SERVER,
    REPLICATING_SERVERS,
    SOURCE_SERVERS,
    LAUNCH_ACTIONS,
    LAUNCH_TEMPLATES,
    SOURCE_NETWORKS,
)


def quota_value(quota: Quota, backend: "DrsBackend", everywhere: Quotas) -> float:
    """Its value in this account and Region: its own there, or the one that holds everywhere."""
    own = backend.quotas.get(quota.code)
    return float(getattr(everywhere, quota.setting)) if own is None else own
