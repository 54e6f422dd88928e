import pytest

from tests.contract.sandbox_hubspot.desk import Desk


@pytest.fixture
def desk() -> Desk:
    return Desk()
