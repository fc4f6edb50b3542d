"""Ids in paths."""

from typing import Any

from django.urls import register_converter


class RowKey:
    """The id of an object whose key is a number; clients take it as a string."""

    regex = "[0-9]{1,18}"

    def to_python(self, value: str) -> int:
        """Return the key."""
        return int(value)

    def to_url(self, value: Any) -> str:
        """Return it as it stands in a path."""
        return str(value)


class AccountKey:
    """An AWS account id."""

    regex = "[0-9]{12}"

    def to_python(self, value: str) -> str:
        """Return it as it is."""
        return value

    def to_url(self, value: Any) -> str:
        """Return it as it stands in a path."""
        return str(value)


class AwsKey(AccountKey):
    """The id of something in AWS: letters, digits and signs between them, and nothing that a database refuses."""

    regex = "[0-9A-Za-z_-]{1,64}"


register_converter(RowKey, "row")
register_converter(AccountKey, "account")
register_converter(AwsKey, "aws")
