"""System checks of the installation: what would only be noticed when it is too late."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.contrib import admin
from django.core.checks import CheckMessage, Error, register

from drsorch.access.declared import undeclared
from drsorch.access.roles import Role
from drsorch.secrets import is_entry

SHORTEST_KEY = 32
GUARDED = ("access", "api", "audit", "config", "protection", "plans", "executions")


@register
def every_model_declares_its_access(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Find models of the product that do not say how they inherit access: the policy would refuse them at run time."""
    wanted = apps.get_app_configs() if app_configs is None else app_configs
    models = [model for app in wanted if app.label in GUARDED for model in app.get_models()]
    return [
        Error(
            f"{model.__name__} does not declare access_via, so nobody may see it.",
            hint="Name the relation through which it inherits access, or () when it inherits none.",
            obj=model,
            id="drsorch.E001",
        )
        for model in models
        if not hasattr(model, "access_via")
    ]


@register
def every_address_declares_what_it_needs(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Find pages that anybody could open because nobody said what they need."""
    return [
        Error(
            f"The address {route} declares no permission.",
            hint="Put drsorch.access.declared.needs() on its view.",
            id="drsorch.E003",
        )
        for route in undeclared()
    ]


@register
def every_admin_page_asks_the_policy(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Find admin pages of the product that would go by Django's own permissions, which nobody manages."""
    return [
        Error(
            f"The admin page of {model.__name__} does not ask the policy.",
            hint="Derive it from one of drsorch.access.policed.",
            obj=model,
            id="drsorch.E004",
        )
        for model, page in admin.site._registry.items()
        if model._meta.app_label in GUARDED and not hasattr(page, "change_permission")
    ]


@register
def encryption_keys_are_keys(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Find entries of ENCRYPTION_KEYS that cannot encrypt. The keys themselves are never shown."""
    return [
        Error(
            f"Entry {number} of ENCRYPTION_KEYS is not a Fernet key.",
            hint="Make one with `manage.py keys new`.",
            id="drsorch.E002",
        )
        for number, key in enumerate(settings.ENCRYPTION_KEYS, start=1)
        if not is_entry(key)
    ]


@register
def audit_key_is_long(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Find a key of the audit trail that could be guessed: whoever has it can write evidence."""
    if len(settings.AUDIT_KEY) >= SHORTEST_KEY:
        return []
    return [
        Error(
            f"AUDIT_KEY is shorter than {SHORTEST_KEY} characters.",
            hint="Make one with `python -c 'import secrets; print(secrets.token_urlsafe(48))'`.",
            id="drsorch.E010",
        )
    ]


@register
def groups_give_roles_that_exist(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Find entries of OIDC_GROUP_ROLES that name no role: the group would give nothing, and nobody would know why."""
    return [
        Error(
            f"OIDC_GROUP_ROLES gives {role!r} to the group {group}, which is no role.",
            hint=f"Use {', '.join(Role.values)}.",
            id="drsorch.E005",
        )
        for group, role in settings.OIDC_GROUP_ROLES.items()
        if role not in Role.values
    ]
