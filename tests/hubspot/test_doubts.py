"""What `doctor` says mends a warning of the intake."""

from connector.crm.hubspot.doctor import doubt
from connector.model.runs import Reason


def test_a_currency_that_differs_is_mended_in_the_settings() -> None:
    found = doubt(Reason("HOME_CURRENCY_DIFFERS", "HubSpot converts amounts to USD"))
    assert (found.level, found.subject, found.message) == (
        "warning",
        "home_currency_differs",
        "HubSpot converts amounts to USD",
    )
    assert found.fix.startswith("correct [run] home_currency")


def test_a_warning_of_anything_else_is_not_mended_by_another_currency() -> None:
    assert doubt(Reason("ARCHIVED_OWNERS", "owners were archived")).fix == ""
