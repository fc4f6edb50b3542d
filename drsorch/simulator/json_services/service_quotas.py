"""Service Quotas of DRS: the values that the endpoint itself enforces in this account and Region."""

from typing import Any

from drsorch.simulator.errors import AwsError
from drsorch.simulator.json_services.asked import Asked
from drsorch.simulator.quotas import QUOTAS, Quota, quota_value
from drsorch.simulator.settings import Quotas

PAGE_SIZE = 100
SERVICE_CODE = "drs"


def list_service_quotas(asked: Asked) -> dict[str, Any]:
    """Every quota, or the one that is asked for, with the value applied here."""
    wanted = asked.params.get("QuotaCode")
    found = [_document(asked, quota) for quota in QUOTAS if wanted in (None, quota.code)]
    _refuse_unknown(asked, found)
    return asked.page(found, "Quotas", PAGE_SIZE, "InvalidPaginationTokenException")


def list_default_quotas(asked: Asked) -> dict[str, Any]:
    """Every quota with AWS's own value."""
    found = [_default(asked, quota) for quota in QUOTAS]
    _refuse_unknown(asked, found)
    return asked.page(found, "Quotas", PAGE_SIZE, "InvalidPaginationTokenException")


def get_service_quota(asked: Asked) -> dict[str, Any]:
    """One quota with the value applied here."""
    return {"Quota": _document(asked, _find(asked))}


def get_default_quota(asked: Asked) -> dict[str, Any]:
    """One quota with AWS's own value."""
    return {"Quota": _default(asked, _find(asked))}


def _find(asked: Asked) -> Quota:
    found = [quota for quota in QUOTAS if quota.code == asked.params["QuotaCode"]]
    _refuse_unknown(asked, found)
    return found[0]


def _refuse_unknown(asked: Asked, found: list[Any]) -> None:
    if asked.params["ServiceCode"] != SERVICE_CODE or not found:
        raise AwsError("NoSuchResourceException", "The specified resource doesn't exist.")


def _document(asked: Asked, quota: Quota) -> dict[str, Any]:
    return _written(asked, quota, quota_value(quota, asked.backend, asked.settings.quotas))


def _default(asked: Asked, quota: Quota) -> dict[str, Any]:
    return _written(asked, quota, float(getattr(Quotas(), quota.setting)))


def _written(asked: Asked, quota: Quota, value: float) -> dict[str, Any]:
    backend = asked.backend
    return {
        "ServiceCode": SERVICE_CODE,
        "ServiceName": "AWS Elastic Disaster Recovery",
        "QuotaArn": f"arn:aws:servicequotas:{backend.region_name}:{backend.account_id}:drs/{quota.code}",
        "QuotaCode": quota.code,
        "QuotaName": quota.name,
        "Value": value,
        "Unit": "None",
        "Adjustable": quota.is_adjustable,
        "GlobalQuota": False,
        "QuotaAppliedAtLevel": "ACCOUNT",
        "Description": f"{quota.name}.",
    }
