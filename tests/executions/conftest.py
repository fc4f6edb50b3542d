"""Fixtures of the engine's tests: plans of world `minimal`, and drills that have come so far."""

import pytest

from drsorch.access.roles import Role
from executions import crash, services
from tests import factories
from tests.executions import situations
from tests.executions.altering import AlteringDrs
from tests.executions.driving import run, tick


@pytest.fixture
def otto(db):
    """Operates, but may not override."""
    return factories.person("otto", Role.OPERATOR)


@pytest.fixture
def db_1(place):
    """The first database server of the target."""
    return factories.servers(place, tier="-db-1")[0]


@pytest.fixture
def small(ada, place):
    """A plan of one wave with two servers."""
    return factories.plan(ada, factories.group(ada, place, "db"), name="Small")


@pytest.fixture
def two_waves(ada, place):
    """A plan of two waves with two servers each."""
    return factories.plan(ada, *(factories.group(ada, place, tier) for tier in ("db", "app")), name="Two waves")


@pytest.fixture
def overlapping(ada, small):
    """Another plan with the servers of the small one."""
    return factories.plan(ada, small.waves.get().groups.get(), name="Overlapping")


@pytest.fixture
def drill(small, olga):
    """A drill of one wave that was started, and that the engine has not taken."""
    return services.start_execution(plan=small, actor=olga)


@pytest.fixture
def unheard(drill, aws):
    """A drill whose job has ended in DRS, and that nobody has asked about yet."""
    tick(drill)
    aws.advance(1000)
    return drill


@pytest.fixture
def done(drill, aws):
    """A drill that has completed."""
    return run(drill, aws)


@pytest.fixture
def asked(done, olga):
    """A drill that has completed, and whose instances are to be terminated."""
    services.terminate_instances(execution=done, actor=olga)
    return done


@pytest.fixture
def drs(aws, monkeypatch):
    """The local endpoint's DRS, whose answers the test alters."""
    server = AlteringDrs(aws.url)
    monkeypatch.setenv("AWS_ENDPOINT_URL_DRS", server.url)
    yield server
    server.close()


@pytest.fixture
def plan(place, ada):
    """Two waves; the second one asks first."""
    groups = [factories.group(ada, place, tier) for tier in ("db", "app")]
    return factories.plan(ada, *groups, w2={"pause_before": True})


@pytest.fixture
def failed(olga):
    """A drill in which a wave has failed and asks what next."""
    return situations.failed_wave(olga)


@pytest.fixture
def problem(olga):
    """A recovery that met problems before its second wave."""
    return situations.recovery_with_a_problem(olga)


class Death(BaseException):
    """The process dies here."""


@pytest.fixture
def die_at(monkeypatch):
    """Die at the n-th passing of a point, once."""

    def arm(point, nth=1):
        passed = []

        def hook(name):
            if name == point:
                passed.append(name)
                if len(passed) == nth:
                    raise Death(name)

        monkeypatch.setattr(crash, "hook", hook)
        return passed

    return arm
