"""Tier models: one per file, built lazily by name."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from segml.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from segml.models.base import TierModel
    from segml.models.search_space import Parameters, SearchSpace

BASELINES = ("prior", "rfm_rule", "last_period")
LABELLED_BASELINES = ("prior", "single_feature")  # of customers without a history
NETWORKS = ("dnn", "transformer")
YARDSTICK = "logistic"  # a network that is no better is not worth its time
ENSEMBLE = "ensemble"  # a training run makes it of the models that it has fitted
AS_SERVED = "-as-served"  # ends the name of a model under the parameters of what is served

# name -> module:class; the module is imported only when the model is asked for
_REGISTRY = {
    "single_feature": "segml.models.single_feature:SingleFeatureModel",
    "prior": "segml.models.prior:PriorModel",
    "rfm_rule": "segml.models.rfm_rule:RfmRuleModel",
    "last_period": "segml.models.last_period:LastPeriodModel",
    "logistic": "segml.models.logistic:LogisticModel",
    "svm": "segml.models.svm:SvmModel",
    "forest": "segml.models.forest:ForestModel",
    "boosting": "segml.models.boosting:BoostingModel",
    "dnn": "segml.models.dnn:DnnModel",
    "transformer": "segml.models.transformer:TransformerModel",
    "ensemble": "segml.models.ensemble:EnsembleModel",
}


def model_names() -> tuple[str, ...]:
    """Return every registered model name, baselines first."""
    return tuple(_REGISTRY)


def kind_of(name: str) -> str:
    """Return the registered name of a model that may have the parameters of what is served."""
    return name.removesuffix(AS_SERVED)


def model_class(name: str) -> type[TierModel]:
    """Return the class behind a name without building it."""
    name = kind_of(name)
    if name not in _REGISTRY:
        raise SettingsError(
            f"Unknown model '{name}'", f"Choose one of {', '.join(_REGISTRY)} or auto"
        )
    module_name, class_name = _REGISTRY[name].split(":")
    found: type[TierModel] = getattr(import_module(module_name), class_name)
    return found


def baselines_for(columns: Iterable[str]) -> tuple[str, ...]:
    """Return the baselines that find their features among these columns."""
    names = list(columns)
    classes = {name: model_class(name) for name in BASELINES}
    return tuple(
        name
        for name, found in classes.items()
        if found.is_available(names)  # type: ignore[attr-defined]
    )


def build_model(name: str, *, seed: int, parameters: Parameters | None = None) -> TierModel:
    """Return an unfitted model with its default, strongly regularised settings.

    Parameters
    ----------
    parameters : mapping, optional
        Tuned values from the model's ``search_space``; what is absent keeps its default.
    """
    if not parameters:
        return model_class(name)(seed=seed)  # type: ignore[call-arg]
    return model_class(name)(seed=seed, parameters=parameters)  # type: ignore[call-arg]


def search_space_of(name: str) -> SearchSpace:
    """Return what a tuner may vary; empty for models without anything to tune."""
    space: SearchSpace = getattr(model_class(name), "search_space", {})
    return space


def needs_sequences(name: str) -> bool:
    """Tell whether a model looks at the events of each customer."""
    # of an ensemble, it depends on the members
    return getattr(model_class(name), "needs_sequences", False) is True
