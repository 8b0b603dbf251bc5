import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import (
    average_precision_score,
    precision_recall_fscore_support,
    roc_auc_score,
)

from segml.metrics import (
    ScoreOrder,
    average_precision,
    classification_metrics,
    confusion_matrices,
    expected_calibration_error,
    gains,
    normalised_gini,
    roc_auc,
    spearman,
    weighted_mean,
)

ROWS = 400


@pytest.fixture
def data():
    generator = np.random.default_rng(3)
    score = np.round(generator.random(ROWS), 1)  # many ties
    positive = (generator.random(ROWS) < 0.2 + 0.5 * score).astype(float)
    value = positive * generator.lognormal(3, 1, ROWS)
    return score, positive, value, generator.multinomial(ROWS, np.full(ROWS, 1 / ROWS), size=5)


def test_roc_auc_is_that_of_scikit_learn_under_any_weights(data):
    score, positive, _, counts = data
    ours = roc_auc(ScoreOrder(score), positive, counts.astype(float))
    theirs = [roc_auc_score(positive, score, sample_weight=weights) for weights in counts]
    assert ours == pytest.approx(theirs)


def test_average_precision_is_that_of_scikit_learn_under_any_weights(data):
    score, positive, _, counts = data
    ours = average_precision(ScoreOrder(score), positive, counts.astype(float))
    theirs = [average_precision_score(positive, score, sample_weight=row) for row in counts]
    assert ours == pytest.approx(theirs)


def test_rank_correlation_is_that_of_scipy_on_repeated_rows(data):
    score, _, value, counts = data
    ours = spearman(ScoreOrder(score), ScoreOrder(value), counts.astype(float))
    theirs = [spearmanr(np.repeat(score, row), np.repeat(value, row)).statistic for row in counts]
    assert ours == pytest.approx(theirs)


def test_precision_recall_and_f1_are_those_of_scikit_learn():
    generator = np.random.default_rng(0)
    truth, predicted = generator.integers(0, 3, (2, 200))
    ours = classification_metrics(confusion_matrices(truth, predicted, np.ones((1, 200))))
    theirs = precision_recall_fscore_support(truth, predicted, labels=[0, 1, 2])
    for name, expected in zip(("precision", "recall", "f1"), theirs, strict=False):
        found = [ours[f"{name}_{tier}"][0] for tier in ("low", "mid", "high")]
        assert found == pytest.approx(expected)
        assert ours[f"macro_{name}"][0] == pytest.approx(expected.mean())


def test_a_tier_never_predicted_has_no_precision_and_lowers_the_macro_mean():
    truth, predicted = np.array([0, 1, 2, 0]), np.zeros(4, dtype=int)
    found = classification_metrics(confusion_matrices(truth, predicted, np.ones((1, 4))))
    assert np.isnan(found["precision_high"][0])
    assert found["macro_precision"][0] == pytest.approx(0.5 / 3)


def test_a_share_inside_a_tie_counts_in_proportion():
    # two of eight tied customers bought; the top quarter of them holds a quarter of the buyers
    positive = np.array([1, 1, 0, 0, 0, 0, 0, 0], dtype=float)
    found = gains(ScoreOrder(np.ones(8)), positive, np.ones((1, 8)), np.array([0.25]))
    assert found[0, 0] == pytest.approx(0.25)


def test_gains_of_a_perfect_order_hold_everything_at_the_base_rate():
    positive = np.array([1, 1, 0, 0, 0, 0, 0, 0], dtype=float)
    found = gains(ScoreOrder(positive), positive, np.ones((1, 8)), np.array([0.25, 1.0]))
    assert found[0].tolist() == [1.0, 1.0]


def test_gini_is_one_for_the_perfect_order_and_minus_one_for_its_reverse(data):
    _, _, value, _ = data
    perfect, ones = ScoreOrder(value), np.ones((1, ROWS))
    assert normalised_gini(perfect, perfect, value, ones)[0] == pytest.approx(1)
    assert normalised_gini(ScoreOrder(-value), perfect, value, ones)[0] == pytest.approx(-1)


def test_gini_of_one_score_for_all_is_zero(data):
    _, _, value, _ = data
    found = normalised_gini(ScoreOrder(np.ones(ROWS)), ScoreOrder(value), value, np.ones((1, ROWS)))
    assert found[0] == pytest.approx(0)


def test_row_order_changes_no_ranking_metric(data):
    score, positive, _, _ = data
    shuffle, ones = np.random.default_rng(1).permutation(ROWS), np.ones((1, ROWS))
    for metric in (roc_auc, average_precision):
        before = metric(ScoreOrder(score), positive, ones)
        after = metric(ScoreOrder(score[shuffle]), positive[shuffle], ones)
        assert before == pytest.approx(after)


def test_metrics_of_a_single_outcome_are_undefined():
    order, nobody, ones = ScoreOrder(np.arange(5.0)), np.zeros(5), np.ones((1, 5))
    assert np.isnan(roc_auc(order, nobody, ones)[0])
    assert np.isnan(average_precision(order, nobody, ones)[0])
    assert np.isnan(gains(order, nobody, ones, np.array([0.1]))[0, 0])
    assert np.isnan(normalised_gini(order, ScoreOrder(nobody), nobody, ones)[0])
    assert np.isnan(spearman(order, ScoreOrder(nobody), ones)[0])


def test_calibration_error_is_the_gap_of_a_constant_overestimate():
    probability = np.full(1_000, 0.5)
    positive = (np.arange(1_000) % 5 == 0).astype(float)
    found = expected_calibration_error(probability, positive, np.ones((1, 1_000)))
    assert found[0] == pytest.approx(0.3)


def test_opposite_errors_do_not_cancel_in_the_calibration_error():
    probability = np.repeat([0.1, 0.9], 500)
    positive = np.tile([0.0, 1.0], 500)
    found = expected_calibration_error(probability, positive, np.ones((1, 1_000)))
    assert found[0] == pytest.approx(0.4)


def test_no_weight_gives_no_mean():
    assert np.isnan(weighted_mean(np.ones(3), np.zeros((1, 3)))[0])
