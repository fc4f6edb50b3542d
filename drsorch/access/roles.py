"""Roles and the permissions they give."""

from dataclasses import dataclass
from enum import StrEnum

from django.db.models import TextChoices


class Permission(StrEnum):
    """A verb that a role may give. The value is the name shown to people and used by token scopes."""

    CREATE_PROTECTION_GROUP = "drs:CreateProtectionGroup"
    UPDATE_PROTECTION_GROUP = "drs:UpdateProtectionGroup"
    DELETE_PROTECTION_GROUP = "drs:DeleteProtectionGroup"
    CREATE_RECOVERY_PLAN = "drs:CreateRecoveryPlan"
    UPDATE_RECOVERY_PLAN = "drs:UpdateRecoveryPlan"
    DELETE_RECOVERY_PLAN = "drs:DeleteRecoveryPlan"
    EXECUTE_RECOVERY = "drs:ExecuteRecovery"
    MANAGE_EXECUTION = "drs:ManageExecution"
    TERMINATE_INSTANCES = "drs:TerminateInstances"
    VIEW_RESOURCES = "drs:ViewResources"
    MANAGE_ACCOUNTS = "drs:ManageAccounts"


@dataclass(frozen=True, slots=True)
class Right:
    """What a token leaves of its owner's rights: some verbs, and some AWS accounts (their ids) or all of them."""

    scopes: frozenset[Permission]
    account_ids: frozenset[str] | None = None


class Role(TextChoices):
    """A role is a Django group of this name."""

    ADMIN = "DRSOrchestrationAdmin", "Administrator"
    RECOVERY_MANAGER = "DRSRecoveryManager", "Recovery manager"
    PLAN_MANAGER = "DRSPlanManager", "Plan manager"
    OPERATOR = "DRSOperator", "Operator"
    READ_ONLY = "DRSReadOnly", "Read only"
    AUDITOR = "DRSAuditor", "Auditor"


def role_label(name: str) -> str:
    """Return a role in words; a group that is no role keeps its name."""
    return str(Role(name).label) if name in Role.values else name


P = Permission
PERMISSIONS: dict[str, frozenset[Permission]] = {
    Role.ADMIN: frozenset(Permission),
    Role.RECOVERY_MANAGER: frozenset({P.EXECUTE_RECOVERY, P.MANAGE_EXECUTION, P.TERMINATE_INSTANCES, P.VIEW_RESOURCES}),
    Role.PLAN_MANAGER: frozenset(
        {
            P.CREATE_PROTECTION_GROUP,
            P.UPDATE_PROTECTION_GROUP,
            P.CREATE_RECOVERY_PLAN,
            P.UPDATE_RECOVERY_PLAN,
            P.VIEW_RESOURCES,
        }
    ),
    Role.OPERATOR: frozenset({P.EXECUTE_RECOVERY, P.VIEW_RESOURCES}),
    Role.READ_ONLY: frozenset({P.VIEW_RESOURCES}),
    Role.AUDITOR: frozenset({P.VIEW_RESOURCES}),
}
# Roles to which everything is granted, at which level: whoever gives out grants, and whoever checks them.
EVERYWHERE: dict[str, str] = {Role.ADMIN: "manage", Role.AUDITOR: "view"}
# The level at which the object of a permission must be granted.
NEEDED_LEVEL = dict.fromkeys(Permission, "manage") | {
    P.VIEW_RESOURCES: "view",
    P.CREATE_RECOVERY_PLAN: "view",
    P.EXECUTE_RECOVERY: "operate",
    P.MANAGE_EXECUTION: "operate",
    P.TERMINATE_INSTANCES: "operate",
}
# Who may let problems pass at the start of a recovery, launch over a live instance, or cancel somebody's drill for a
# recovery: administrators and recovery managers, and nobody who only operates.
OVERRIDING = Permission.MANAGE_EXECUTION
