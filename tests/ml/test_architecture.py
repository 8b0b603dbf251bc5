"""The shape of the package: who may import whom, and what the command line may load."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "ml" / "segml"
MODULES = sorted(PACKAGE.rglob("*.py"))
# lower layers must not import higher ones
LAYERS = {
    "errors": 0,
    "settings": 1,
    "warehouse": 1,
    "files": 1,
    "dbt": 1,
    "pseudonyms": 1,
    "dbt_plugin": 2,
    "sequences": 1,
    "key_ranges": 1,
    "spool": 1,
    "threads": 1,
    "dataset": 2,
    "customers": 2,
    "wording": 2,
    "models": 3,
    "registry": 3,
    "sequence_reader": 3,
    "scorings": 3,
    "mart": 4,
    "schemas": 4,
    "personas": 4,
    "calibration": 4,
    "metrics": 4,
    "bootstrap": 4,
    "splits": 4,
    "recipe": 4,
    "evaluation": 5,
    "comparison": 5,
    "fairness": 5,
    "curves": 6,
    "profit": 7,
    "judgement": 8,
    "final_fit": 8,
    "promotion": 2,
    "challenge": 8,
    "leakage": 8,
    "shapley": 4,
    "event_odds": 5,
    "explanation": 6,
    "artifacts": 5,
    "rolling": 5,
    "selection": 6,
    "feature_selection": 6,
    "tuning": 6,
    "candidates": 7,
    "season_levels": 0,
    "blend_weights": 1,
    "blending": 7,
    "importance": 7,
    "grouping": 7,
    "training": 9,
    "audit": 4,
    "identity": 8,
    "champions": 9,
    "registration": 10,
    "synthetic": 8,
    "loading": 8,
    "reporting": 8,
    "learning": 11,
    "scoring": 11,
    "labelled": 11,
    "health": 11,
    "exporting": 11,
    "publishing": 11,
    "dashboard": 12,
    "loop": 12,
    "cli": 13,
    "__init__": 0,
    "__main__": 14,
}


def top_name(module: Path) -> str:
    return module.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_modules(module: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_modules_import_only_from_layers_below_or_their_own(module):
    own = top_name(module)
    for name in imported_modules(module):
        parts = name.split(".")
        if parts[0] == "segml" and len(parts) > 1 and parts[1] != own:
            assert LAYERS[parts[1]] < LAYERS[own], f"{own} must not import {name}"


def test_every_part_of_the_package_has_a_layer():
    assert {top_name(module) for module in MODULES} == set(LAYERS)


def test_only_the_warehouse_module_imports_the_engine():
    allowed = {"warehouse.py", "pseudonyms.py", "dbt_plugin.py"}  # the plugin gets dbt's cursor
    holders = {
        module.name
        for module in MODULES
        if any(name.split(".")[0] == "duckdb" for name in imported_modules(module))
    }
    assert holders <= allowed


def test_models_see_no_sql_and_the_warehouse_no_learning():
    for module in (PACKAGE / "models").glob("*.py"):
        assert "segml.warehouse" not in imported_modules(module)
    learning = {"keras", "tensorflow", "sklearn"}
    assert not learning & {
        name.split(".")[0] for name in imported_modules(PACKAGE / "warehouse.py")
    }


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["train", "--help"]])
def test_help_loads_no_heavy_library(arguments):
    code = (
        "import sys\n"
        "from segml.cli import app\n"
        "try:\n"
        f"    app({arguments!r})\n"
        "except SystemExit:\n"
        "    pass\n"
        "heavy = {'keras', 'tensorflow', 'duckdb', 'dbt', 'sklearn', 'pandas', 'matplotlib'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_no_file_of_the_package_is_long():
    long = {
        str(module.relative_to(PACKAGE)): length
        for module in MODULES
        if (length := len(module.read_text(encoding="utf-8").splitlines())) > 250
    }
    assert long == {}
