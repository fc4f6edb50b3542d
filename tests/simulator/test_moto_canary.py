"""The parts inside moto that the simulator touches: these fail first when another moto is installed."""

from importlib.metadata import version

import moto.core.responses
from moto.core.base_backend import BackendDict
from moto.ec2.models import ec2_backends
from moto.ec2.models.instances import Instance
from moto.iam.models import iam_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.ssm.models import ssm_backends
from moto.sts.models import AssumedRole, sts_backends

from drsorch.simulator.backend import drs_backends
from drsorch.simulator.machines import IMAGE_NAME
from tests.simulator.callers import HUB, TARGET, assume, hub_client, launch, server_ids


def test_moto_is_the_version_that_the_simulator_was_made_for():
    assert version("moto") == "5.2.5"


def test_what_we_call_exists():
    assert callable(DomainDispatcherApplication)
    assert callable(create_backend_app)
    assert issubclass(MotoRequestHandler, object)
    assert isinstance(BackendDict._instances, list)
    assert isinstance(Instance.state, property)
    assert moto.core.responses.BaseResponse.region_from_useragent_regex


def test_what_launches_and_automations_read_of_moto_exists(simulator):
    ec2, ssm = hub_client("ec2"), hub_client("ssm")
    template = ec2.create_launch_template(LaunchTemplateName="x", LaunchTemplateData={"InstanceType": "m5.large"})
    ssm.create_document(Name="Doc", DocumentType="Automation", Content='{"schemaVersion": "0.3", "mainSteps": []}')
    kept = ec2_backends[HUB]["us-east-1"].launch_templates[template["LaunchTemplate"]["LaunchTemplateId"]]
    document = ssm_backends[HUB]["us-east-1"]._documents["Doc"].get_default_version()

    assert kept.default_version_number == 1
    assert kept.default_version().data["InstanceType"] == "m5.large"
    assert isinstance(Instance.instance_status, property)
    assert isinstance(Instance.system_status, property)
    assert (document.document_type, document.content_json["mainSteps"]) == ("Automation", [])


def test_our_backends_are_in_moto_s_register(simulator):
    assert any(backends is drs_backends for backends in BackendDict._instances)


def test_a_session_has_the_members_we_read(simulator):
    assume()
    (session,) = sts_backends[TARGET]["aws"].assumed_roles

    assert isinstance(session, AssumedRole)
    assert session.access_key_id in iam_backends[TARGET]["aws"].access_keys
    assert session.expiration.tzinfo is None
    assert session.session_token and session.role_arn and session.arn


def test_a_role_has_the_members_we_read(simulator):
    (role,) = iam_backends[TARGET]["aws"].roles.values()

    assert isinstance(role.assume_role_policy_document, str)
    assert list(role.policies) == ["orchestrate"]
    assert role.managed_policies == {}


def test_ec2_loads_no_public_images_so_that_an_account_starts_fast(simulator):
    launch(simulator, hub_client("drs"), server_ids(simulator)[:2])
    hub_client("ec2").describe_instances()

    assert [image.name for image in ec2_backends[HUB]["us-east-1"].amis.values()] == [IMAGE_NAME]
