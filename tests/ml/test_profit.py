from dataclasses import replace

import numpy as np
import pytest

from segml.dataset import Predictions
from segml.profit import SHARES, Economics, ProfitEvaluator

ECONOMICS = Economics(contact_cost=2.0, margin_share=0.5, contact_effect_share=0.2)


def predicted(expected):
    """Everybody buys for sure, in the middle tier."""
    certain = np.tile([0.0, 1.0, 0.0], (len(expected), 1))
    return Predictions(certain, np.column_stack([expected, expected]))


@pytest.fixture
def evaluator(shop):
    def build(expected, revenue, economics=ECONOMICS):
        outcomes = shop.take(np.arange(len(revenue)))
        outcomes = replace(outcomes, net_revenue=np.asarray(revenue, dtype=float))
        return ProfitEvaluator(predicted(np.asarray(expected, dtype=float)), outcomes, economics)

    return build


def metrics_of(evaluator):
    values = evaluator.metrics(np.ones((1, len(evaluator.revenue))))
    return {name: value[0] for name, value in values.items()}


def test_profit_adds_margin_of_the_added_revenue_and_deducts_contacts(evaluator):
    expected, revenue = np.arange(100)[::-1], np.linspace(200, 0, 100)
    curve = evaluator(expected, revenue).profit_by_share(revenue, np.ones((1, 100)))[0]
    for contacted in (0, 25, 100):
        by_hand = (0.1 * revenue[:contacted].sum() - 2.0 * contacted) / 100
        assert curve[contacted] == pytest.approx(by_hand)


def test_the_best_share_stops_where_contacts_cost_more_than_they_bring(evaluator):
    # the first 30 bring 0.1 * 100 each and cost 2, the others bring nothing
    found = metrics_of(evaluator(np.arange(100)[::-1], np.where(np.arange(100) < 30, 100.0, 0.0)))
    assert found["best_contact_share"] == pytest.approx(0.3)
    assert found["best_profit_per_customer"] == pytest.approx(0.3 * 8)
    assert found["best_contact_threshold"] == pytest.approx(69, abs=1)


def test_the_break_even_rule_contacts_whoever_is_expected_to_pay(evaluator):
    assert ECONOMICS.break_even_revenue == pytest.approx(20)
    found = metrics_of(evaluator([10.0, 19.0, 21.0, 90.0], [0.0, 50.0, 0.0, 100.0]))
    assert found["break_even_contact_share"] == 0.5
    assert found["break_even_profit_per_customer"] == pytest.approx((-2 + 8) / 4)
    assert found["contact_all_profit_per_customer"] == pytest.approx((15 - 8) / 4)


def test_contacts_that_add_nothing_are_never_made(evaluator):
    useless = replace(ECONOMICS, contact_effect_share=0.0)
    found = metrics_of(evaluator([10.0, 20.0], [50.0, 70.0], useless))
    assert found["best_contact_share"] == found["break_even_contact_share"] == 0
    assert np.isnan(found["best_contact_threshold"])


def test_equal_expectations_are_taken_in_proportion_whatever_their_order(evaluator):
    revenue = np.array([0.0, 0.0, 300.0, 500.0])
    ones = np.ones((1, 4))
    one_way = evaluator(np.full(4, 7.0), revenue).profit_by_share(revenue, ones)
    other_way = evaluator(np.full(4, 7.0), revenue[::-1]).profit_by_share(revenue[::-1], ones)
    assert one_way == pytest.approx(other_way)
    assert np.diff(one_way[0]) == pytest.approx(np.diff(one_way[0])[0])


def test_both_curves_start_at_nothing_and_end_with_everybody(evaluator):
    curves = evaluator([10.0, 20.0], [50.0, 70.0]).curves()
    assert set(curves["curve"]) == {"profit", "profit_expected"}
    realised = curves[curves["curve"] == "profit"]
    assert realised["y"].iloc[[0, -1]].tolist() == pytest.approx([0, (0.1 * 120 - 4) / 2])
    assert realised["weight"].iloc[-1] == 2
    assert len(realised) == len(SHARES)
