"""Deals of customers into folds."""

import numpy as np

from segml.dataset import outcome_fold


def test_every_tier_is_dealt_out_evenly_and_customers_stay_together(make_examples):
    shop = make_examples(600, 3, seed=1)
    fold = outcome_fold(shop, 3, "salt")
    folds_of = {}
    for key, number in zip(shop.customer_key, fold, strict=True):
        folds_of.setdefault(key, set()).add(number)
    assert {len(numbers) for numbers in folds_of.values()} == {1}
    best = {key: shop.value_tier[shop.customer_key == key].max() for key in folds_of}
    for tier in range(3):
        counts = np.bincount([min(folds_of[key]) for key in folds_of if best[key] == tier])
        assert counts.max() - counts.min() <= 1


def test_the_deal_does_not_depend_on_the_order_of_rows(make_examples):
    shop = make_examples(200, 2, seed=2)
    order = np.random.default_rng(0).permutation(len(shop))
    assert np.array_equal(
        outcome_fold(shop.take(order), 4, "salt"), outcome_fold(shop, 4, "salt")[order]
    )
