"""What keeps the pollers of an execution's places from hearing what it waits for."""

from collections.abc import Collection

from executions.models import Poller


def problems(jobs_at: Collection[tuple[int, str]], waves_at: Collection[tuple[int, str]], *, paused: bool) -> list[str]:
    """Return a sentence for each problem at the places (account, Region) of live jobs, and of waves yet to start.

    Each says what to do, as AWS's refusal is worded. Nobody looks at a place for an execution that is `paused`.
    """
    troubled = Poller.objects.defer("survey").exclude(last_error="", survey_error="").select_related("account")
    again = "It is tried again when the execution goes on." if paused else "It is tried again by itself."
    found = []
    for row in troubled:
        place = row.account_id, row.region
        if row.last_error and place in jobs_at:
            found.append(row.last_error)
        if row.survey_error and place in waves_at:
            what = f"The look at {row.region} of {row.account}, which waves need before they start there, failed."
            found.append(f"{what} {row.survey_error} {again}")
    return found
