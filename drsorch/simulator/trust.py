"""AssumeRole with what moto leaves out: the role must exist and its trust policy must let the caller in."""

import json
from typing import Any

from moto.iam.models import Role

from drsorch.simulator.credentials import Caller, find_role
from drsorch.simulator.errors import Refusal, Refused
from drsorch.simulator.policies import as_list, conditions_hold, read_document
from drsorch.simulator.signed_request import SignedRequest

ASSUME = "sts:AssumeRole"


def refuse_unless_trusted(request: SignedRequest, caller: Caller) -> None:
    """Check an AssumeRole request. Raises Refused: AWS answers AccessDenied for a missing role as for a closed one."""
    form = request.form
    for member in ("RoleArn", "RoleSessionName"):
        if not form.get(member):
            raise Refused(Refusal.BAD_REQUEST, f"1 validation error detected: {member} must not be null")
    role = find_role(form["RoleArn"])
    context = {"sts:externalid": form["ExternalId"]} if "ExternalId" in form else {}
    if role is None or not _trusts(role, caller, context) or not caller.may(ASSUME, request.region):
        raise Refused(
            Refusal.DENIED, f"User: {caller.arn} is not authorized to perform: {ASSUME} on resource: {form['RoleArn']}"
        )


def _trusts(role: Role, caller: Caller, context: dict[str, str]) -> bool:
    document = role.assume_role_policy_document
    statements = read_document(document if isinstance(document, str) else json.dumps(document))
    hits = [statement["Effect"] for statement in statements if _applies(statement, caller, context)]
    return "Allow" in hits and "Deny" not in hits


def _applies(statement: dict[str, Any], caller: Caller, context: dict[str, str]) -> bool:
    principal = statement.get("Principal", {})
    named = ["*"] if principal == "*" else as_list(principal.get("AWS", []))
    ours = {"*", caller.account, f"arn:aws:iam::{caller.account}:root", caller.arn}
    if caller.role is not None:
        ours.add(caller.role.arn)
    is_assume = any(action in (ASSUME, "sts:*", "*") for action in as_list(statement.get("Action", [])))
    return is_assume and bool(ours.intersection(named)) and conditions_hold(statement.get("Condition", {}), context)
