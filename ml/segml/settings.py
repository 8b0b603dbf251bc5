"""Settings: command-line option over environment over ``segml.toml`` over default."""

from __future__ import annotations

import dataclasses
import difflib
import os
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from segml.errors import SettingsError

SETTINGS_FILE = "segml.toml"
ENVIRONMENT_PREFIX = "SEGML_"
TRANSFORMER_PRESETS = ("small", "large")
FEATURE_SELECTION = ("off", "auto")
REPORT_LANGUAGES = ("en", "zh")
SHOP, LABELLED_CUSTOMERS = "shop", "labelled_customers"  # the data sets that models learn from


def _require(condition: bool, name: str, rule: str, received: object) -> None:
    """Raise one clear line when a setting breaks its rule."""
    if not condition:
        raise SettingsError(
            f"Setting `{name}` must be {rule}, got {received!r}",
            f"Correct it in {SETTINGS_FILE}, the environment or the option",
        )


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything a user may set about learning and outputs.

    What concerns the data (dates, horizon, tier rules) is a dbt variable instead, because SQL
    needs it too.
    """

    model: str = "auto"  # a model name, or auto: the best before the test
    candidates: tuple[str, ...] = (  # what auto compares, and ensemble blends
        "logistic",
        "svm",
        "forest",
        "boosting",
        "dnn",
        "ensemble",
    )
    transformer_preset: str = "small"  # or large, for a GPU or a long night
    seed: int = 42
    selection_folds: int = 3  # customer folds where history is too short for an embargoed fit
    feature_selection: str = "auto"  # off, or auto: drop what does not help on train snapshots
    tune_trials: int = 0  # parameter settings tried per candidate, the default included
    max_training_examples: int = 400_000  # a hashed sample of customers above this
    excluded_features: tuple[str, ...] = ()  # never shown to a model: names or patterns
    calibrate: bool = True
    minimum_personas: int = 3
    maximum_personas: int = 8  # how many is chosen by stability and separation
    bootstrap_samples: int = 200  # resamples behind every confidence interval
    promotion_confidence: float = 0.9  # share of resamples in which a new champion must be better
    leak_alarm: bool = True
    leak_auc_threshold: float = 0.99  # AUC of a single feature that no honest feature reaches
    leak_history_margin: float = 0.25  # fall of log loss against earlier runs that is too good
    contact_cost: float = 1.0  # currency per contacted customer
    margin_share: float = 0.4  # contribution margin over net revenue
    contact_effect_share: float = 0.1  # assumed part of revenue that a contact adds
    reasons_per_customer: int = 3
    scoring_batch_rows: int = 50_000
    artifact_dir: Path = field(default=Path("artifacts"))
    report_path: Path = field(default=Path("reports/segments.html"))
    report_language: str = "en"  # or zh
    publish_dir: Path = field(default=Path("published"))

    def __post_init__(self) -> None:
        """Reject values that cannot work, naming the setting."""
        _require(bool(self.candidates), "candidates", "a non-empty list", self.candidates)
        _require(
            self.transformer_preset in TRANSFORMER_PRESETS,
            "transformer_preset",
            f"one of {', '.join(TRANSFORMER_PRESETS)}",
            self.transformer_preset,
        )
        _require(self.seed >= 0, "seed", "zero or more", self.seed)
        _require(self.selection_folds > 1, "selection_folds", "at least 2", self.selection_folds)
        _require(
            self.feature_selection in FEATURE_SELECTION,
            "feature_selection",
            " or ".join(FEATURE_SELECTION),
            self.feature_selection,
        )
        _require(self.tune_trials >= 0, "tune_trials", "zero or more", self.tune_trials)
        minimum_examples = 1_000
        _require(
            self.max_training_examples >= minimum_examples,
            "max_training_examples",
            f"at least {minimum_examples}",
            self.max_training_examples,
        )
        smallest = 2
        _require(
            self.minimum_personas >= smallest,
            "minimum_personas",
            f"at least {smallest}",
            self.minimum_personas,
        )
        _require(
            self.maximum_personas >= self.minimum_personas,
            "maximum_personas",
            "at least `minimum_personas`",
            self.maximum_personas,
        )
        _require(
            self.bootstrap_samples >= 0, "bootstrap_samples", "zero or more", self.bootstrap_samples
        )
        _require(self.contact_cost >= 0, "contact_cost", "zero or more", self.contact_cost)
        for name in (
            "promotion_confidence",
            "leak_auc_threshold",
            "leak_history_margin",
            "margin_share",
            "contact_effect_share",
        ):
            share = getattr(self, name)
            _require(0 <= share <= 1, name, "a share from 0 to 1", share)
        _require(
            self.reasons_per_customer >= 0,
            "reasons_per_customer",
            "zero or more",
            self.reasons_per_customer,
        )
        _require(
            self.scoring_batch_rows > 0, "scoring_batch_rows", "positive", self.scoring_batch_rows
        )
        _require(
            self.report_language in REPORT_LANGUAGES,
            "report_language",
            f"one of {', '.join(REPORT_LANGUAGES)}",
            self.report_language,
        )

    def parameters_of(self, model_name: str) -> dict[str, str]:
        """Return what these settings say about one model."""
        return {"preset": self.transformer_preset} if model_name == "transformer" else {}

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-ready values, stored with every model."""
        return {
            name: str(value) if isinstance(value, Path) else value
            for name, value in dataclasses.asdict(self).items()
        }


