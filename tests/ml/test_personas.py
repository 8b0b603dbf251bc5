"""Personas: named by what they do, whoever comes first, and by the same name next time."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from segml.dataset import Examples, FeatureSchema
from segml.personas import Personas, fit_personas, load_persona_centres, persona_inputs
from segml.personas.naming import name_persona

ROOT = Path(__file__).resolve().parents[2]
KINDS = {
    "loyals": {"recency_days": 5, "order_count": 20, "average_order_revenue": 80, "share": 0.02},
    "hunters": {"recency_days": 90, "order_count": 4, "average_order_revenue": 20, "share": 0.9},
    "dormant": {"recency_days": 500, "order_count": 1, "average_order_revenue": 30, "share": 0.01},
}


def build_shop(size=80, seed=0):
    """Draw customers of three kinds, ``size`` of each, in the order of their keys."""
    generator = np.random.default_rng(seed)
    rows = []
    for kind in KINDS.values():
        noise = generator.lognormal(0, 0.15, (size, 4))
        orders = np.maximum(1, np.round(kind["order_count"] * noise[:, 0]))
        value = kind["average_order_revenue"] * noise[:, 1]
        rows.append(
            pd.DataFrame(
                {
                    "recency_days": np.round(kind["recency_days"] * noise[:, 2]),
                    "order_count": orders,
                    "average_order_revenue": value,
                    "net_revenue": orders * value,
                    "discounted_order_share": np.clip(kind["share"] * noise[:, 3], 0, 1),
                    "rating_mean": np.nan,
                    "age_years": generator.integers(18, 80, size).astype(float),
                }
            )
        )
    features = pd.concat(rows, ignore_index=True)
    count = len(features)
    return Examples(
        customer_key=np.array([f"customer-{number:04d}" for number in range(count)]),
        snapshot_date=np.full(count, np.datetime64("2025-07-01")),
        features=features,
        value_tier=np.zeros(count, dtype=np.int8),
        net_revenue=np.zeros(count),
        schema=FeatureSchema(tuple(features), ()),
    )


def fit(shop, earlier=None, inputs=None, seed=1):
    inputs = persona_inputs(shop.schema) if inputs is None else inputs
    return fit_personas(shop, inputs, earlier or {}, fewest=3, most=5, seed=seed)


@pytest.fixture(scope="module")
def shop():
    return build_shop()


@pytest.fixture(scope="module")
def personas(shop):
    return fit(shop)


def by_value(personas):
    return sorted(personas.members, key=lambda persona: persona.value_order)


def test_kinds_of_customers_are_told_apart_and_named_by_value(personas, shop):
    assert [persona.name for persona in by_value(personas)] == [
        "active big-basket loyals",
        "discount hunters",
        "dormant full-price occasional buyers",
    ]
    assert pd.Series(personas.assign(shop)).groupby(np.repeat([0, 1, 2], 80)).nunique().max() == 1
    revenue = [persona.mean_net_revenue for persona in by_value(personas)]
    assert revenue == sorted(revenue, reverse=True)


def test_a_persona_says_in_units_what_is_distinctive(personas):
    hunters = by_value(personas)[1]
    assert hunters.traits[0].startswith("87% of orders discounted (typical: ")
    assert hunters.description.startswith("33% of customers with a mean net revenue of ")
    assert hunters.traits[0] in hunters.description


def test_neither_row_order_nor_outcomes_matter(personas, shop):
    mixed = shop.take(np.random.default_rng(3).permutation(len(shop)))
    bought = replace(
        mixed, value_tier=np.ones(len(mixed), np.int8), net_revenue=mixed.net_revenue + 9
    )
    assert fit(bought).members == personas.members


def test_demographics_and_excluded_features_decide_nothing(personas, shop):
    assert "age_years" not in persona_inputs(shop.schema)
    allowed = tuple(name for name in persona_inputs(shop.schema) if name != "net_revenue")
    changed = shop.features.assign(age_years=0.0)
    assert fit(replace(shop, features=changed)).members == personas.members
    assert all("net_revenue" not in persona.centre for persona in fit(shop, inputs=allowed).members)


def test_a_persona_keeps_its_name_while_it_stays_similar(shop):
    first = fit(shop)
    centres = {f"our {persona.name}": persona.centre for persona in first.members}
    later = build_shop(size=70, seed=9)
    renamed = {persona.name for persona in fit(later, centres).members}
    assert renamed == set(centres)


def test_a_persona_that_became_another_gets_a_name_of_its_own(shop, personas):
    centres = {persona.name: persona.centre for persona in personas.members}
    centres["wanderers"] = centres.pop("discount hunters") | {
        "discounted_order_share": 0.45, "recency_days": 20.0, "average_order_revenue": 50.0
    }  # fmt: skip
    assert {persona.name for persona in fit(shop, centres).members} == {
        persona.name for persona in personas.members
    }


def test_earlier_personas_with_other_features_still_match(shop, personas):
    centres = {
        f"our {persona.name}": {k: v for k, v in persona.centre.items() if k != "order_count"}
        | {"retired_feature": 1.0}
        for persona in personas.members
    }
    kept = {persona.name for persona in fit(shop, centres).members} & set(centres)
    assert kept


def test_stored_personas_assign_the_same_customers(personas, shop, tmp_path):
    personas.save(tmp_path)
    stored = Personas.load(tmp_path)
    assert stored.members == personas.members
    assert np.array_equal(stored.assign(shop), personas.assign(shop))
    assert load_persona_centres(tmp_path) == {item.name: item.centre for item in personas.members}


def test_a_customer_of_whom_nothing_is_known_has_a_persona(personas, shop):
    unknown = replace(shop.take(np.arange(1)), features=shop.features.iloc[:1] * np.nan)
    assert personas.assign(unknown)[0] in {persona.name for persona in personas.members}


@pytest.mark.parametrize("rows", [[0], range(50)])
def test_too_few_customers_have_no_personas(shop, rows):
    assert fit(shop.take(np.array(rows))) is None


def test_customers_who_are_all_alike_have_no_personas(shop):
    alike = pd.DataFrame(np.ones_like(shop.features), columns=shop.features.columns)
    assert fit(replace(shop, features=alike)) is None


def test_the_table_has_the_columns_of_its_source(personas):
    path = ROOT / "models/staging/segml/_segml__sources.yml"
    tables = yaml.safe_load(path.read_text(encoding="utf-8"))["sources"][0]["tables"]
    declared = next(table["columns"] for table in tables if table["name"] == "personas")
    table = personas.table(date(2025, 7, 1))
    assert {*table.columns, "run_id"} == {column["name"] for column in declared}
    assert table["value_order"].tolist() == [1, 2, 3]
    assert table["customer_share"].sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("traits", "name"),
    [
        ({}, "regulars"),
        ({"recency_days": 2, "discounted_order_share": 1}, "dormant discount hunters"),
        ({"tenure_days": -1, "session_count_90d": 0.9}, "new browsers"),
        ({"order_count": 1, "average_order_revenue": 1}, "big-basket loyals"),
        ({"order_count": 1, "discounted_order_share": 1}, "discount loyals"),
        ({"order_count": -1, "recency_days": -0.6, "tenure_days": -0.7}, "new occasional buyers"),
        ({"rating_mean": -0.5, "returned_order_share": 0.6}, "return-prone regulars"),
        ({"recency_days": 0.49, "order_count": 0.49}, "regulars"),
    ],
)
def test_a_name_is_made_of_what_is_most_distinctive(traits, name):
    assert name_persona(traits, ()) == name


def test_a_name_that_is_taken_gives_way_to_the_next_best_and_then_to_numbers():
    traits = {"recency_days": 1, "average_order_revenue": 1, "category_count": 0.3}
    names: list[str] = []
    for _ in range(5):
        names.append(name_persona(traits, names))
    assert names == [
        "dormant big-basket regulars",
        "dormant wide-ranging regulars",
        "dormant big-basket regulars 2",
        "dormant big-basket regulars 3",
        "dormant big-basket regulars 4",
    ]
