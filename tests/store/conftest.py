import os

import pytest


@pytest.fixture(scope="session")
def count():
    def read(name, default):
        return int(os.environ.get(f"LUMBRE_{name}", default))

    return read
