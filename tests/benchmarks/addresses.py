"""Which addresses the part size asks for: every GET of the API, with every filter, and the pages."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib import admin

from tests.api.routes import ROUTES

# Every filter of the lists that grow.
FILTERED = {
    "/audit/events": (
        {"actor": "person-7"},
        {"actorKind": "SYSTEM"},
        {"tokenId": "7"},
        {"source": "CLI"},
        {"address": "198.51.100.9"},
        {"requestId": f"{7:032x}"},
        {"action": "start_execution"},
        {"outcome": "DENIED"},
        {"objectKind": "execution", "objectId": "4"},
        {"accountId": "{accountId}"},
        {"after": "2026-01-01T00:00:00Z"},
        {"before": "2100-01-01T00:00:00Z"},
    ),
    "/drs/jobs": (
        {"accountId": "{accountId}"},
        {"region": "eu-central-1"},
        {"status": "COMPLETED"},
        {"status": "STARTED"},
        {"type": "TERMINATE"},
        {"executionId": "{executionId}"},
    ),
    "/drs/source-servers": (
        {"accountId": "{accountId}"},
        {"region": "eu-central-1"},
        {"replicationState": "STALLED"},
        {"assigned": "true"},
        {"assigned": "false"},
        {"search": "host-00001"},
        {"tag.Application": "app-3"},
        {"ordering": "replicationState"},
        {"ordering": "sourceServerId"},
    ),
    "/ec2/instances": (
        {"accountId": "{accountId}"},
        {"region": "eu-central-1"},
        {"executionId": "{executionId}"},
        {"executionType": "RECOVERY"},
        {"launchStatus": "LAUNCHED"},
        {"launchStatus": "FAILED"},
        {"sourceServerId": "{serverId}"},
        {"recoveryInstanceId": "i-00000000000100001"},
    ),
    "/executions": (
        {"active": "true"},
        {"active": "false"},
        {"status": "FAILED"},
        {"executionType": "RECOVERY"},
        {"planId": "{planId}"},
        {"accountId": "{accountId}"},
        {"region": "eu-central-1"},  # where there are some also with few
        {"source": "API"},
        {"startedAfter": "2026-01-01T00:00:00Z"},
        {"startedBefore": "2100-01-01T00:00:00Z"},
        {"parentExecutionId": "pipeline-3"},
        {"tag.Pipeline": "run-3"},
        {"tag.Purpose": "exercise"},
        {"tag.Purpose": "audit"},
        {"ordering": "createdAt"},
    ),
    "/protection-groups": (
        {"accountId": "{accountId}"},
        {"region": "eu-central-1"},
        {"tier": "db"},
        {"conflict": "true"},
        {"conflict": "false"},
        {"search": "0000"},
        {"ordering": "changedAt"},
    ),
    "/recovery-plans": (
        {"accountId": "{accountId}"},
        {"region": "eu-central-1"},
        {"lastStatus": "COMPLETED"},
        {"conflict": "true"},
        {"conflict": "false"},
        {"search": "0000"},
        {"ordering": "changedAt"},
    ),
    "/reports/executions": (
        {"status": "FAILED"},
        {"executionType": "RECOVERY"},
        {"planId": "{planId}"},
        {"accountId": "{accountId}"},
        {"region": "eu-central-1"},
        {"startedAfter": "2026-01-01T00:00:00Z"},
        {"startedBefore": "2100-01-01T00:00:00Z"},
        {"tag.Pipeline": "run-3"},
        {"tag.Purpose": "exercise"},
    ),
}
WHOLE = "/config/export"  # a file of everything that there is: it takes as long as that is large
# The console's pages; those of the admin follow from its models. They show fewer rows where there are fewer.
PAGES = ("/executions/", "/executions/?show=history", "/executions/{executionId}/", "/plans/", "/plans/{planId}/")


@dataclass(frozen=True)
class Address:
    """What is asked for; `has_goal`: as many rows are shown of few as of many."""

    pattern: str
    is_list: bool = False
    has_goal: bool = True

    def __str__(self) -> str:
        return f"GET {self.pattern}"


def addresses() -> Iterator[Address]:
    """Return all of the API that ask nothing of AWS, its lists with filters too, and the pages."""
    for route in ROUTES:
        if route.method == "GET" and not route.spec.asks_aws:
            yield Address(f"/api/v1{route.pattern}", route.spec.is_list, has_goal=route.pattern != WHOLE)
            for query in FILTERED.get(route.pattern, ()):
                yield Address(f"/api/v1{route.pattern}?{urlencode(query, safe='{}')}", route.spec.is_list)
    yield from (Address(page, has_goal=False) for page in PAGES)
    for model in admin.site._registry:
        name = f"{model._meta.app_label}/{model._meta.model_name}"
        yield Address(f"/admin/{name}/", has_goal=False)
