"""The EC2 side of a recovery: real instances in moto's EC2 of the same account and Region."""

from ipaddress import ip_address, ip_network
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend, ec2_backends
from moto.ec2.models.instances import Instance

from drsorch.simulator import dice
from drsorch.simulator.backend import DrsBackend
from drsorch.simulator.launch_templates import RIGHT_SIZING, default_data, disks, launch_settings
from drsorch.simulator.records import RecoveryInstance, SourceNetwork, SourceServer

IMAGE_NAME = "drs-launch-image"
MANAGED_TAGS = {"AWSElasticDisasterRecoveryManaged": "drs.amazonaws.com"}


class LaunchRefused(Exception):
    """EC2 says no; the message is its error as DRS hands it on."""


def launch_machine(backend: DrsBackend, server: SourceServer) -> tuple[str, Instance]:
    """Run an instance as the launch configuration and the default version of the launch template say.

    Returns EC2's reservation id with the instance. Raises LaunchRefused.
    """
    ec2 = ec2_backends[backend.account_id][backend.region_name]
    settings, data = launch_settings(backend, server), default_data(backend, server)
    tags = _tags(server, server.tags if settings["copyTags"] else {})
    interface: dict[str, Any] = next(iter(data.get("NetworkInterfaces", [])), {})
    try:
        placement = _placement(ec2, interface)
        reservation = ec2.run_instances(
            _image_id(ec2),
            1,
            None,
            [],
            instance_type=_instance_type(server, settings, data),
            is_instance_type_default=True,  # else moto walks through all types that there are, to no effect
            region_name=backend.region_name,
            nics=[],
            tags={"instance": tags, "volume": tags},
            placement=None,
            block_device_mappings=disks(server),
            **placement,
        )
    except EC2ClientError as error:
        raise LaunchRefused(_sentence("RunInstances", error.code, error.message)) from error
    machine = reservation.instances[0]
    if settings["launchDisposition"] == "STOPPED":
        ec2.stop_instances([machine.id])
    return reservation.id, machine


def _instance_type(server: SourceServer, settings: dict[str, Any], data: dict[str, Any]) -> str:
    """Right-sizing overrules what the launch template says."""
    recommended = server.description.instance_type
    return recommended if settings[RIGHT_SIZING] != "NONE" else str(data.get("InstanceType", recommended))


def _placement(ec2: EC2Backend, interface: dict[str, Any]) -> dict[str, Any]:
    """Subnet, security groups and private address of the first network interface. Raises EC2ClientError."""
    groups, address = list(interface.get("Groups", [])), interface.get("PrivateIpAddress")
    subnet_id = interface.get("SubnetId")
    for group in groups:
        if ec2.get_security_group_from_id(group) is None:
            raise EC2ClientError("InvalidGroup.NotFound", f"The security group '{group}' does not exist")
    subnet = ec2.get_subnet(subnet_id) if subnet_id else None
    if subnet is not None and address and ip_address(address) not in ip_network(subnet.cidr_block):
        raise EC2ClientError(
            "InvalidParameterValue", f"Address {address} does not fall within the subnet's address range"
        )
    return {
        "security_group_ids": groups,
        **({"subnet_id": subnet_id} if subnet_id else {}),
        **({"private_ip": address} if subnet_id and address else {}),
    }


def terminate_machine(backend: DrsBackend, instance_id: str) -> str | None:
    """Terminate an instance. Returns EC2's error when it refuses, for example because of termination protection."""
    try:
        ec2_backends[backend.account_id][backend.region_name].terminate_instances([instance_id])
    except EC2ClientError as error:
        return _sentence("TerminateInstances", error.code, error.message)
    return None


def launch_vpc(backend: DrsBackend, network: SourceNetwork) -> str:
    """A VPC like that of the origin; its id."""
    vpc = ec2_backends[backend.account_id][backend.region_name].create_vpc(network.cidr)
    vpc.add_tags({**network.tags, **MANAGED_TAGS, "AWSElasticDisasterRecoverySourceNetworkID": network.id})
    return str(vpc.id)


def find_machine(backend: DrsBackend, instance: RecoveryInstance) -> Instance | None:
    """The EC2 instance behind a recovery instance, or None when EC2 no longer knows it."""
    reservation = ec2_backends[backend.account_id][backend.region_name].reservations.get(instance.reservation_id)
    machines = reservation.instances if reservation else []
    return next((machine for machine in machines if machine.id == instance.id), None)


def machine_state(machine: Instance | None) -> str:
    """The state as DRS spells it: RUNNING, SHUTTING-DOWN, …"""
    return str(machine.state).upper() if machine else "NOT_FOUND"


def _sentence(operation: str, code: str, message: str) -> str:
    return f"An error occurred ({code}) when calling the {operation} operation: {message}"


def _tags(server: SourceServer, copied: dict[str, str]) -> dict[str, str]:
    name = {"Name": copied.get("Name", server.description.hostname)}
    return {**copied, **name, **MANAGED_TAGS, "AWSElasticDisasterRecoverySourceServerID": server.id}


def _image_id(ec2: EC2Backend) -> str:
    for image in ec2.amis.values():
        if image.name == IMAGE_NAME:
            return str(image.id)
    with dice.seeded("image", ec2.account_id, ec2.region_name):
        return str(ec2.register_image(IMAGE_NAME, "What Elastic Disaster Recovery launches from").id)
