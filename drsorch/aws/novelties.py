"""Members of AWS's answers that our model of the API does not have: botocore drops them; we say so, once each."""

import logging
from collections.abc import Mapping
from typing import Any

from drsorch.aws.wire import first_sighting

log = logging.getLogger("drsorch.aws")


def note(shape: Any, answer: object) -> None:
    """Log each member of `answer`, a JSON document that botocore reads as `shape`, that the shape does not have.

    Of a list or map only the first entry is looked at: answers are long, and their entries alike.
    """
    if shape.type_name == "structure" and isinstance(answer, Mapping):
        known = {member.serialization.get("name", name): member for name, member in shape.members.items()}
        for name, value in answer.items():
            if name in known:
                note(known[name], value)
            elif first_sighting(shape.name, name):
                log.info("AWS sent the member %r of %s, which this version does not know.", name, shape.name)
    elif shape.type_name == "list" and isinstance(answer, list) and answer:
        note(shape.member, answer[0])
    elif shape.type_name == "map" and isinstance(answer, Mapping) and answer:
        note(shape.value, next(iter(answer.values())))
