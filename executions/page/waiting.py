"""Why a wave waits, what went wrong in it, and what people decided about it: the sentences under its heading."""

from collections.abc import Iterator, Sequence

from django.utils import timezone

from executions.models import Execution, Gate
from executions.page.servers import Note
from executions.page.waves import WaveRow, in_words
from executions.states import OPEN_SERVER, Answer, CallStatus, GateKind, WaveStatus
from plans.models import LaunchOrder, OnFailure

# Answers that change what the wave is: the others only let it go on as planned.
TOLD = frozenset({Answer.RETRY, Answer.CONTINUE, Answer.ACCEPT, Answer.GIVE_UP, Answer.CONFIRM})


def explain(row: WaveRow, rows: Sequence[WaveRow], execution: Execution) -> list[Note]:
    """Return why `row`, one of the waves `rows` of `execution`, waits, what went wrong, and what was decided."""
    decided = [_decision(gate) for gate in row.gates if gate.answer in TOLD]
    if row.is_unstarted:
        # Of a wave with an open question, the question says why.
        return decided if row.gate else [*decided, *_before(row, rows, execution)]
    held_up = [*_held_up(row), *_unheard(row), *_in_line(row)] if row.is_in_flight else []
    return decided + held_up + ([] if row.gate else _verdict(row))


def _decision(gate: Gate) -> Note:
    reason = f" Reason: {gate.note}" if gate.note else ""
    return Note("user", f"{gate.answered_name} answered “{Answer(gate.answer).label.lower()}”.{reason}")


def _before(row: WaveRow, rows: Sequence[WaveRow], execution: Execution) -> list[Note]:
    """Say what comes before a wave that has not started: those it runs after, a wait, people, a look at its servers."""
    needed = [other for other in rows if other.wave.number in row.wave.depends_on]
    awaited = {other.wave.number for other in needed if not other.wave.is_passed}
    free_at = max((other.free_at for other in needed if other.free_at), default=None)
    if execution.cancel_requested_at:
        return [Note("pending", f"Does not start: {execution.cancelled_by} cancelled the execution.")]
    if awaited:
        return [Note("pending", f"Runs after {in_words(awaited)}.")]
    if free_at and free_at > timezone.now():
        return [Note("pending", "The plan waits before this wave. It starts in", until=free_at)]
    return [_its_turn(row, rows, execution)]


def _its_turn(row: WaveRow, rows: Sequence[WaveRow], execution: Execution) -> Note:
    """Say what holds a wave that runs after nothing any more."""
    held = _held_by_others(row, rows, execution)
    if held:
        return Note("pending", held)
    if execution.pause_requested_at:
        return Note("pending", f"Runs next, when it is resumed: {execution.pause_requested_by} asked to pause.")
    if row.wave.look_again_at and row.wave.reason:
        return Note("warn", f"{row.wave.reason} Looking again in", until=row.wave.look_again_at)
    return Note("pending", "Runs next.")


def _held_by_others(row: WaveRow, rows: Sequence[WaveRow], execution: Execution) -> str:
    """Say which question or wave holds this one; nothing when none does."""
    others = [other for other in rows if other is not row]
    kinds = {other.wave.number: other.gate.kind for other in others if other.gate}
    if GateKind.FOUR_EYES in kinds.values():
        return "Held until a second person has confirmed the recovery."
    asked = {number for number, kind in kinds.items() if kind == GateKind.PAUSE_REQUESTED}
    if asked:
        return f"Held by the pause before {in_words(asked)}."
    if execution.parallel_waves:
        return ""
    if kinds:
        return f"Waits for the decision about {in_words(set(kinds))}: waves run one at a time."
    running = {other.wave.number for other in others if other.is_under_way}
    if running:
        return f"Runs after {in_words(running)}: waves run one at a time."
    earlier = {other.wave.number for other in others if _goes_first(other, row, rows)}
    return f"Runs after {in_words(earlier)}: waves run one at a time." if earlier else ""


def _goes_first(other: WaveRow, row: WaveRow, rows: Sequence[WaveRow]) -> bool:
    """Say whether `other` may start as `row` may, and has the lower number."""
    if not other.is_unstarted or other.wave.number > row.wave.number:
        return False
    passed = {each.wave.number for each in rows if each.wave.is_passed}
    return passed >= set(other.wave.depends_on)


def _held_up(row: WaveRow) -> list[Note]:
    """Say why calls are not made: no free slot, servers in another job, AWS refuses. Each reason once."""
    reasons = dict.fromkeys((call.queued_at is not None, call.reason) for call in row.calls if call.reason)
    return [Note("pending" if is_queued else "warn", reason) for is_queued, reason in reasons]


def _unheard(row: WaveRow) -> list[Note]:
    """Say of which calls neither an answer nor a reason is known yet."""
    waiting = (call for call in row.calls if call.status == CallStatus.INTENT and not call.reason)
    return [Note("loading", f"Waiting for DRS in {at.region} of {at.account} to answer the start.") for at in waiting]


def _in_line(row: WaveRow) -> Iterator[Note]:
    """Say that servers wait for those before them, where the plan does not launch them all at once."""
    wave = row.wave
    waiting = sum(1 for server in row.servers if server.status in OPEN_SERVER and server.run.started_at is None)
    is_limited = wave.launch_order == LaunchOrder.SEQUENTIAL or wave.max_parallel
    if not waiting or not is_limited or any(call.reason for call in row.calls):
        return
    how = f"at most {wave.max_parallel} are launched at once" if wave.max_parallel else "they are launched in order"
    who = "1 server waits for its turn" if waiting == 1 else f"{waiting} servers wait for their turn"
    yield Note("pending", f"{who}: {how}.")


def _verdict(row: WaveRow) -> list[Note]:
    """Say how the wave ended, beyond what its heading counts, and why others run although it failed."""
    notes = []
    said = row.wave.reason.removeprefix(f"{row.launched} of {row.total} servers launched.").strip()
    has_failed = row.wave.outcome == WaveStatus.FAILED
    if said:
        notes.append(Note("error" if has_failed else row.status.tone, said))
    if row.failed:
        notes.append(Note("error", f"{row.failed} {'server was' if row.failed == 1 else 'servers were'} not launched."))
    if has_failed and row.wave.is_passed and row.wave.on_failure == OnFailure.CONTINUE:
        notes.append(Note("info", "The waves that run after it start although it failed: the plan says so."))
    return notes
