"""A request sent twice is done once: its answer is kept under the caller's key, and given again."""

import hashlib
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.utils import timezone
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from drsorch.access import policy
from drsorch.access.requests import actor_of
from drsorch.api.models import KeptAnswer
from drsorch.audit.actor import Actor
from drsorch.errors import Conflict, Invalid

KEPT_FOR = timedelta(hours=24)
# Longer than any request takes: whoever has not answered by then has died, and the key is free again.
ANSWERED_WITHIN = timedelta(minutes=3)
KEY = re.compile(r"[\x21-\x7e]{1,64}", re.ASCII)
HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
REFUSED = 400


def key_of(request: Any, *, is_required: bool) -> str:
    """Return the key of a request, empty when it has none and needs none. Raises Invalid."""
    key: str | None = request.headers.get(HEADER)
    if key is None and is_required:
        raise Invalid(
            f"Send {HEADER} with a new random value for each thing that you want done once, such as a UUID.",
            details={"fields": {HEADER: ["It is required here."]}},
        )
    if key is not None and not KEY.fullmatch(key):
        raise Invalid(
            f"{HEADER} has 1 to 64 characters, letters, digits and signs, and no space.",
            details={"fields": {HEADER: ["It is not a key."]}},
        )
    return key or ""


def own_key(request: Any, key: str) -> str:
    """Return the key as it may be kept with an object: the same key of another person is another one."""
    return hashlib.sha256(f"{request.user.pk}:{key}".encode()).hexdigest()


def once(request: Any, key: str, work: Callable[[], tuple[Response, Model | None]]) -> Response:
    """Do `work` and keep its answer under `key`, or return what was answered before.

    `work` returns its answer and what that is about. Only what was done is kept: after a refusal the key is free,
    because nothing has changed. Raises Conflict (IDEMPOTENCY_MISMATCH for another request; IDEMPOTENCY_IN_PROGRESS
    while the first one is being answered), and NotFound when what the answer is about has left the caller's sight.
    """
    digest = _digest(request)
    claim = _claim(request.user.pk, key, digest)
    if claim.status is not None:
        _refuse_unseen(claim, actor_of(request._request))
        return Response(
            json.loads(claim.body or "null"), status=claim.status, headers={**claim.headers, REPLAYED: "true"}
        )
    mine = KeptAnswer.objects.filter(pk=claim.pk, claimed_at=claim.claimed_at)
    try:
        response, about = work()
    except BaseException:
        mine.delete()
        raise
    headers = {name: response[name] for name in ("ETag", "Location") if name in response}
    mine.update(
        status=response.status_code,
        headers=headers,
        body=json.dumps(response.data, cls=JSONEncoder),
        object_kind=about._meta.label_lower if about else "",
        object_id=str(about.pk) if about else "",
    )
    return response


def forget_old_answers() -> None:
    """Delete what is older than a day."""
    KeptAnswer.objects.filter(claimed_at__lt=timezone.now() - KEPT_FOR).delete()


def _refuse_unseen(answer: KeptAnswer, actor: Actor) -> None:
    """Raise NotFound for the answer about an object that was taken from the caller since, or is gone.

    Whoever may see everything is told of what is gone as well.
    """
    if answer.object_kind and not policy.is_everywhere(actor, policy.Level.VIEW):
        policy.get_or_404(actor, apps.get_model(answer.object_kind)._default_manager.all(), pk=answer.object_id)


def _claim(user_id: int, key: str, digest: str) -> KeptAnswer:
    """Return a new claim of the key, or the answer that was given under it."""
    now = timezone.now()
    mine = KeptAnswer.objects.filter(user_id=user_id, key=key)
    mine.filter(claimed_at__lt=now - KEPT_FOR).delete()
    mine.filter(claimed_at__lt=now - ANSWERED_WITHIN, status=None).delete()
    try:
        with transaction.atomic():
            return KeptAnswer.objects.create(user_id=user_id, key=key, digest=digest, claimed_at=now)
    except IntegrityError:
        known = mine.first()
    if known is not None and known.digest != digest:
        raise Conflict(
            f"This {HEADER} was used for another request. Use a new one for each thing that you want done.",
            code="IDEMPOTENCY_MISMATCH",
        )
    if known is None or known.status is None:
        raise Conflict(
            f"The first request with this {HEADER} is still being answered. Ask again in a second.",
            code="IDEMPOTENCY_IN_PROGRESS",
            details={"retry_after": 1},
        )
    return known


def _digest(request: Any) -> str:
    """Return what tells one request from another; by which token it came, since another one may see less."""
    token, body = actor_of(request._request).token, json.dumps(request.data, sort_keys=True)
    return hashlib.sha256(f"{request.method} {request.path} {token} {body}".encode()).hexdigest()
