"""The people who use drsorch."""

from django.contrib.auth.models import AbstractUser, Group


class User(AbstractUser):
    """A person. Roles are Django groups with the names of `roles.Role`."""

    access_via = ()


class RoleGroup(Group):
    """A Django group as what it is here: one of the roles of `roles.Role`."""

    access_via = ()

    class Meta:
        proxy = True
        verbose_name = "role"
