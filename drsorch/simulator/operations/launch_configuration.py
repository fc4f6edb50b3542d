"""GetLaunchConfiguration and UpdateLaunchConfiguration."""

from typing import Any

from drsorch.simulator.errors import conflict, denied, invalid
from drsorch.simulator.launch_templates import RIGHT_SIZING, has_template, launch_settings, template_of, write_version
from drsorch.simulator.operations.admission import refuse_busy
from drsorch.simulator.operations.call import Call
from drsorch.simulator.operations.finding import find_server
from drsorch.simulator.records import SourceServer

# DRS changes the template with the rights of the caller.
TEMPLATE_ACTIONS = ("ec2:CreateLaunchTemplateVersion", "ec2:ModifyLaunchTemplate")


def get_launch_configuration(call: Call) -> dict[str, Any]:
    """How one server is launched, with the EC2 launch template that says the rest.

    The template is made when it is first asked for, so this read may change something that EC2 is asked for next.
    """
    server = find_server(call)
    if not has_template(call.backend, server):
        call.faults.note_change()
    return _document(call, server)


def update_launch_configuration(call: Call) -> dict[str, Any]:
    """Change the named settings; each call makes a new default version of the launch template.

    A server cannot be changed while a job holds it.
    """
    server = find_server(call)
    refuse_busy(call.backend.busy, [server.id])
    changes = {name: value for name, value in call.params.items() if name != "sourceServerID"}
    _refuse_nonsense(call, server, changes)
    for action in TEMPLATE_ACTIONS:
        if not call.caller.may(action, call.place.region):
            raise denied(f"User: {call.caller.arn} is not authorized to perform: {action}")
    server.launch_settings.update(changes)
    write_version(call.backend, server)
    return _document(call, server)


def _refuse_nonsense(call: Call, server: SourceServer, changes: dict[str, Any]) -> None:
    """Launching into an existing instance keeps its type, so nothing can be right-sized then."""
    wanted = launch_settings(call.backend, server) | changes
    target = wanted["launchIntoInstanceProperties"].get("launchIntoEC2InstanceID")
    if target and wanted[RIGHT_SIZING] != "NONE":
        problem = "must be NONE when launching into an existing instance"
        raise invalid(f"{RIGHT_SIZING} {problem}", (RIGHT_SIZING, problem))
    if target and server.staging_arn:
        message = f"Source server {server.id} is extended and cannot be launched into an existing instance"
        raise conflict(message, server.id, "SourceServer")


def _document(call: Call, server: SourceServer) -> dict[str, Any]:
    return {
        "sourceServerID": server.id,
        "ec2LaunchTemplateID": str(template_of(call.backend, server).id),
        **launch_settings(call.backend, server),
    }
