"""The EC2 side of a recovery: real instances in moto's EC2 of the same account and Region."""

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend, ec2_backends
from moto.ec2.models.instances import Instance

from drsorch.simulator.backend import DrsBackend
from drsorch.simulator.records import SourceServer

IMAGE_NAME = "drs-launch-image"
MANAGED_TAGS = {"AWSElasticDisasterRecoveryManaged": "drs.amazonaws.com"}


def launch_machine(backend: DrsBackend, server: SourceServer) -> Instance:
    """Run an instance shaped like the source server. Copies its tags, as DRS does with copyTags on."""
    ec2 = ec2_backends[backend.account_id][backend.region_name]
    description = server.description
    reservation = ec2.run_instances(
        _image_id(ec2),
        1,
        None,
        [],
        instance_type=description.instance_type,
        is_instance_type_default=False,
        region_name=backend.region_name,
        security_group_ids=[],
        nics=[],
        tags={"instance": _tags(server), "volume": _tags(server)},
        placement=None,
        block_device_mappings=[
            {
                "DeviceName": f"/dev/sd{chr(ord('a') + index)}{'1' if index == 0 else ''}",
                "Ebs": {"VolumeSize": size, "VolumeType": "gp3", "DeleteOnTermination": True},
            }
            for index, size in enumerate(description.disks_gib)
        ],
    )
    return reservation.instances[0]


def terminate_machine(backend: DrsBackend, instance_id: str) -> str | None:
    """Terminate an instance. Returns EC2's error when it refuses, for example because of termination protection."""
    try:
        ec2_backends[backend.account_id][backend.region_name].terminate_instances([instance_id])
    except EC2ClientError as error:
        return f"An error occurred ({error.code}) when calling the TerminateInstances operation: {error.message}"
    return None


def machine_state(machine: Instance) -> str:
    """The state as DRS spells it: RUNNING, SHUTTING-DOWN, …"""
    return str(machine.state).upper()


def _tags(server: SourceServer) -> dict[str, str]:
    name = {"Name": server.tags.get("Name", server.description.hostname)}
    return {**server.tags, **name, **MANAGED_TAGS, "AWSElasticDisasterRecoverySourceServerID": server.id}


def _image_id(ec2: EC2Backend) -> str:
    for image in ec2.amis.values():
        if image.name == IMAGE_NAME:
            return str(image.id)
    return str(ec2.register_image(IMAGE_NAME, "What Elastic Disaster Recovery launches from").id)
