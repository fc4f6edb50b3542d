"""Plans: saved whole or not at all, and refused in sentences that name the wave."""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from drsorch.access.roles import Role
from drsorch.audit.models import AuditEvent
from drsorch.errors import Conflict, Denied, Invalid, NotFound, VersionMismatch
from plans import services
from plans.definition import WaveDefinition
from plans.models import RecoveryPlan, Wave, WaveGroup
from tests import factories

pytestmark = pytest.mark.django_db


def wave(name, *groups, **more):
    return WaveDefinition(name=name, group_ids=tuple(group.pk for group in groups), **more)


def create(actor, *waves, name="Billing", **fields):
    return services.create_plan(actor=actor, waves=waves, name=name, **fields)


def update(plan, actor, *waves, version=None, **fields):
    return services.update_plan(plan=plan, actor=actor, version=version or plan.version, waves=waves, **fields)


def shape(plan):
    """The waves of a plan in the database: number, name, and the numbers it runs after."""
    return [
        (row.number, row.name, sorted(row.depends_on.values_list("number", flat=True)))
        for row in Wave.objects.filter(plan=plan)
    ]


@pytest.fixture
def plan(ada, db_group, web_group):
    """Databases, then web servers."""
    return create(ada, wave("Databases", db_group), wave("Web", web_group))


def test_a_plan_keeps_its_waves_in_order_with_the_previous_wave_as_default(plan):
    assert shape(plan) == [(1, "Databases", []), (2, "Web", [1])]
    assert [member.server.hostname for member in plan.waves.get(number=1).members()] == ["db-1", "db-2"]
    assert plan.version == 1


def test_an_empty_list_of_dependencies_is_none(ada, db_group, web_group):
    plan = create(ada, wave("Databases", db_group), wave("Web", web_group, depends_on=()))

    assert shape(plan) == [(1, "Databases", []), (2, "Web", [])]


def test_a_wave_may_have_several_groups_and_some_of_their_servers(ada, db_group, web_group):
    plan = create(ada, wave("All", db_group, web_group, server_ids=("s-db-2", "s-web-1")))

    assert {member.server.hostname for member in plan.waves.get().members()} == {"db-2", "web-1"}


def test_a_group_may_be_used_by_several_plans(ada, db_group):
    create(ada, wave("Databases", db_group), name="One")
    create(ada, wave("Databases", db_group), name="Two")

    assert WaveGroup.objects.filter(group=db_group).count() == 2


WRONG = [
    ("no wave", lambda db, web, empty: [], "at least one wave"),
    (
        "cycle",
        lambda db, web, empty: [wave("A", db, depends_on=(2,)), wave("B", web, depends_on=(1,))],
        "wave 1 runs after wave 2 runs after wave 1",
    ),
    ("forward", lambda db, web, empty: [wave("A", db, depends_on=(2,)), wave("B", web, depends_on=())], "later wave 2"),
    ("missing", lambda db, web, empty: [wave("A", db), wave("B", web, depends_on=(9,))], "has no wave 9"),
    ("no group", lambda db, web, empty: [wave("A")], "Wave 1: A has no server"),
    ("empty group", lambda db, web, empty: [wave("A", db, empty)], "Wave 1: A has no server of empty"),
    (
        "a group without a chosen server",
        lambda db, web, empty: [wave("A", db, web, server_ids=("s-db-1",))],
        "Wave 1: A has no server of web",
    ),
    (
        "a server twice",
        lambda db, web, empty: [wave("A", db), wave("B", db, server_ids=("s-db-2",))],
        "db-2 is in wave 1 and in wave 2",
    ),
    (
        "an invented server",
        lambda db, web, empty: [wave("A", db, server_ids=("s-db-1", "s-invented"))],
        "Wave 1: A names s-invented",
    ),
    (
        "a server of another group",
        lambda db, web, empty: [wave("A", db, server_ids=("s-db-1", "s-web-1"))],
        "Wave 1: A names s-web-1, which none of its protection groups has",
    ),
    (
        "an invented group",
        lambda db, web, empty: [WaveDefinition(name="A", group_ids=(db.pk, 4711))],
        "Wave 1: A names a protection group that does not exist",
    ),
    ("a short time-out", lambda db, web, empty: [wave("A", db, timeout_minutes=4)], "5 to 720 minutes"),
    ("a long time-out", lambda db, web, empty: [wave("A", db, timeout_minutes=721)], "5 to 720 minutes"),
    ("pause before the first", lambda db, web, empty: [wave("A", db, pause_before=True)], "cannot pause before"),
    (
        "a nameless wave",
        lambda db, web, empty: [wave("A", db), wave("", web)],
        "Wave 2, Name: This field cannot be blank.",
    ),
]


