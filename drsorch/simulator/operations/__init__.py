"""The DRS operations that the simulator imitates, by their AWS names; every other one answers 501."""

from drsorch.simulator.operations import initialize, jobs, recovery_instances, source_servers, tags
from drsorch.simulator.operations.call import Operation

OPERATIONS: dict[str, Operation] = {
    "DescribeJobLogItems": jobs.describe_job_log_items,
    "DescribeJobs": jobs.describe_jobs,
    "DescribeRecoveryInstances": recovery_instances.describe_recovery_instances,
    "DescribeSourceServers": source_servers.describe_source_servers,
    "InitializeService": initialize.initialize_service,
    "ListTagsForResource": tags.list_tags_for_resource,
    "StartRecovery": source_servers.start_recovery,
    "TagResource": tags.tag_resource,
    "TerminateRecoveryInstances": recovery_instances.terminate_recovery_instances,
    "UntagResource": tags.untag_resource,
}
