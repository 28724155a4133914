"""What is computed once a process is computed anew for each test of it."""

from __future__ import annotations

import pytest

from lumbre.schema.fields import fields_of


@pytest.fixture(autouse=True)
def _no_cache():
    fields_of.cache_clear()
