"""What the networks share: the revenue head, integrated gradients, calls in parts."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import lognorm

from segml.models.integrated_gradients import gauss_rule, midpoint_rule
from segml.models.keras_runtime import call_in_parts
from segml.models.ziln import RevenueHead, truncated_means

THRESHOLD = 60.0


@pytest.fixture
def head_of(shop):
    """What a network would say that knows the mean of log revenue and nothing else."""
    return np.tile(np.array([0.0, 0.5], np.float32), (len(shop), 1))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_the_loss_is_that_of_the_lognormal_distribution():
    from segml.models.keras_runtime import import_keras
    from segml.models.ziln import lognormal_loss

    import_keras()
    generator = np.random.default_rng(1)
    revenue = generator.lognormal(3, 1, 50)
    target = np.column_stack([np.log(revenue), np.ones(50)]).astype(np.float32)
    head = generator.normal(1.5, 0.3, (50, 2)).astype(np.float32)
    target[:10, 1] = 0
    found = np.asarray(lognormal_loss(target, head))
    location, width = head[:, 0].astype(float), np.log1p(np.exp(head[:, 1].astype(float)))
    density = lognorm.logpdf(revenue, s=width, scale=np.exp(location)) + np.log(revenue)
    assert found[10:] == pytest.approx(-density[10:], rel=1e-4)
    assert not found[:10].any()


@pytest.mark.parametrize(("location", "width"), [(3.0, 0.8), (5.0, 0.3), (1.0, 1.5)])
def test_means_on_either_side_of_the_threshold_are_those_of_the_density(location, width):
    below, above = truncated_means(np.array([location]), np.array([width]), THRESHOLD)
    density = lognorm(s=width, scale=np.exp(location))
    top = density.ppf(1 - 1e-12)
    for found, (low, high) in ((below, (0, THRESHOLD)), (above, (THRESHOLD, top))):
        mass = density.cdf(high) - density.cdf(low)
        amount = quad(lambda x: x * density.pdf(x), low, high, limit=200)[0]
        assert found[0] == pytest.approx(amount / mass, rel=1e-4)


@pytest.mark.parametrize("location", [-200.0, 0.0, 200.0])
def test_means_far_from_the_threshold_stay_on_their_side(location):
    below, above = truncated_means(np.array([location]), np.array([0.1]), THRESHOLD)
    assert 0 <= below[0] <= THRESHOLD <= above[0]


def test_revenue_of_the_training_rows_has_the_right_mean(shop, head_of):
    head = head_of + np.random.default_rng(1).normal(0, 0.3, head_of.shape).astype(np.float32)
    revenue = RevenueHead.describe(shop).calibrate(shop, head).predict(head)
    for column, tier in enumerate((1, 2)):
        rows = shop.value_tier == tier
        assert revenue[rows, column].mean() == pytest.approx(shop.net_revenue[rows].mean(), rel=0.1)


@pytest.mark.parametrize("location", [-50.0, 0.0, 50.0, 1e6])
def test_revenue_stays_within_its_tier_whatever_the_network_says(shop, head_of, location):
    head = RevenueHead.describe(shop).calibrate(shop, head_of)
    extreme = np.array([[location, -40.0], [location, 40.0]], np.float32)
    mid, high = head.predict(extreme).T
    assert ((mid > 0) & (mid < THRESHOLD)).all()
    assert ((high >= THRESHOLD) & (high <= shop.net_revenue.max())).all()


def test_refunded_buyers_have_no_logarithm_but_count_in_the_mean(shop, head_of):
    refunded = np.where(shop.value_tier == 1, shop.net_revenue - 20, shop.net_revenue)
    examples = replace(shop, net_revenue=refunded)
    head = RevenueHead.describe(examples)
    targets = head.targets(examples)
    assert np.array_equal(targets[:, 1] == 1, refunded > 0)
    assert np.isfinite(targets).all()
    revenue = head.calibrate(examples, head_of).predict(head_of)
    assert revenue[0, 0] == pytest.approx(refunded[shop.value_tier == 1].mean(), rel=0.05)


def test_a_tier_of_few_buyers_gets_its_mean(shop, head_of):
    few = shop.take(np.concatenate([np.flatnonzero(shop.value_tier == 2)[:50], [0, 1, 2]]))
    head = RevenueHead.describe(few).calibrate(few, head_of[: len(few)])
    steep = np.array([[0.0, 0.0], [3.0, 0.0]], np.float32)
    assert np.unique(head.predict(steep)[:, 1]).size == 1


def test_a_shop_without_high_buyers_is_accepted(shop, head_of):
    modest = shop.take(shop.value_tier != 2)
    head = RevenueHead.describe(modest).calibrate(modest, head_of[: len(modest)])
    assert np.isfinite(head.predict(head_of)).all()


@pytest.mark.parametrize("classes", [("a", "b"), ("a", "b", "c", "d")])
def test_classes_that_are_no_tiers_have_no_revenue(shop, head_of, classes):
    labelled = replace(
        shop,
        class_names=classes,
        value_tier=shop.value_tier.clip(max=1),
        net_revenue=np.full(len(shop), np.nan),
    )
    head = RevenueHead.describe(labelled)
    assert not head.targets(labelled).any()
    revenue = head.calibrate(labelled, head_of).predict(head_of)
    assert revenue.shape == (len(shop), len(classes) - 1)
    assert not revenue.any()


def test_a_revenue_head_survives_being_written(shop, head_of):
    head = RevenueHead.describe(shop).calibrate(shop, head_of)
    assert RevenueHead(**head.as_dict()) == head


@pytest.mark.parametrize(("rule", "degree"), [(midpoint_rule(), 1), (gauss_rule(4), 7)])
def test_a_rule_integrates_polynomials_of_its_degree(rule, degree):
    places, weights = (values.astype(float) for values in rule)
    for power in range(degree + 1):
        assert weights @ places**power == pytest.approx(1 / (power + 1), abs=1e-6)


@pytest.mark.parametrize("rows", [0, 1, 5, 6])
def test_calls_in_parts_join_in_order(rows):
    values = np.arange(rows, dtype=np.float32)[:, None]
    found = call_in_parts(lambda part: {"twice": 2 * values[part]}, rows, 3)
    assert np.array_equal(found["twice"], 2 * values)
