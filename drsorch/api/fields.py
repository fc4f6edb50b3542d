"""Members of requests and answers: strict about types, because a client's mistake should surface at once."""

import re
from typing import Any

from rest_framework import serializers

ACCOUNT_ID = r"^[0-9]{12}$"
SERVER_ID = r"^s-[0-9a-z]{1,30}$"
MOST_TAGS = 50
TAG_KEY = re.compile(r"[^\0\ud800-\udfff]{1,128}")  # halves of surrogate pairs cannot be kept
ROW_ID = re.compile(r"[0-9]{1,18}", re.ASCII)


class Text(serializers.CharField):
    """A string, and nothing that only looks like one."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 1000)
        if not kwargs.get("required", True) or "default" in kwargs:
            kwargs.setdefault("allow_blank", True)
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> str:
        """Return the string without spaces around it."""
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class Whole(serializers.IntegerField):
    """A whole number, 0 or more, below 2^31; not a string of digits, and not true or false."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("min_value", 0)
        kwargs.setdefault("max_value", 2**31 - 1)
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> int:
        """Return the number."""
        if type(data) is not int:
            self.fail("invalid")
        return int(super().to_internal_value(data))


class Flag(serializers.BooleanField):
    """True or false, in JSON's own words."""

    def to_internal_value(self, data: Any) -> bool:
        """Return it. 1 and 0 are equal to True and False in Python, and are refused here."""
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class FlagWord(serializers.BooleanField):
    """True or false in a query parameter, as JSON writes them."""

    def to_internal_value(self, data: Any) -> bool:
        """Return it."""
        if data not in ("true", "false"):
            self.fail("invalid", input=data)
        return bool(data == "true")


class Choice(serializers.ChoiceField):
    """One of some words."""

    def to_internal_value(self, data: Any) -> str:
        """Return the word."""
        if not isinstance(data, str):
            self.fail("invalid_choice", input=data)
        return str(super().to_internal_value(data))


class RowId(serializers.CharField):
    """The id of an object whose key is a number: a string for clients, who need not know."""

    def to_internal_value(self, data: Any) -> int:  # type: ignore[override]
        """Return the key."""
        if not isinstance(data, str) or not ROW_ID.fullmatch(data):
            self.fail("invalid")
        return int(data)


class Pattern(serializers.RegexField):
    """A string of a certain form."""

    def to_internal_value(self, data: Any) -> str:
        """Return the string. A number that reads alike is refused."""
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class ServerIds(serializers.ListField):
    """Ids of source servers, each once."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(child=Pattern(SERVER_ID, max_length=32), max_length=10_000, **kwargs)

    def to_internal_value(self, data: Any) -> list[str]:
        """Return them in their order."""
        return list(dict.fromkeys(super().to_internal_value(data)))


class RowIds(serializers.ListField):
    """Ids of objects, each once."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 1000)
        super().__init__(child=RowId(), **kwargs)

    def to_internal_value(self, data: Any) -> list[int]:
        """Return their keys in their order."""
        return list(dict.fromkeys(super().to_internal_value(data)))


class Tags(serializers.DictField):
    """Tags by key, as many and as long as AWS takes them, letter by letter."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(child=Text(max_length=256, allow_blank=True, trim_whitespace=False), **kwargs)

    def to_internal_value(self, data: Any) -> dict[str, str]:
        """Return them. Raises ValidationError for too many, and for keys that nobody could ask for."""
        tags: dict[str, str] = super().to_internal_value(data)
        if len(tags) > MOST_TAGS or not all(map(TAG_KEY.fullmatch, tags)):
            raise serializers.ValidationError(f"Give at most {MOST_TAGS} tags, their keys of 1 to 128 characters.")
        return tags


def account_id(**kwargs: Any) -> Pattern:
    """Return the field of an AWS account id."""
    return Pattern(ACCOUNT_ID, **kwargs)
