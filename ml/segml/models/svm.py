"""Support vector machine with a linear and a smooth non-linear kernel, approximated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from sklearn.kernel_approximation import RBFSampler
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.svm import LinearSVC

from segml.dataset import Predictions, outcome_fold, sample_customers
from segml.models.attribution import against_first, encoded_sources, sum_by_feature
from segml.models.base import LogitContributions, complete_probabilities, mean_log_loss
from segml.models.preprocessing import dense_preprocessor, model_frame
from segml.models.revenue import ConditionalRevenue
from segml.models.search_space import Span, complete_parameters
from segml.models.storage import load_estimator, load_json, save_estimator, save_json

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from segml.dataset import Examples
    from segml.models.search_space import Parameters, SearchSpace

    Array = NDArray[np.float64]

STRENGTHS = (1.0, 3.0, 10.0)  # of all rows together against the penalty, weakest first
INNER_FOLDS = 3
MAX_ROWS = 20_000  # bounds time and memory: customers are sampled above it
WAVES = 256
WAVE_SCALE = 0.5  # of the columns: keeps both kernels of one size
TOLERANCE = 0.01
DEFAULTS: Parameters = {"bandwidth": 0.5}
REJECTED = -1.0  # the score of a class that a machine has never seen


class SvmModel:
    """One-versus-rest machines on columns and random waves, turned into probabilities.

    The kernel is that of a line plus a Gaussian one, the latter by random Fourier features
    (Rahimi and Recht 2007): unlike landmarks or support vectors, they put no customer into the
    stored model. The scores of held-out customers teach a multinomial regression what
    probabilities they stand for (Platt 1999).

    Parameters
    ----------
    parameters : mapping, optional
        ``strength`` (of all rows together against the penalty), where a tuner has chosen it, and
        ``bandwidth`` (inverse squared width of the Gaussian, times the number of columns).
    """

    name = "svm"
    search_space: ClassVar[SearchSpace] = {
        "strength": Span(0.1, 100.0, log=True),
        "bandwidth": Span(0.1, 2.0, log=True),
    }

    def __init__(self, *, seed: int, parameters: Parameters | None = None) -> None:
        self.seed = seed
        self.parameters = complete_parameters(parameters, self.search_space, DEFAULTS)

    def fit(self, train: Examples) -> Self:
        """Choose the penalty on folds of customers, which also teach the probabilities."""
        learned = sample_customers(train, MAX_ROWS, f"{self.name}-sample:{self.seed}")
        frame, tier = model_frame(learned), learned.value_tier
        fold = outcome_fold(learned, INNER_FOLDS, f"{self.name}:{self.seed}")
        tuned = self.parameters.get("strength")
        strengths = (tuned,) if tuned else STRENGTHS
        scores = np.full((len(strengths), len(frame), len(train.class_names)), REJECTED)
        for number in np.unique(fold):
            inside, outside = fold != number, fold == number
            preprocessor = dense_preprocessor(frame[inside], train.schema).fit(frame[inside])
            matrix, unseen = (preprocessor.transform(frame[rows]) for rows in (inside, outside))
            for position, strength in enumerate(strengths):
                machine = self._machine(strength, matrix.shape).fit(matrix, tier[inside])
                scores[position, outside] = _scores(machine, unseen, len(train.class_names))
        links = [LogisticRegression().fit(values, tier) for values in scores]
        losses = [
            mean_log_loss(_probabilities(link, values), tier)
            for link, values in zip(links, scores, strict=True)
        ]
        best = int(np.argmin(losses))
        self.strength_, self.link_ = strengths[best], links[best]
        self.preprocessor_: Any = dense_preprocessor(frame, train.schema)
        matrix = self.preprocessor_.fit_transform(frame)
        self.machine_: Any = self._machine(self.strength_, matrix.shape).fit(matrix, tier)
        self.revenue_ = ConditionalRevenue().fit(train)
        return self

    def _machine(self, strength: float, shape: tuple[int, int]) -> Any:  # noqa: ANN401
        rows, columns = shape
        gamma = self.parameters["bandwidth"] / columns
        waves = RBFSampler(gamma=gamma, n_components=WAVES, random_state=self.seed)
        return make_pipeline(
            FeatureUnion(
                [("columns", "passthrough"), ("waves", waves)],
                transformer_weights={"waves": WAVE_SCALE * np.sqrt(columns)},
            ),
            LinearSVC(C=strength / rows, dual=False, tol=TOLERANCE),
        )

    def predict(self, examples: Examples) -> Predictions:
        """Return class probabilities and revenue given the class."""
        matrix = self.preprocessor_.transform(model_frame(examples))
        scores = _scores(self.machine_, matrix, self.link_.n_features_in_)
        return Predictions(_probabilities(self.link_, scores), self.revenue_.predict(examples))

    def logit_contributions(
        self, examples: Examples, typical: Examples
    ) -> LogitContributions | None:
        """Return integrated gradients in closed form.

        Every wave is the cosine of a weighted sum of columns. On the straight line from the
        typical row its change divides between the columns as the change of that sum does.
        """
        if len(self.link_.classes_) < self.link_.n_features_in_:
            return None
        columns, waves = self._logit_weights()
        matrix, reference = (
            self.preprocessor_.transform(model_frame(rows)) for rows in (examples, typical)
        )
        union, sampler = self.machine_[0], self.machine_[0].named_transformers["waves"]
        half_change = (matrix - reference) @ sampler.random_weights_ / 2
        middle = reference @ sampler.random_weights_ + sampler.random_offset_ + half_change
        amplitude = np.sqrt(2 / WAVES) * union.transformer_weights["waves"]
        slopes = -amplitude * np.sin(middle) * np.sinc(half_change / np.pi)
        sources = encoded_sources(self.preprocessor_)
        contributions = [
            sum_by_feature(
                (matrix - reference) * (linear + (slopes * wave) @ sampler.random_weights_.T),
                sources,
                examples.schema.names,
            )
            for linear, wave in zip(columns, waves, strict=True)
        ]
        scores = _scores(self.machine_, reference, self.link_.n_features_in_)
        start = np.atleast_1d(self.link_.decision_function(scores)[0])
        return LogitContributions(np.stack(contributions, axis=-1), against_first(start))

    def _logit_weights(self) -> tuple[Array, Array]:
        """Return the weights of columns and of waves in every logit against the first class."""
        coefficients = self.machine_[-1].coef_
        if len(coefficients) == 1:  # of two classes, the border of one is that of the other
            coefficients = np.vstack([-coefficients, coefficients])
        weights = against_first(self.link_.coef_) @ coefficients
        return weights[:, :-WAVES], weights[:, -WAVES:]

    def save(self, folder: Path) -> None:
        """Write preprocessing, machine, link and the revenue part."""
        values = {"seed": self.seed, "parameters": self.parameters, "strength": self.strength_}
        save_json(values, folder / "svm.json")
        save_estimator(self.preprocessor_, folder / "svm_preprocessor.skops")
        save_estimator(self.machine_, folder / "svm.skops")
        save_estimator(self.link_, folder / "svm_link.skops")
        self.revenue_.save(folder)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what ``save`` wrote."""
        values = load_json(folder / "svm.json")
        model = cls(seed=values["seed"], parameters=values["parameters"])
        model.strength_ = values["strength"]
        model.preprocessor_ = load_estimator(folder / "svm_preprocessor.skops")
        model.machine_ = load_estimator(folder / "svm.skops")
        model.link_ = load_estimator(folder / "svm_link.skops")
        model.revenue_ = ConditionalRevenue.load(folder)
        return model


def _scores(machine: Any, matrix: Array, classes: int) -> Array:  # noqa: ANN401
    """Return the distance (n, classes) from each class's border."""
    seen = machine.decision_function(matrix)
    scores = np.full((len(matrix), classes), REJECTED)
    scores[:, machine.classes_] = seen if seen.ndim > 1 else np.column_stack([-seen, seen])
    return scores


def _probabilities(link: Any, scores: Array) -> Array:  # noqa: ANN401
    return complete_probabilities(link.predict_proba(scores), link.classes_, link.n_features_in_)
