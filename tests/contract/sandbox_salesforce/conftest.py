import pytest

from tests.contract.sandbox_salesforce.desk import Desk


@pytest.fixture
def desk() -> Desk:
    return Desk()
