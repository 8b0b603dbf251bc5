"""Deals of customers into folds."""

import numpy as np

from segml.dataset import draw_customers, outcome_fold


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


def test_a_sample_holds_all_rows_of_about_the_share_of_customers_asked_for(make_examples):
    keys = make_examples(1_000, 3).customer_key
    drawn = draw_customers(keys, 0.3, "sample")
    assert 0.25 < drawn.mean() < 0.35
    assert not set(keys[drawn]) & set(keys[~drawn])
    assert np.array_equal(drawn[::-1], draw_customers(keys[::-1], 0.3, "sample"))


def test_a_share_of_one_or_more_draws_everybody(make_examples):
    keys = make_examples(300).customer_key
    assert draw_customers(keys, 1.0, "sample").all()
    assert draw_customers(keys, 7.5, "sample").all()
