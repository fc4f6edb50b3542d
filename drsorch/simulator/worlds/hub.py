"""The hub account that every world shares, so that one set of practice credentials fits them all."""

from drsorch.simulator.worlds.description import AccountDescription, RegionDescription

HUB_ID = "111111111111"
ACCESS_KEY_ID = "AKIAPRACTICE00000HUB"
SECRET_ACCESS_KEY = "practice-only-secret-of-the-simulated-hub"  # noqa: S105 - public on purpose: opens nothing real


def hub_account(name: str, regions: tuple[RegionDescription, ...]) -> AccountDescription:
    """The hub with these Regions."""
    return AccountDescription(HUB_ID, name, regions, access_key_id=ACCESS_KEY_ID, secret_access_key=SECRET_ACCESS_KEY)
