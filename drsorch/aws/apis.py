"""botocore's sessions and clients as this installation wants them. Nothing is cached here but what AWS looks like."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.loaders import Loader
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from drsorch.aws import endpoint
from drsorch.aws.calls import watch

SERVICES = ("sts", "drs", "ec2")
# With all of its 700 operations EC2 takes 7 MiB in each process, and more than 1 MiB in each client.
EC2_OPERATIONS = ("DescribeInstances", "DescribeInstanceStatus")
# A request that was not given credentials must not go out in the name of any account.
NOBODY = {"aws_access_key_id": "given-with-each-request", "aws_secret_access_key": "given-with-each-request"}


class Models(Loader):
    """botocore's models of AWS, that of EC2 cut down to the operations in use."""

    def load_service_model(self, service_name: str, type_name: str, api_version: str | None = None) -> Any:
        """Return a model as botocore's loader does. The other operations of EC2 are forgotten, also by the loader."""
        model = super().load_service_model(service_name, type_name, api_version)
        if (service_name, type_name) == ("ec2", "service-2"):
            model["operations"] = {name: model["operations"][name] for name in EC2_OPERATIONS}
            model["shapes"] = dict(_shapes_of(model["operations"].values(), model["shapes"]))
        return model


def _shapes_of(parts: Iterable[Any], shapes: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the shapes that `parts` of a model consist of, by name."""
    ahead, seen = list(parts), set()
    while ahead:
        part = ahead.pop()
        if not isinstance(part, dict):
            continue
        ahead.extend(part.values())
        name = part.get("shape")
        if isinstance(name, str) and name not in seen:
            seen.add(name)
            ahead.append(shapes[name])
            yield name, shapes[name]


# Parsed once; they hold no connection, so that forked processes may share them.
MODELS = Models()


@dataclass(frozen=True, slots=True)
class Timing:
    """How long and how often a client tries."""

    connect: float
    read: float
    attempts: int


def load_models() -> None:
    """Parse the models of the services in use, which costs some 200 ms: before processes are forked that need them."""
    for service in SERVICES:
        for kind in ("service-2", "endpoint-rule-set-1"):
            MODELS.load_service_model(service, kind)
    for name in ("endpoints", "partitions", "_retry", "sdk-default-configuration"):
        MODELS.load_data(name)


def new_session() -> boto3.Session:
    """Return a session with the credentials of this installation."""
    core = botocore.session.get_session()
    core.set_config_variable("sts_regional_endpoints", "regional")
    core.register_component("data_loader", MODELS)
    return boto3.Session(botocore_session=core)


def new_api(session: boto3.Session, region: str, service: str, timing: Timing) -> Any:
    """Return a new client for whatever account: each request is signed with credentials of its own (see `calls`).

    Raises ImproperlyConfigured when practice could reach AWS.
    """
    practice = settings.ENVIRONMENT in endpoint.PRACTICE
    config = Config(
        connect_timeout=timing.connect,
        read_timeout=timing.read,
        retries={"mode": "standard", "total_max_attempts": timing.attempts},
        user_agent_extra="drsorch",
        tcp_keepalive=True,
        ignore_configured_endpoint_urls=not practice,  # in production not even a config file may redirect us
        proxies={} if practice else None,  # a proxy could not reach this machine's loopback
    )
    api = session.client(service, region_name=region, config=config, **NOBODY)
    if practice and not endpoint.is_loopback(api.meta.endpoint_url):
        raise ImproperlyConfigured(
            f"The {service} client would reach {api.meta.endpoint_url}, and in {settings.ENVIRONMENT} only a loopback "
            f"address will do. Set {endpoint.GLOBAL} to the address of the local endpoint."
        )
    watch(api)
    return api
