"""A small synthetic shop as arrays, with a known purchase process."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from segml.dataset import Examples, FeatureSchema

SCHEMA = FeatureSchema(
    numeric=(
        "recency_days",
        "order_count",
        "net_revenue",
        "purchase_gap_mean_days",
        "rating_mean",
        "noise",
    ),
    categorical=("rfm_segment", "country"),
)
FIRST_SNAPSHOT = date(2024, 1, 1)
THRESHOLD = 60.0


def build_examples(customers=400, snapshots=1, *, seed=0, signal=1.0, step_days=30):
    """Draw customers with a lasting purchase rate, observed at several snapshots.

    With ``signal=0`` outcomes are independent of all features.
    """
    generator = np.random.default_rng(seed)
    rate = generator.gamma(0.8, 1.5, customers)
    keys = np.array([f"customer-{number:05d}" for number in range(customers)])
    country = generator.choice(["FR", "DE", "UK"], customers)
    parts = [
        _snapshot(generator, rate, keys, country, number=number, signal=signal, step_days=step_days)
        for number in range(snapshots)
    ]
    return Examples(
        customer_key=np.concatenate([part[0] for part in parts]),
        snapshot_date=np.concatenate([part[1] for part in parts]),
        features=pd.concat([part[2] for part in parts], ignore_index=True),
        value_tier=np.concatenate([part[3] for part in parts]).astype(np.int8),
        net_revenue=np.concatenate([part[4] for part in parts]),
        schema=SCHEMA,
    )


def _snapshot(generator, rate, keys, country, *, number, signal, step_days):
    customers = len(keys)
    orders = 1 + generator.poisson(rate * 3)
    recency = generator.exponential(90 / (0.2 + rate))
    spend = orders * generator.lognormal(3, 0.6, customers)
    segment = np.select([orders > 5, orders > 2], ["champions", "loyal"], "hibernating")
    unknown_country = generator.random(customers) < 0.1
    features = pd.DataFrame(
        {
            "recency_days": recency,
            "order_count": orders.astype(float),
            "net_revenue": spend,
            "purchase_gap_mean_days": np.where(orders > 1, 200 / orders, np.nan),
            "rating_mean": np.full(customers, np.nan),
            "noise": generator.normal(size=customers),
            "rfm_segment": segment.astype(object),
            "country": np.where(unknown_country, None, country),
        }
    )
    log_odds = signal * (1.2 * np.log(orders) - 0.01 * recency - 0.5)
    bought = generator.random(customers) < 1 / (1 + np.exp(-log_odds))
    amount = generator.lognormal(3.3 + signal * 0.4 * np.log(orders), 0.7)
    revenue = np.where(bought, amount, 0.0)
    tier = np.where(bought, np.where(amount >= THRESHOLD, 2, 1), 0)
    day = np.datetime64(FIRST_SNAPSHOT + timedelta(days=step_days * number), "D")
    return keys, np.full(customers, day), features, tier, revenue


def roles_of(examples, *names):
    """Give the snapshots these roles, oldest first."""
    days = np.unique(examples.snapshot_date).astype(object)
    return dict(zip(days, names, strict=True))


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    """Tiny fits are fastest, and steady on a busy machine, without threads."""
    with threadpool_limits(limits=1):
        yield


@pytest.fixture(scope="session")
def make_examples():
    return build_examples


@pytest.fixture(scope="session")
def assign_roles():
    return roles_of


@pytest.fixture(scope="session")
def shop():
    """One snapshot of 900 customers; do not change in place."""
    return build_examples(900, seed=1)
