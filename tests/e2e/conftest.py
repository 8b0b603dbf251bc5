"""Fixtures of the end-to-end tests."""

from pathlib import Path

import pytest

from tests.e2e.workspace import SHARED_DATA, Workspace


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The demo shop after one run of the loop; tests only read it."""
    workspace = Workspace(tmp_path_factory.mktemp("demo"), "ci")
    workspace.run_loop("--model", "logistic")
    return workspace


@pytest.fixture
def shared_data() -> Path:
    """The folder of real data sets, or a skip."""
    if not SHARED_DATA.exists():
        pytest.skip("the real data sets of ../shared/data are not on this machine")
    return SHARED_DATA
