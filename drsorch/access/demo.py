"""The people of the demo, one for each way of using drsorch."""

from dataclasses import dataclass

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from drsorch.access.models import OrgWideGrant
from drsorch.access.reach import Level
from drsorch.access.roles import EVERYWHERE, Role


@dataclass(frozen=True, slots=True)
class DemoUser:
    """A person who exists in a demo only; the password is public."""

    username: str
    role: str
    password: str
    is_staff: bool = False

    @property
    def role_label(self) -> str:
        """The role in words."""
        return Role(self.role).label


DEMO_USERS = (
    DemoUser("ada", Role.ADMIN, "demo-ada-admin", is_staff=True),
    DemoUser("olga", Role.RECOVERY_MANAGER, "demo-olga-recovery"),
    DemoUser("oscar", Role.OPERATOR, "demo-oscar-operator"),
    DemoUser("vera", Role.READ_ONLY, "demo-vera-read"),
    DemoUser("anton", Role.AUDITOR, "demo-anton-audit", is_staff=True),
)


def create_roles() -> None:
    """Make sure that each role has its Django group. Safe to repeat."""
    Group.objects.bulk_create([Group(name=role) for role in Role], ignore_conflicts=True)


def create_demo_users() -> None:
    """Make sure that the demo users exist with their roles and passwords, and see everything. Safe to repeat."""
    create_roles()
    for role in Group.objects.filter(name__in=set(Role.values) - EVERYWHERE.keys()):
        OrgWideGrant.objects.get_or_create(group=role, defaults={"level": Level.MANAGE})
    for person in DEMO_USERS:
        user, _ = get_user_model().objects.get_or_create(username=person.username)
        user.is_staff = person.is_staff
        user.set_password(person.password)
        user.save()
        user.groups.set(Group.objects.filter(name=person.role))
