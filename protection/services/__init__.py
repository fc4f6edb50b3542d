"""What people do with accounts and protection groups."""

from protection.services.accounts import (
    offered_regions,
    own_account,
    register_account,
    remove_account,
    request_sync,
    update_account,
    validate_account,
)
from protection.services.groups import create_group, delete_group, update_group
from protection.services.resolve import resolve_tags

__all__ = [
    "create_group",
    "delete_group",
    "offered_regions",
    "own_account",
    "register_account",
    "remove_account",
    "request_sync",
    "resolve_tags",
    "update_account",
    "update_group",
    "validate_account",
]