@pytest.mark.parametrize(("build", "sentence"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_a_wrong_plan_is_refused_in_a_sentence_and_nothing_of_it_is_written(
    ada, make_group, db_group, web_group, build, sentence
):
    waves = build(db_group, web_group, make_group("empty", count=0))
    before = AuditEvent.objects.count()

    with pytest.raises(Invalid) as refusal:
        create(ada, *waves)

    assert sentence in refusal.value.message
    assert not RecoveryPlan.objects.exists()
    assert not Wave.objects.exists()
    assert AuditEvent.objects.count() == before


@pytest.mark.parametrize(("build", "sentence"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_a_wrong_change_leaves_the_plan_as_it_was(ada, plan, make_group, db_group, web_group, build, sentence):
    before = shape(plan)

    with pytest.raises(Invalid):
        update(plan, ada, *build(db_group, web_group, make_group("empty", count=0)), name="Changed")

    saved = RecoveryPlan.objects.get()
    assert (saved.name, saved.version) == ("Billing", 1)
    assert shape(saved) == before


def test_a_nameless_plan_is_refused(ada, db_group):
    with pytest.raises(Invalid, match="Name: This field cannot be blank") as refusal:
        create(ada, wave("A", db_group), name="")
    assert refusal.value.details["fields"] == {"name": ["This field cannot be blank."]}


def test_an_unknown_field_is_a_mistake_of_the_caller(ada, db_group):
    with pytest.raises(TypeError, match="no active_execution"):
        create(ada, wave("A", db_group), active_execution=None)


def test_a_name_is_taken_without_regard_to_case(ada, plan, db_group):
    with pytest.raises(Conflict, match="named BILLING already") as refusal:
        create(ada, wave("A", db_group), name="BILLING")
    assert refusal.value.code == "NAME_TAKEN"
    assert RecoveryPlan.objects.count() == 1


def test_a_change_replaces_everything_and_raises_the_version(ada, plan, web_group):
    update(plan, ada, wave("Only web", web_group), name="Payroll", owner="Paula")

    saved = RecoveryPlan.objects.get()
    assert (saved.name, saved.owner, saved.version) == ("Payroll", "Paula", 2)
    assert shape(saved) == [(1, "Only web", [])]


def test_a_plan_keeps_its_name_when_only_the_case_changes(ada, plan, db_group):
    update(plan, ada, wave("Databases", db_group), name="BILLING")

    assert RecoveryPlan.objects.get().name == "BILLING"


def test_a_stale_version_changes_nothing(ada, plan, db_group):
    update(plan, ada, wave("First", db_group))

    with pytest.raises(VersionMismatch, match="changed by someone else"):
        update(plan, ada, wave("Second", db_group), version=1)
    assert shape(plan) == [(1, "First", [])]


def test_a_running_plan_is_neither_changed_nor_deleted(ada, plan, db_group):
    running = uuid.uuid4()
    RecoveryPlan.objects.update(active_execution=running)

    for refused in (
        lambda: update(plan, ada, wave("A", db_group)),
        lambda: services.delete_plan(plan=plan, actor=ada),
    ):
        with pytest.raises(Conflict, match=f"running now: execution {str(running)[:8]}") as refusal:
            refused()
        assert refusal.value.code == "ACTIVE_EXECUTION"
        plan.refresh_from_db()
    assert shape(plan) == [(1, "Databases", []), (2, "Web", [1])]


def test_a_change_keeps_what_an_execution_wrote_meanwhile(ada, plan, db_group):
    RecoveryPlan.objects.update(last_status="COMPLETED")

    update(plan, ada, wave("Databases", db_group))

    assert RecoveryPlan.objects.get().last_status == "COMPLETED"


def test_a_deleted_plan_leaves_its_groups_and_the_evidence(ada, plan, db_group):
    services.delete_plan(plan=plan, actor=ada, version=plan.version)

    assert not RecoveryPlan.objects.exists()
    assert db_group.servers.count() == 2
    assert (AuditEvent.objects.first().action, AuditEvent.objects.first().object_name) == ("delete_plan", "Billing")


def test_a_large_wave_is_saved_with_a_warning(ada, make_group):
    plan = create(ada, wave("Farm", make_group("farm", count=101)))

    assert services.warnings(plan) == [
        "Wave 1 has 101 servers in us-east-1 of Hub (111111111111); DRS allows 100 in one job, so it runs as 2 jobs."
    ]


def test_a_plan_is_found_by_its_name_without_regard_to_case_and_only_by_those_who_may_see_it(plan, vera, sam):
    assert services.plan_named(vera, "bILLing") == plan

    for actor, name in ((vera, "Payroll"), (sam, "Billing")):
        with pytest.raises(NotFound, match=f"no recovery plan named {name}, or you may not see it"):
            services.plan_named(actor, name)


@pytest.mark.parametrize("role", [Role.RECOVERY_MANAGER, Role.OPERATOR, Role.READ_ONLY, Role.AUDITOR, None])
def test_who_lacks_the_permission_changes_nothing(plan, db_group, role):
    someone = factories.person("someone", role)

    with pytest.raises(Denied, match="drs:CreateRecoveryPlan"):
        create(someone, wave("A", db_group), name="New")
    for refused in (
        lambda: update(plan, someone, wave("A", db_group)),
        lambda: services.delete_plan(plan=plan, actor=someone),
    ):
        with pytest.raises(Denied if role else NotFound):
            refused()
    assert RecoveryPlan.objects.get().version == 1


def test_a_plan_manager_changes_plans_and_may_not_delete_them(plan, db_group):
    paula = factories.person("paula", Role.PLAN_MANAGER)
    update(plan, paula, wave("A", db_group))

    with pytest.raises(Denied, match="drs:DeleteRecoveryPlan"):
        services.delete_plan(plan=plan, actor=paula)


def test_saving_takes_no_more_queries_for_more_servers(ada, make_group):
    small, large = make_group("small", count=2), make_group("large", count=50)
    counts = []
    for group in (small, large):
        with CaptureQueriesContext(connection) as queries:
            create(ada, wave("A", group), name=group.name)
        counts.append(len(queries))
        RecoveryPlan.objects.all().delete()
    assert counts[0] == counts[1]
