import numpy as np
import pytest

from segml.bootstrap import Measurement, measure
from segml.comparison import compare_with_champion, difference


def measured(log_loss, samples):
    return Measurement({"log_loss": log_loss}, {"log_loss": np.array(samples)})


def test_resamples_with_the_same_seed_are_paired():
    keys = np.array(["a", "b", "c", "d"])
    values = np.array([1.0, 5.0, 2.0, 9.0])

    def total(offset):
        return lambda weights: {"total": weights @ (values + offset)}

    first, second = (measure(total(offset), keys, resamples=20, seed=3) for offset in (0, 1))
    assert np.allclose(second.samples["total"] - first.samples["total"], len(keys))
    assert np.ptp(first.samples["total"]) > 0


def test_a_lower_loss_is_better_and_ties_count_half():
    gap = difference(
        measured(0.5, [0.5, 0.5, 0.5, 0.5]), measured(0.4, [0.3, 0.4, 0.5, 0.6]), "log_loss"
    )
    assert gap.value == pytest.approx(-0.1)
    assert gap.p_better == (2 + 0.5) / 4
    assert gap.ci_low < gap.value < gap.ci_high


def test_a_higher_gini_is_better():
    champion = Measurement({"gini_revenue": 0.4}, {"gini_revenue": np.array([0.4, 0.4])})
    challenger = Measurement({"gini_revenue": 0.5}, {"gini_revenue": np.array([0.5, 0.3])})
    assert difference(champion, challenger, "gini_revenue").p_better == 0.5


def test_without_resamples_nothing_is_claimed():
    gap = difference(
        Measurement({"log_loss": 0.5}, {}), Measurement({"log_loss": 0.1}, {}), "log_loss"
    )
    assert np.isnan([gap.ci_low, gap.ci_high, gap.p_better]).all()


def test_resamples_where_a_metric_is_undefined_are_left_out():
    gap = difference(measured(0.5, [0.5, np.nan]), measured(0.4, [0.4, 0.4]), "log_loss")
    assert gap.p_better == 1


def test_every_rival_is_compared_with_the_champion_and_never_with_itself():
    table = compare_with_champion(
        {"a": measured(0.5, [0.5]), "b": measured(0.6, [0.6]), "c": measured(0.4, [0.4])}, "a"
    )
    assert table["challenger_name"].tolist() == ["b", "c"]
    assert table["difference"].tolist() == pytest.approx([0.1, -0.1])
    assert table["p_better"].tolist() == [0, 1]
