"""The EC2 launch template that DRS keeps for each source server, in moto's EC2 of the same account and Region."""

from typing import Any

from moto.ec2.models import ec2_backends
from moto.ec2.models.launch_templates import LaunchTemplate

from drsorch.simulator import dice
from drsorch.simulator.backend import DrsBackend
from drsorch.simulator.records import SourceServer

RIGHT_SIZING = "targetInstanceTypeRightSizingMethod"


def launch_settings(backend: DrsBackend, server: SourceServer) -> dict[str, Any]:
    """The server's launch configuration: its own settings over those of the account's template over AWS's defaults."""
    return {
        "name": server.description.hostname,
        **default_settings(),
        **{
            name: value
            for template in backend.launch_templates.values()
            for name, value in template.items()
            if name in INHERITED
        },
        **server.launch_settings,
    }


INHERITED = {
    "launchDisposition",
    RIGHT_SIZING,
    "copyPrivateIp",
    "copyTags",
    "licensing",
    "postLaunchEnabled",
    "recoveryMode",
}


def default_settings() -> dict[str, Any]:
    """What AWS sets up where nobody has said anything."""
    return {
        "launchDisposition": "STARTED",
        RIGHT_SIZING: "BASIC",
        "copyPrivateIp": False,
        "copyTags": True,
        "licensing": {"osByol": False},
        "postLaunchEnabled": False,
        "launchIntoInstanceProperties": {},
        "recoveryMode": "OPTIMAL",
    }


def has_template(backend: DrsBackend, server: SourceServer) -> bool:
    """Whether the server's launch template is there."""
    return server.launch_template_id in ec2_backends[backend.account_id][backend.region_name].launch_templates


def template_of(backend: DrsBackend, server: SourceServer) -> LaunchTemplate:
    """The server's launch template, made when it is first needed, and again when somebody deleted it.

    Its id depends on the server alone: the same world has the same templates, whoever needs them first.
    """
    ec2 = ec2_backends[backend.account_id][backend.region_name]
    if not has_template(backend, server):
        name = f"created-and-used-by-drs-{server.id}"
        tags = {"launch-template": {"AWSElasticDisasterRecoveryManaged": "drs.amazonaws.com"}}
        data = _data(backend, server, server.description.instance_type)
        ec2.launch_template_name_to_ids.pop(name, None)
        with dice.seeded("launch template", server.arn, server.launch_template_id):
            server.launch_template_id = str(ec2.create_launch_template(name, "", data, tags).id)
    return ec2.get_launch_template(server.launch_template_id)


def write_version(backend: DrsBackend, server: SourceServer) -> None:
    """Make a new default version from DRS's own settings. What was edited in EC2 is lost, but for the instance type."""
    template = template_of(backend, server)
    instance_type = server.description.instance_type
    if launch_settings(backend, server)[RIGHT_SIZING] == "NONE":
        instance_type = template.default_version().data.get("InstanceType", instance_type)
    version = template.create_version(_data(backend, server, instance_type), "")
    template.default_version_number = version.number


def default_data(backend: DrsBackend, server: SourceServer) -> dict[str, Any]:
    """What the default version says, which is the one that DRS launches with."""
    return dict(template_of(backend, server).default_version().data)


def disks(server: SourceServer) -> list[dict[str, Any]]:
    """Block device mappings in the size of the source's disks."""
    return [
        {
            "DeviceName": f"/dev/sd{chr(ord('a') + index)}{'1' if index == 0 else ''}",
            "Ebs": {"VolumeSize": size, "VolumeType": "gp3", "DeleteOnTermination": True},
        }
        for index, size in enumerate(server.description.disks_gib)
    ]


def _data(backend: DrsBackend, server: SourceServer, instance_type: str) -> dict[str, Any]:
    interface: dict[str, Any] = {"DeviceIndex": 0, "DeleteOnTermination": True}
    if launch_settings(backend, server)["copyPrivateIp"]:
        interface["PrivateIpAddress"] = server.description.address
    tags = [{"Key": "AWSElasticDisasterRecoverySourceServerID", "Value": server.id}]
    return {
        "InstanceType": instance_type,
        "BlockDeviceMappings": disks(server),
        "NetworkInterfaces": [interface],
        "TagSpecifications": [{"ResourceType": kind, "Tags": tags} for kind in ("instance", "volume")],
    }
