import subprocess
import sys

import pytest
from typer.testing import CliRunner

from segml.cli import app
from segml.errors import SegmlError
from segml.settings import SettingsError

RUNNER = CliRunner()


def segml(*arguments: str, cwd) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "segml", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_problem_is_one_line_on_stderr_and_exit_code_one(tmp_path):
    done = segml("predict", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        f"segml: There is no dbt_project.yml in {tmp_path}. "
        "Run segml in the folder of the dbt project or pass --project-dir."
    ]


def test_an_unknown_target_is_one_line(pytestconfig):
    done = segml("models", "list", "--target", "nowhere", cwd=pytestconfig.rootpath)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "nowhere" in done.stderr


def test_loading_into_the_demo_is_refused(pytestconfig):
    done = segml(
        "load", "examples/transaction_log.yml", "--target", "demo", cwd=pytestconfig.rootpath
    )
    assert done.returncode == 1
    assert "reads the demo shop" in done.stderr


@pytest.mark.parametrize("day", ["2025-13-01", "yesterday", "01.02.2025"])
def test_a_date_that_is_none_is_refused(day):
    result = RUNNER.invoke(app, ["run", "--as-of", day])
    assert isinstance(result.exception, SettingsError)
    assert day in str(result.exception)


def test_variables_that_are_no_mapping_are_refused():
    result = RUNNER.invoke(app, ["train", "--vars", "[1, 2]"])
    assert isinstance(result.exception, SegmlError)
    assert "--vars must be a mapping" in str(result.exception)


def test_demo_data_writes_a_shop(tmp_path):
    result = RUNNER.invoke(
        app, ["demo-data", "--customers", "50", "--days", "200", "--out", str(tmp_path / "shop")]
    )
    assert result.exit_code == 0, result.output
    assert (tmp_path / "shop" / "raw_orders.parquet").exists()
    assert (tmp_path / "shop" / "truth" / "truth_customers.parquet").exists()


def test_the_version_is_shown():
    assert RUNNER.invoke(app, ["--version"]).output.startswith("segml 0.")