def load_settings(project_dir: Path, **options: Any) -> Settings:  # noqa: ANN401
    """Combine option, environment, file and default, in that order of precedence.

    Parameters
    ----------
    project_dir : Path
        Folder that may hold ``segml.toml``; relative paths in settings start here.
    **options
        Values from the command line; ``None`` means not given.

    Raises
    ------
    SettingsError
        For an unknown key (with the nearest known one) or a value of the wrong type or range.
    """
    defaults = {item.name: item for item in fields(Settings)}
    values: dict[str, Any] = {}
    for name, value in _read_file(project_dir / SETTINGS_FILE).items():
        if name not in defaults:
            near = difflib.get_close_matches(name, defaults, n=1)
            raise SettingsError(
                f"Unknown setting `{name}` in {SETTINGS_FILE}",
                f"Perhaps `{near[0]}` is meant" if near else f"Known: {', '.join(defaults)}",
            )
        values[name] = value
    for name in defaults:
        text = os.environ.get(f"{ENVIRONMENT_PREFIX}{name.upper()}")
        if text is not None:
            values[name] = text
    values |= {name: value for name, value in options.items() if value is not None}
    converted = {name: _convert(name, value) for name, value in values.items()}
    settings = Settings(**converted)
    return dataclasses.replace(
        settings,
        artifact_dir=project_dir / settings.artifact_dir,
        report_path=project_dir / settings.report_path,
        publish_dir=project_dir / settings.publish_dir,
    )


def _read_file(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(
            f"{path.name} is not valid TOML: {error}", "Correct that line"
        ) from None


def _convert(name: str, value: Any) -> Any:  # noqa: ANN401
    """Bring a text or TOML value to the type of the default."""
    default = getattr(Settings(), name)
    try:
        if isinstance(default, bool):
            return _to_bool(value)
        if isinstance(default, tuple):
            parts = value.split(",") if isinstance(value, str) else value
            return tuple(str(part).strip() for part in parts if str(part).strip())
        return Path(value) if isinstance(default, Path) else type(default)(value)
    except (TypeError, ValueError):
        raise SettingsError(
            f"Setting `{name}` must be of type {type(default).__name__}, got {value!r}",
            f"Correct it in {SETTINGS_FILE}, the environment or the option",
        ) from None


def _to_bool(value: object) -> bool:
    words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    word = str(value).lower()
    if word not in words:
        raise ValueError(value)
    return words[word]
