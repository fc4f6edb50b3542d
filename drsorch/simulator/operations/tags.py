"""TagResource, UntagResource and ListTagsForResource."""

from typing import Any

from drsorch.simulator.documents.jobs import job_tags
from drsorch.simulator.errors import invalid, not_found
from drsorch.simulator.operations.call import Call
from drsorch.simulator.records import Job, RecoveryInstance, SourceServer

MOST_TAGS = 50


def list_tags_for_resource(call: Call) -> dict[str, Any]:
    """The tags of a source server, job or recovery instance."""
    resource = _find(call)
    return {"tags": job_tags(resource, call.settings.visibility) if isinstance(resource, Job) else dict(resource.tags)}


def tag_resource(call: Call) -> dict[str, Any]:
    """Add tags or change their values."""
    resource, new = _find(call), call.params["tags"]
    for key in new:
        if not key or key.lower().startswith("aws:"):
            problem = "must not be empty or start with aws:"
            raise invalid(f"The tag key {key!r} {problem}", ("tags", problem))
    if len(resource.tags | new) > MOST_TAGS:
        problem = f"would be more than {MOST_TAGS}"
        raise invalid(f"The tags of the resource {problem}", ("tags", problem))
    resource.tags.update(new)
    return {}


def untag_resource(call: Call) -> dict[str, Any]:
    """Remove tags; a key that the resource does not have is no error."""
    resource = _find(call)
    for key in call.params["tagKeys"]:
        resource.tags.pop(key, None)
    return {}


def _find(call: Call) -> SourceServer | Job | RecoveryInstance:
    arn = call.params["resourceArn"]
    prefix, _, identifier = arn.rpartition("/")
    backend = call.backend
    resources: dict[str, dict[str, Any]] = {
        "source-server": backend.servers,
        "job": backend.jobs,
        "recovery-instance": backend.recovery_instances,
    }
    kind = prefix.rpartition(":")[2]
    resource = resources.get(kind, {}).get(identifier)
    if resource is None or resource.arn != arn:
        raise not_found(f"Resource {arn} does not exist", identifier[:1024], kind[:256])
    found: SourceServer | Job | RecoveryInstance = resource
    return found
