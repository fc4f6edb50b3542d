"""DescribeLaunchConfigurationTemplates and DescribeReplicationConfigurationTemplates."""

from typing import Any

from drsorch.simulator.errors import not_found
from drsorch.simulator.operations.call import Call
from drsorch.simulator.operations.pages import page_of


def describe_launch_configuration_templates(call: Call) -> dict[str, Any]:
    """The account's launch configuration template, of which there is at most one."""
    wanted = call.params.get("launchConfigurationTemplateIDs")
    return _describe(call, call.backend.launch_templates, wanted, "LaunchConfigurationTemplate")


def describe_replication_configuration_templates(call: Call) -> dict[str, Any]:
    """The account's replication configuration templates."""
    wanted = call.params.get("replicationConfigurationTemplateIDs")
    return _describe(call, call.backend.replication_templates, wanted, "ReplicationConfigurationTemplate")


def _describe(call: Call, templates: dict[str, dict[str, Any]], wanted: list[str] | None, kind: str) -> dict[str, Any]:
    for template_id in wanted or ():
        if template_id not in templates:
            raise not_found(f"The template {template_id} does not exist", template_id, kind)
    return page_of(call, [templates[template_id] for template_id in wanted or templates], dict)
