"""What the documents promise exists, and what exists is documented."""

import dataclasses
import re
from pathlib import Path

import pytest
import yaml

from segml.cli import app
from segml.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = sorted(
    path
    for path in [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "benchmarks").glob("*.md"),
    ]
)


def commands() -> list[str]:
    names = [command.name or command.callback.__name__ for command in app.registered_commands]
    for group in app.registered_groups:
        names += [f"{group.name} {item.name}" for item in group.typer_instance.registered_commands]
    return names


@pytest.mark.parametrize("command", commands())
def test_every_command_is_in_the_readme(command):
    assert f"`segml {command}" in README


def test_every_command_has_a_sentence_and_an_example():
    for command in app.registered_commands:
        help_text = command.callback.__doc__
        assert help_text, command.name
        assert "Example: segml " in help_text, command.name


@pytest.mark.parametrize("setting", [field.name for field in dataclasses.fields(Settings)])
def test_every_setting_is_in_the_readme_with_its_default(setting):
    row = re.search(rf"^\| `{setting}` \| (.+?) \|", README, re.MULTILINE)
    assert row, f"{setting} is not in the table of settings"
    default = getattr(Settings(), setting)
    shown = ", ".join(default) if isinstance(default, tuple) else str(default)
    expected = {"True": "`true`", "": "none"}.get(shown, f"`{shown}`")
    assert row[1] == expected


@pytest.mark.parametrize("mart", sorted(path.stem for path in ROOT.glob("models/marketing/*.sql")))
def test_every_mart_is_in_the_readme_with_its_question(mart):
    assert re.search(rf"\| `marketing\.{mart}` \| .+\? \|", README)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(document):
    text = document.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        if not target.startswith("http"):
            assert (document.parent / target).exists(), target


@pytest.mark.parametrize("target", ["demo", "test", "test-fast", "lint", "format"])
def test_make_targets_that_documents_name_exist(target):
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


def test_dbt_variables_that_the_readme_names_exist():
    variables = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    named = {"as_of_date", "horizon_days", "snapshot_count", "snapshot_step_days", "raw_schema"}
    assert named <= set(variables)
    assert all(f"`{name}`" in README for name in named)


def test_locks_have_hashes_but_no_addresses():
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "--hash=sha256:" in text
        assert "://" not in text
