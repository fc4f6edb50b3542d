"""The configuration of an installation as one document: accounts, groups, plans and settings, by name."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from drsorch.access import policy
from drsorch.access.roles import Permission
from drsorch.audit.actor import Actor
from drsorch.audit.record import at_the_end, record
from drsorch.config.changes import Change, change_of
from drsorch.config.reading import checked
from drsorch.config.services import current_settings, update_settings
from drsorch.config.shapes import Member, Shape, fitted, flag, one_of, whole
from drsorch.errors import Denied, Invalid, VersionMismatch
from plans.configuration import plans_in, write_plans, written_plans
from protection.configuration import (
    accounts_in,
    groups_in,
    look_at_servers,
    write_account,
    write_groups,
    written_accounts,
    written_groups,
)

FORMAT, VERSION = "drsorch-configuration", 1
SETTINGS = {
    "drillDays": "drill_days",
    "recoveryDays": "recovery_days",
    "timelineDays": "timeline_days",
    "jobLogDays": "job_log_days",
    "auditDays": "audit_days",
    "fourEyes": "four_eyes",
    "initiatorMayNotAnswer": "initiator_may_not_answer",
}
# Each is needed: a document that is older than a precaution must not take it away unsaid.
SETTINGS_SHAPE: Shape = {name: Member(whole if name.endswith("Days") else flag) for name in SETTINGS}


def _anything(value: Any, _: str) -> Any:
    return value


DOCUMENT: Shape = {
    "format": Member(one_of([FORMAT])),
    "version": Member(whole),
    "settings": Member(_anything, None),
    "accounts": Member(_anything, []),
    "protectionGroups": Member(_anything, []),
    "recoveryPlans": Member(_anything, []),
}


@dataclass(frozen=True, slots=True)
class Import:
    """What an import has changed, or would. `fingerprint` stands for the document and what it was compared with."""

    changes: tuple[Change, ...]
    fingerprint: str
    is_applied: bool


@transaction.atomic
def export_configuration(*, actor: Actor) -> dict[str, Any]:
    """Return the whole configuration as plain data, in a stable order, without secrets. No AWS.

    For auditors and whoever has every permission; recorded. Raises Denied.
    """
    if not policy.may_audit(actor):
        raise Denied(
            "Exporting the configuration is for auditors and administrators. Ask one of them.",
            details={"permission": str(Permission.VIEW_RESOURCES)},
        )
    document = _written()
    counts: dict[str, Any] = {name: len(document[name]) for name in ("accounts", "protectionGroups", "recoveryPlans")}
    record(actor, "export_configuration", current_settings(), **counts)
    return document


def as_text(document: Mapping[str, Any]) -> str:
    """Return a document as the text of a file: the same text for the same configuration."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def import_configuration(
    *,
    actor: Actor,
    document: Any,
    external_ids: Mapping[str, str] | None = None,
    dry_run: bool = True,
    fingerprint: str = "",
) -> Import:
    """Make the configuration what `document` (plain data, see `drsorch.config.reading.read`) says; all or nothing.

    What the document names is created or changed, through the services and under their permissions; what it does not
    name stays. A member that is left out has its default. `external_ids` are those of roles that have one, by account
    id: a document holds no secrets. A dry run does everything and undoes it; its `fingerprint`, given to the run that
    applies it, makes sure that nothing has changed in between.

    Asks AWS for servers that come into a group. Raises Denied, Invalid, Conflict, VersionMismatch, AwsError.
    """
    policy.require_administrator(actor, "Importing a configuration")
    wanted = _wanted(document)
    ids = _external_ids(external_ids or {}, wanted)
    found = look_at_servers(wanted["accounts"], wanted["protectionGroups"], ids, actor)
    with transaction.atomic(), at_the_end():
        seen = _fingerprint(wanted)
        if fingerprint and fingerprint != seen:
            raise VersionMismatch("The document or the configuration has changed since the dry run. Look at it again.")
        changes = [
            *_write_settings(wanted["settings"], actor),
            *(write_account(entry, ids.get(entry["accountId"], ""), actor) for entry in wanted["accounts"]),
            *write_groups(wanted["protectionGroups"], found, actor),
            *write_plans(wanted["recoveryPlans"], actor),
        ]
        made, changed = (sum(change.action == action for change in changes) for action in ("create", "update"))
        record(actor, "import_configuration", current_settings(), created=made, updated=changed)
        if dry_run:
            transaction.set_rollback(True)
    return Import(tuple(changes), seen, is_applied=not dry_run)


def _wanted(data: Any) -> dict[str, Any]:
    document = fitted(DOCUMENT, checked(data), "The document")
    if document["version"] != VERSION:
        raise Invalid(f"The document is of version {document['version']}, and version {VERSION} is read here.")
    if document["settings"] is not None:
        document["settings"] = fitted(SETTINGS_SHAPE, document["settings"], "settings")
    return document | {
        "accounts": accounts_in(document["accounts"]),
        "protectionGroups": groups_in(document["protectionGroups"]),
        "recoveryPlans": plans_in(document["recoveryPlans"]),
    }


def _external_ids(given: Mapping[str, str], wanted: Mapping[str, Any]) -> dict[str, str]:
    strangers = sorted(given.keys() - {entry["accountId"] for entry in wanted["accounts"]})
    if strangers:
        raise Invalid(f"An external id is given for account {strangers[0]}, which is not in the document.")
    if not all(isinstance(value, str) for value in given.values()):
        raise Invalid("An external id must be text. Put quotes around it.")
    return dict(given)


def _written() -> dict[str, Any]:
    settings = current_settings()
    return {
        "format": FORMAT,
        "version": VERSION,
        "settings": {name: getattr(settings, column) for name, column in SETTINGS.items()},
        "accounts": written_accounts(),
        "protectionGroups": written_groups(),
        "recoveryPlans": written_plans(),
    }


def _fingerprint(wanted: Mapping[str, Any]) -> str:
    return hashlib.sha256(as_text({"is": _written(), "wanted": wanted}).encode()).hexdigest()


def _write_settings(wanted: dict[str, Any] | None, actor: Actor) -> list[Change]:
    if wanted is None:
        return []
    row = current_settings()
    change = change_of(
        "settings", "settings", {name: getattr(row, column) for name, column in SETTINGS.items()}, wanted
    )
    if change.members:
        update_settings(actor=actor, version=row.version, **{SETTINGS[name]: value for name, value in wanted.items()})
    return [change]
