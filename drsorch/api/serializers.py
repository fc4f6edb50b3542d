"""Shapes: strict input, plain output. Nothing here saves anything."""

from collections.abc import Mapping
from typing import Any

from django.http import QueryDict
from rest_framework import serializers

from drsorch.api.fields import Flag, Text
from drsorch.api.offers import Offer

TAG = "tag."
UNKNOWN_MEMBER = "There is no such member here. Check its spelling, or leave it out."
UNKNOWN_PARAMETER = "There is no such parameter here. Check its spelling, or leave it out."


class Answer(serializers.Serializer):
    """What is answered. Never used for input."""


class Input(serializers.Serializer):
    """A body: members that are not declared are refused."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Return the values by the names that services know. Raises ValidationError."""
        if isinstance(data, Mapping):
            unknown = [name for name in data if name not in self.fields]
            if unknown:
                raise serializers.ValidationError({name: [UNKNOWN_MEMBER] for name in sorted(unknown)[:20]})
        return dict(super().to_internal_value(data))


class Nothing(Input):
    """A body without members: `{}`, or none at all."""


class Query(serializers.Serializer):
    """Query parameters: those that are not declared, or given twice, are refused.

    The `source` of a filter is the lookup it stands for. With `has_tags`, `tag.KEY=value` is taken for each KEY.
    """

    has_tags = False

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Return the values by lookup; those of tags as `tags`. Raises ValidationError."""
        given: QueryDict = data
        problems: dict[str, list[str]] = {}
        tags: dict[str, str] = {}
        for name, values in given.lists():
            is_tag = self.has_tags and name.startswith(TAG) and len(name) > len(TAG)
            if not is_tag and name not in self.fields:
                problems[name] = [UNKNOWN_PARAMETER]
            elif len(values) > 1:
                problems[name] = ["Give this parameter once."]
            elif is_tag and "\0" in name + values[0]:
                problems[name] = ["A tag has no null characters."]
            elif is_tag:
                tags[name.removeprefix(TAG)] = values[0]
        if problems:
            raise serializers.ValidationError(problems)
        found = dict(super().to_internal_value({name: given[name] for name in given if name in self.fields}))
        return found | ({"tags": tags} if tags else {})


class OfferAnswer(Answer):
    """What may be done with the object now; with the reason why not."""

    action = Text()
    allowed = Flag()
    reason = Text()


_offers = OfferAnswer(many=True)  # one for all rows: to make its fields takes longer than to use them


def offered(*offers: Offer) -> Any:
    """Return what `allowedActions` says."""
    return _offers.to_representation(offers)
