"""One call from the fault rules before it to the line in the journal behind it."""

import io
import re
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from drsorch.simulator import dice
from drsorch.simulator.backend import DrsBackend
from drsorch.simulator.credentials import Caller
from drsorch.simulator.drs_service import answer_drs
from drsorch.simulator.errors import Refusal, Refused
from drsorch.simulator.faults import Place, Turn
from drsorch.simulator.faults.happenings import happen_before
from drsorch.simulator.faults.refusals import refuse_before_effect, spoil
from drsorch.simulator.journal import Entry
from drsorch.simulator.journal_entries import call_entry, changes_something, hits_entry
from drsorch.simulator.json_services import answer_json, is_ours
from drsorch.simulator.signed_request import SignedRequest
from drsorch.simulator.simulation import Simulation
from drsorch.simulator.trust import ASSUME, refuse_unless_trusted
from drsorch.simulator.wire import Reply

MOTO_OWN_PATH = "/moto-api"
WITH_BACKEND = {"drs", "ec2"}
FIRST_ERROR = 400
PUBLISHED = re.compile(r"/[a-z0-9-]+_[A-Za-z0-9]+/\.well-known/(jwks\.json|openid-configuration)", re.ASCII)


def is_published(environ: dict[str, Any]) -> bool:
    """Say whether a request asks for what a Cognito user pool tells everybody."""
    return environ["REQUEST_METHOD"] == "GET" and PUBLISHED.fullmatch(environ["PATH_INFO"]) is not None


class Service:
    """Answers requests whose signature and permissions are in order, now or again from the journal."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._moto = DomainDispatcherApplication(create_backend_app)

    def answer(self, environ: dict[str, Any], request: SignedRequest, caller: Caller) -> Reply:
        """Answer as AWS would, or as a fault rule wants. Raises Refused, or ConnectionCut.

        What a rule does after the effect happens after the effect is in the journal.
        """
        faults = self._simulation.faults
        with faults.turn() as turn:
            rule = faults.take_for_call(_place(request, caller))
            try:
                if rule is not None:
                    refuse_before_effect(rule)
                reply = self._perform(environ, request, caller, turn)
            except Exception:
                self._keep_hits(turn)
                raise
        return reply if rule is None else spoil(rule, reply)

    def publish(self, environ: dict[str, Any]) -> Reply:
        """Answer what a Cognito user pool tells everybody, unsigned: its description and its keys."""
        return _run(self._moto, environ)

    def repeat(self, environ: dict[str, Any], request: SignedRequest, caller: Caller, entry: Entry) -> Reply:
        """Do again what the journal tells of: at its time, by its seed, hit by the rules that hit it then."""
        hits = {int(question): numbers for question, numbers in entry["hits"].items()}
        faults = self._simulation.faults
        with faults.turn(repeated=hits) as turn, self._simulation.clock.hold(entry["v"]), dice.seeded(entry["seed"]):
            turn.questions = 1
            faults.count({0: hits.get(0, [])})
            with self._locked(request, caller) as backend:
                return self._serve(environ, request, caller, backend)

    def _perform(self, environ: dict[str, Any], request: SignedRequest, caller: Caller, turn: Turn) -> Reply:
        simulation, seed = self._simulation, dice.new_seed()
        generation = simulation.generation
        with ExitStack() as held:
            backend = held.enter_context(self._locked(request, caller))
            now, wall = held.enter_context(simulation.clock.hold()), time.time()
            held.enter_context(dice.seeded(seed))
            reply = self._serve(environ, request, caller, backend)
            is_kept = simulation.journal.is_kept and generation == simulation.generation
            has_changed = reply.status < FIRST_ERROR and changes_something(request)
            if is_kept and (has_changed or turn.has_changed):
                entry = call_entry(environ, request, caller, turn)
                entry |= {"v": now, "w": wall, "seed": seed, "status": reply.status}
                if request.service == "drs" and changes_something(request):
                    entry["crc"] = zlib.crc32(reply.body)
                if request.service == "sts" and request.operation.startswith("AssumeRole"):
                    entry["session"] = simulation.sessions.newest()
                simulation.journal.append(entry)
            else:
                self._keep_hits(turn)
        return reply

    def _keep_hits(self, turn: Turn) -> None:
        """A rule with a number of times has one less, also when its call changed nothing else."""
        if turn.is_counted:
            self._simulation.journal.append(hits_entry(turn, self._simulation.clock.now()))

    @contextmanager
    def _locked(self, request: SignedRequest, caller: Caller) -> Iterator[DrsBackend | None]:
        """moto's backends know no locks: EC2 is asked under the lock under which recoveries change it, and changes of
        other services come one after the other, so that the journal has them in the order in which they happened.
        """
        if request.service in WITH_BACKEND or is_ours(request):
            backend = self._simulation.region_backend(caller.account, request.region)
            with backend.lock:
                yield backend
        elif changes_something(request):
            with self._simulation.others_lock:
                yield None
        else:
            yield None

    def _serve(
        self, environ: dict[str, Any], request: SignedRequest, caller: Caller, backend: DrsBackend | None
    ) -> Reply:
        simulation = self._simulation
        if backend is not None:
            now = simulation.catch_up(backend)
            if happen_before(simulation.faults, _place(request, caller), backend, now):
                simulation.faults.note_change()
        if request.service == "drs":
            return answer_drs(simulation, request, caller)
        if backend is not None and is_ours(request):
            return answer_json(simulation, request, caller, backend)
        if f"{request.service}:{request.operation}" == ASSUME:
            refuse_unless_trusted(request, caller)
        return self._serve_from_moto(environ, request)

    def _serve_from_moto(self, environ: dict[str, Any], request: SignedRequest) -> Reply:
        """moto would believe a Region in the User-Agent before the one that was signed, so it gets none."""
        if request.path.startswith(MOTO_OWN_PATH):
            raise Refused(Refusal.NOT_IMITATED, "moto's own control path is closed; use /_sim/ instead.")
        body = {"wsgi.input": io.BytesIO(request.body), "CONTENT_LENGTH": str(len(request.body))}
        return _run(self._moto, {**environ, **body, "HTTP_USER_AGENT": ""})


def _place(request: SignedRequest, caller: Caller) -> Place:
    return Place(request.service, request.operation, caller.account, request.region)


def _run(app: Callable[..., Any], environ: dict[str, Any]) -> Reply:
    """Run a WSGI application to its end and keep what it answers."""
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> Callable[..., None]:
        started.append((status, headers))
        return lambda _data: None

    chunks = app(environ, start_response)
    try:
        body = b"".join(chunks)
    finally:
        if hasattr(chunks, "close"):
            chunks.close()
    status, headers = started[-1]
    kept = [(name, value) for name, value in headers if name.lower() != "content-length"]
    return Reply(int(status.split()[0]), body, kept)
