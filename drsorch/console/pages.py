"""What the views of all apps share: run a service and say how it ended; answer a poll that finds nothing new."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from drsorch.access.denials import note_refusal
from drsorch.errors import UserError


def perform(
    request: HttpRequest,
    service: Callable[..., Any],
    *args: Any,
    success: str | Callable[[Any], str],
    redirect_to: Any | Callable[[Any], Any],
    on_refusal: Any = None,
    **kwargs: Any,
) -> HttpResponse:
    """Call `service(*args, **kwargs)`, flash how it ended, and redirect.

    `success` and `redirect_to` may be functions of the service's result. `redirect_to` and `on_refusal` are anything
    that django.shortcuts.redirect takes; a refused action goes to `on_refusal`, else to `redirect_to` when that does
    not need a result, else back to the address of the request. A function as `on_refusal` answers itself, given the
    error, and nothing is flashed. What was denied, or failed, is recorded under the name of the service. The caller
    has checked that the method is POST.
    """
    try:
        result = service(*args, **kwargs)
    except UserError as error:
        named = (value for value in kwargs.values() if isinstance(value, Model))
        note_refusal(request, error, action=service.__name__, obj=next(named, None))
        if is_function(on_refusal):
            refused: HttpResponse = on_refusal(error)
            return refused
        messages.error(request, error.message)
        return redirect(on_refusal or (request.path if is_function(redirect_to) else redirect_to))
    messages.success(request, success(result) if callable(success) else success)
    return redirect(redirect_to(result) if is_function(redirect_to) else redirect_to)


def is_function(target: Any) -> bool:
    """Say whether a redirect target must first be called with a result. Models are targets too, and never called."""
    return callable(target) and not hasattr(target, "get_absolute_url")


def unchanged(*, asked_at: datetime | None, worker_beat_at: datetime | None) -> HttpResponse:
    """Answer a poll of a live page that shows the newest version: nothing to swap, but how old the data are."""
    headers = {"X-Server-Now": timezone.now(), "X-Asked-At": asked_at, "X-Worker-Beat-At": worker_beat_at}
    sent = {name: moment.isoformat() if moment else "" for name, moment in headers.items()}
    return HttpResponse(status=204, headers=sent)
