"""The name that was meant."""

from connector.model.meant import meant, near, nearest
from connector.model.texts import told


def test_the_nearest_name_is_told_in_one_wording_per_language() -> None:
    suggested = near("seg_teir", ["seg_say_no", "seg_tier"])
    assert suggested == meant("seg_tier") == "did you mean 'seg_tier'?"
    assert told(suggested, "nl") == "bedoelde je 'seg_tier'?"


def test_no_name_is_suggested_when_none_is_near() -> None:
    assert near("headcount", ["seg_tier"]) == ""
    assert near("seg_tier", []) == ""


def test_the_nearest_name_is_found_whatever_its_case() -> None:
    assert nearest("EMPLOYES", ["Employees", "industry"]) == "Employees"
