from pathlib import Path

import pytest

from segml.errors import SettingsError
from segml.settings import Settings, load_settings


def test_an_option_wins_over_environment_over_file_over_default(tmp_path, monkeypatch):
    (tmp_path / "segml.toml").write_text("seed = 1\nmodel = 'dnn'\nselection_folds = 4\n")
    monkeypatch.setenv("SEGML_SEED", "2")
    monkeypatch.setenv("SEGML_MODEL", "boosting")
    settings = load_settings(tmp_path, seed=3, model=None)
    assert (settings.seed, settings.model, settings.selection_folds) == (3, "boosting", 4)
    assert settings.bootstrap_samples == Settings().bootstrap_samples


def test_an_unknown_key_is_rejected_with_the_nearest_known_one(tmp_path):
    (tmp_path / "segml.toml").write_text("candidate = ['logistic']\n")
    with pytest.raises(SettingsError, match=r"candidate.*candidates"):
        load_settings(tmp_path)


def test_a_value_of_the_wrong_type_names_the_setting(tmp_path, monkeypatch):
    monkeypatch.setenv("SEGML_SEED", "many")
    with pytest.raises(SettingsError, match="`seed` must be of type int, got 'many'"):
        load_settings(tmp_path)


def test_a_value_out_of_range_names_the_rule(tmp_path):
    with pytest.raises(SettingsError, match="`selection_folds` must be at least 2"):
        load_settings(tmp_path, selection_folds=1)


def test_invalid_toml_is_one_clear_line(tmp_path):
    (tmp_path / "segml.toml").write_text("seed = \n")
    with pytest.raises(SettingsError, match=r"segml\.toml is not valid TOML"):
        load_settings(tmp_path)


def test_lists_come_from_the_environment_separated_by_commas(tmp_path, monkeypatch):
    monkeypatch.setenv("SEGML_EXCLUDED_FEATURES", "gender, age_*")
    assert load_settings(tmp_path).excluded_features == ("gender", "age_*")


@pytest.mark.parametrize(("text", "expected"), [("true", True), ("0", False), ("No", False)])
def test_flags_understand_words_and_digits(tmp_path, monkeypatch, text, expected):
    monkeypatch.setenv("SEGML_CALIBRATE", text)
    assert load_settings(tmp_path).calibrate is expected


def test_relative_paths_start_at_the_project_folder(tmp_path):
    settings = load_settings(tmp_path, report_path=Path("out.html"))
    assert settings.report_path == tmp_path / "out.html"
    assert settings.artifact_dir == tmp_path / "artifacts"
    assert settings.publish_dir == tmp_path / "published"


@pytest.mark.parametrize(
    ("minimum", "maximum", "name"), [(1, 8, "minimum_personas"), (5, 4, "maximum_personas")]
)
def test_a_range_of_personas_that_holds_no_number_is_refused(minimum, maximum, name):
    with pytest.raises(SettingsError, match=name):
        Settings(minimum_personas=minimum, maximum_personas=maximum)


def test_feature_selection_is_one_of_its_words(tmp_path):
    with pytest.raises(SettingsError, match="`feature_selection` must be off or auto"):
        load_settings(tmp_path, feature_selection="maybe")


def test_a_language_that_the_report_does_not_speak_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="report_language"):
        load_settings(tmp_path, report_language="fr")
