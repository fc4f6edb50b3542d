"""PutLaunchAction, ListLaunchActions and DeleteLaunchAction, for a source server or a launch configuration template."""

from typing import Any

from moto.ssm.models import ssm_backends

from drsorch.simulator.errors import conflict, not_found
from drsorch.simulator.operations.call import Call
from drsorch.simulator.operations.pages import page_of
from drsorch.simulator.quotas import LAUNCH_ACTIONS, quota_value

AUTOMATION_DOCUMENTS = ("AWS-CreateImage", "AWS-Restart", "AWS-Start", "AWS-Stop", "AWSEC2-", "AWSDisasterRecovery-")


def put_launch_action(call: Call) -> dict[str, Any]:
    """Add an action, or replace the one with the same id. Actions run in their order, so no two may share one."""
    resource_id, action_id = call.params["resourceId"], call.params["actionId"]
    actions = _actions(call)
    others = [action for known, action in actions.items() if known != action_id]
    if any(action["order"] == call.params["order"] for action in others):
        message = f"Another launch action of {resource_id} has the order {call.params['order']}"
        raise conflict(message, action_id, "LaunchAction")
    allowed = quota_value(LAUNCH_ACTIONS, call.backend, call.settings.quotas)
    if len(others) >= allowed:
        raise conflict(
            f"{resource_id} has {allowed:g} launch actions, and no more are allowed", action_id, "LaunchAction"
        )
    action = {name: value for name, value in call.params.items() if name != "resourceId"}
    actions[action_id] = {"parameters": {}, **action, "type": _type(call, action["actionCode"])}
    return {"resourceId": resource_id, **actions[action_id]}


def list_launch_actions(call: Call) -> dict[str, Any]:
    """The actions of a resource in the order in which they run."""
    wanted = call.filters.get("actionIds")
    found = [action for action in _actions(call).values() if not wanted or action["actionId"] in wanted]
    return page_of(call, sorted(found, key=lambda action: int(action["order"])), dict)


def delete_launch_action(call: Call) -> dict[str, Any]:
    """Remove an action."""
    action_id = call.params["actionId"]
    if _actions(call).pop(action_id, None) is None:
        raise not_found(f"Launch action {action_id} does not exist", action_id, "LaunchAction")
    return {}


def _actions(call: Call) -> dict[str, dict[str, Any]]:
    """The actions of the resource by their id. Raises ResourceNotFoundException when there is no such resource."""
    resource_id, backend = call.params["resourceId"], call.backend
    kind = "SourceServer" if resource_id.startswith("s-") else "LaunchConfigurationTemplate"
    known = backend.servers if kind == "SourceServer" else backend.launch_templates
    if resource_id not in known:
        raise not_found(f"{resource_id} does not exist", resource_id, kind)
    actions: dict[str, dict[str, Any]] = backend.launch_actions.setdefault(resource_id, {})
    return actions


def _type(call: Call, document: str) -> str:
    """What kind of document it is, as SSM has it; AWS's own documents are not in moto, so they go by their names."""
    own = ssm_backends[call.place.account][call.place.region]._documents.get(document.rpartition("/")[2])
    if own is not None:
        return "SSM_AUTOMATION" if own.get_default_version().document_type == "Automation" else "SSM_COMMAND"
    return "SSM_AUTOMATION" if document.startswith(AUTOMATION_DOCUMENTS) else "SSM_COMMAND"
