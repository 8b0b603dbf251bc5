"""Stored transformation parameters against scikit-learn, and what they may depend on.

The models that fit and apply them run unchanged over small stand-ins for the feature mart: each
feature is one of eight awkward columns, and every strategy of binning meets each of them.
"""

from __future__ import annotations

import csv
import warnings
from itertools import combinations
from uuid import UUID

import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import KBinsDiscretizer, MinMaxScaler, RobustScaler, StandardScaler

from tests.ml.macro_project import ROOT, Results, write_project

FILES = tuple(
    f"models/features/{name}.sql"
    for name in (
        "development_examples",
        "feature_distributions",
        "feature_scaling",
        "feature_imputation",
        "feature_outcomes",
        "supervised_bins",
        "model_input_bins",
        "customer_model_inputs",
    )
)
STORED = ("feature_scaling", "feature_imputation", "feature_outcomes", "model_input_bins")
ROLES = ["train", "train", "validation", "embargo", "test", "scoring"]
DEVELOPMENT = ["train", "validation"]
SHAPES = ["even", "tied", "constant", "heavy", "mostly_unknown", "unknown", "rare", "zero_one"]
STRATEGIES = ["equal_width", "quantile", "supervised", "custom"]
BIN_COUNT = 5
CUSTOM_EDGES = [-1.5, 1.0, 20.0]
NUMERIC_TYPES = {"integer", "bigint", "double"}
BINNED_ALREADY = {"income_bin"}
BINNED_BY_VARS = {"age_years", "annual_income"}
TOLERANCE = {"rtol": 1e-9, "atol": 1e-9}
STAND_INS = {
    "customer_features": """
        select
            cast(customer_key as uuid) as customer_key,
            snapshot_date
            {%- for feature in numeric_model_features() %},
            {{ SHAPES[loop.index0 % 8] }} as {{ feature }}
            {%- endfor %}
        from observed
    """.replace("SHAPES", str(SHAPES)),
    "int_snapshots__spine": "select distinct snapshot_date, snapshot_role from observed",
    "snapshots": "select * from {{ ref('int_snapshots__spine') }}",
    "customer_labels": """
        select
            cast(customer_key as uuid) as customer_key,
            snapshot_date,
            has_purchased
        from observed
        where snapshot_role != 'scoring'
    """,
    "feature_bins": "select unnest(['age_years', 'annual_income']) as feature,"
    " 'custom' as strategy, [20.0, 30.0] as edges",
    "feature_names": """
        {%- for feature in numeric_model_features() %}
        select
            {{ loop.index0 }} as position,
            '{{ feature }}' as feature,
            {{ feature in numeric_model_features(sometimes_missing_only=true) }} as is_nullable
        {{ "union all" if not loop.last }}
        {%- endfor %}
    """,
}


def draw_observed(customers=211, seed=3):
    """Draw the mart: the last snapshots reach far outside what was seen in development."""
    generator = np.random.default_rng(seed)
    size = customers * len(ROLES)
    snapshot = np.repeat(np.arange(len(ROLES)), customers)
    is_late = snapshot >= ROLES.index("test")
    even = generator.normal(size=size) + 40 * is_late
    frame = pd.DataFrame(
        {
            "customer": np.tile(np.arange(customers), len(ROLES)),
            "customer_key": [
                str(UUID(int=number * 2**128 // customers)) for number in range(customers)
            ]
            * len(ROLES),
            "snapshot_date": pd.Timestamp("2024-01-01") + pd.to_timedelta(30 * snapshot, unit="D"),
            "snapshot_role": np.array(ROLES)[snapshot],
            "even": even,
            "tied": 1.0 + generator.geometric(0.6, size=size),
            "constant": np.where(is_late, 5.0, 4.2),
            "heavy": np.exp(3 * generator.normal(size=size)) - 2,
            "mostly_unknown": np.where(generator.random(size) < 0.1, even, np.nan),
            "unknown": np.where(is_late, 1.0, np.nan),
            "rare": np.where(generator.random(size) < 0.004, 7.0, 0.0),
            "zero_one": np.round(generator.random(size)),
        }
    )
    odds = 2.0 * (frame["even"] > 0.3) - 1.5 * (frame["heavy"] > 9) + frame["zero_one"] - 0.5
    frame["has_purchased"] = generator.random(size) < 1 / (1 + np.exp(-odds))
    return frame


def declared_binning(features):
    """Declare a strategy per feature, so that each of the four meets each of the eight shapes."""
    rows = [["feature", "strategy", "bin_count", "custom_edges"]]
    for position, feature in enumerate(features):
        strategy = STRATEGIES[position // len(SHAPES) % len(STRATEGIES)]
        edges = " ".join(map(str, CUSTOM_EDGES)) if strategy == "custom" else ""
        if feature not in BINNED_BY_VARS:
            rows.append([feature, strategy, "" if edges else BIN_COUNT, edges])
    return rows


@pytest.fixture(scope="module")
def features(tmp_path_factory):
    """Read the names that the models loop over, and which of them may be null."""
    folder = tmp_path_factory.mktemp("names")
    names = {"feature_names": STAND_INS["feature_names"]}
    results = Results(folder / "data", write_project(folder / "project", names), {})
    return results("select feature, is_nullable from feature_names order by position")


@pytest.fixture(scope="module")
def build(tmp_path_factory, features):
    """Return a function that builds all parameters of a mart."""
    project = write_project(tmp_path_factory.mktemp("parameters") / "project", STAND_INS, FILES)
    with (project / "seeds/feature_binning.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(declared_binning(features["feature"]))

    def built(observed, **variables):
        folder = tmp_path_factory.mktemp("built")
        return Results(folder, project, {"observed": observed}, **variables)

    return built


@pytest.fixture(scope="module")
def observed():
    return draw_observed()


@pytest.fixture(scope="module")
def results(build, observed):
    return build(observed)


@pytest.fixture(scope="module")
def development(observed):
    return observed[observed["snapshot_role"].isin(DEVELOPMENT)]


def feature_of(features, shape, strategy="equal_width"):
    """Return the first feature that stands for a shape and has a strategy."""
    position = SHAPES.index(shape) + len(SHAPES) * STRATEGIES.index(strategy)
    return features["feature"][position]


def stored(results, table, feature):
    rows = results(f"select * from {table} where feature = '{feature}'")
    assert len(rows) == 1
    return rows.iloc[0]


def edges_of(results, feature):
    return np.array(stored(results, "model_input_bins", feature)["edges"], dtype=float)


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape != "unknown"])
def test_stored_scaling_and_imputation_equal_a_fit_of_scikit_learn(
    results, features, development, shape
):
    values = development[[shape]].to_numpy()
    scaling = stored(results, "feature_scaling", feature_of(features, shape))
    imputation = stored(results, "feature_imputation", feature_of(features, shape))
    standard, robust = StandardScaler().fit(values), RobustScaler().fit(values)
    min_max, imputer = MinMaxScaler().fit(values), SimpleImputer(strategy="median").fit(values)
    quartiles = np.nanpercentile(values, [25, 75])
    expected = {
        "mean_value": standard.mean_[0],
        "standard_deviation": np.sqrt(standard.var_[0]),
        "median_value": robust.center_[0],
        "interquartile_range": quartiles[1] - quartiles[0],
        "minimum_value": min_max.data_min_[0],
        "maximum_value": min_max.data_max_[0],
    }
    for name, value in expected.items():
        np.testing.assert_allclose(scaling[name], value, **TOLERANCE, err_msg=name)
    assert imputation["median_value"] == imputer.statistics_[0]
    assert imputation["missing_share"] == pytest.approx(np.isnan(values).mean(), abs=1e-12)


def test_a_feature_that_nobody_had_in_development_has_no_parameters_and_counts_as_zero(
    results, features
):
    feature = feature_of(features, "unknown", "quantile")
    assert stored(results, "feature_scaling", feature).drop("feature").isna().all()
    assert stored(results, "feature_imputation", feature)["missing_share"] == 1
    assert edges_of(results, feature).size == 0
    scaled = results(f"select distinct {feature}_scaled as value from customer_model_inputs")
    assert scaled["value"].tolist() == [0.0]


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape != "unknown"])
@pytest.mark.parametrize("strategy", ["equal_width", "quantile"])
def test_fitted_edges_equal_those_of_scikit_learn(results, features, development, shape, strategy):
    known = development[[shape]].dropna().to_numpy()
    name = {"equal_width": "uniform"}.get(strategy, strategy)
    with warnings.catch_warnings():  # scikit-learn tells of constant columns and of merged bins
        warnings.simplefilter("ignore")
        expected = KBinsDiscretizer(
            BIN_COUNT, strategy=name, quantile_method="inverted_cdf", subsample=None
        ).fit(known)
    np.testing.assert_allclose(
        edges_of(results, feature_of(features, shape, strategy)),
        expected.bin_edges_[0][1:-1],
        **TOLERANCE,
    )


def test_custom_edges_are_as_declared(results, features):
    assert edges_of(results, feature_of(features, "even", "custom")).tolist() == CUSTOM_EDGES


def description_bits(values, bought, edges, candidate_count):
    """Measure the description of the outcomes given a partition, as supervised_bins defines it."""
    bins = np.digitize(values, edges)
    bits = len(edges) * (np.log2(max(candidate_count, 1)) + np.log2(len(values)) / 2)
    for number in range(len(edges) + 1):
        inside = bought[bins == number]
        counts = np.array([inside.sum(), (~inside).sum()])
        counts = counts[counts > 0]
        bits -= (counts * np.log2(counts / counts.sum())).sum()
    return bits


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape != "unknown"])
def test_supervised_edges_are_the_best_of_all_partitions(results, features, development, shape):
    known = development.dropna(subset=[shape])
    values, bought = known[shape].to_numpy(), known["has_purchased"].to_numpy()
    twentieths = np.quantile(values, np.arange(1, 20) / 20, method="inverted_cdf")
    candidates = [edge for edge in np.unique(twentieths) if edge > values.min()]
    partitions = [edges for count in range(BIN_COUNT) for edges in combinations(candidates, count)]
    best = min(
        partitions, key=lambda edges: description_bits(values, bought, edges, len(candidates))
    )
    assert edges_of(results, feature_of(features, shape, "supervised")).tolist() == list(best)


def test_supervised_edges_find_where_purchases_change(results, features):
    assert edges_of(results, feature_of(features, "even", "supervised")).size >= 1
    assert edges_of(results, feature_of(features, "zero_one", "supervised")).tolist() == [1.0]
    assert edges_of(results, feature_of(features, "tied", "supervised")).size == 0


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape != "unknown"])
def test_model_inputs_equal_a_pipeline_of_scikit_learn(
    results, features, observed, development, shape
):
    feature = feature_of(features, shape, "custom")
    fitted_on = development[[shape]].to_numpy()
    low, high = np.nanquantile(fitted_on, [0.01, 0.99])
    if low == high:
        low, high = np.nanmin(fitted_on), np.nanmax(fitted_on)
    ordered = observed.sort_values(["snapshot_date", "customer_key"])
    values = ordered[[shape]].to_numpy()
    imputed = SimpleImputer(strategy="median").fit(fitted_on).transform(values)
    expected = RobustScaler().fit(fitted_on).transform(np.clip(imputed, low, high))
    rows = results(
        f"select {feature}_scaled as scaled, {feature}_bin as bin from customer_model_inputs "
        "order by snapshot_date, customer_key"
    )
    np.testing.assert_allclose(rows["scaled"], expected[:, 0], **TOLERANCE)
    bins = np.where(np.isnan(values), np.nan, np.digitize(values, CUSTOM_EDGES))
    np.testing.assert_array_equal(rows["bin"].to_numpy(dtype=float, na_value=np.nan), bins[:, 0])


def test_every_row_of_the_mart_has_inputs_without_a_gap(results, features, observed):
    scaled = ", ".join(f"{feature}_scaled" for feature in features["feature"])
    rows = results(f"select {scaled} from customer_model_inputs")
    assert len(rows) == len(observed)
    assert np.isfinite(rows.to_numpy()).all()


def test_flags_tell_which_values_were_missing(results, features):
    nullable = features.loc[features["is_nullable"], "feature"]
    agreements = [f"{name}_was_missing = (mart.{name} is null)" for name in nullable]
    flags = results(f"""
        select {", ".join(agreements)}
        from customer_model_inputs as inputs
        inner join customer_features as mart using (customer_key, snapshot_date)
    """)
    assert len(flags.columns) > 10
    assert flags.to_numpy().all()


def everything_stored(results):
    return {table: results(f"select * from {table} order by all") for table in STORED}


def test_parameters_are_blind_to_all_but_development_and_to_the_order_of_rows(
    build, results, observed
):
    other = observed.sample(frac=1, random_state=5)
    is_later = ~other["snapshot_role"].isin(DEVELOPMENT)
    other.loc[is_later, SHAPES] = 1e6
    other.loc[is_later, "has_purchased"] = True
    other = other[~is_later | (other["customer"] > 100)]
    rebuilt = everything_stored(build(other))
    for table, rows in everything_stored(results).items():
        pd.testing.assert_frame_equal(rebuilt[table], rows, check_exact=True, obj=table)


def test_parameters_follow_a_change_in_development(build, results, observed):
    other = observed.copy()
    is_first = (other["snapshot_role"] == "train") & (other["customer"] == 0)
    other.loc[is_first, SHAPES] = 1e6
    rebuilt = everything_stored(build(other))
    for table, rows in everything_stored(results).items():
        assert not rebuilt[table].equals(rows), table


def test_a_large_shop_is_fitted_on_the_same_customers_in_every_run(build, features, observed):
    small_share = observed.loc[observed["customer"] < 100]
    sampled = build(observed, parameter_row_count=299)
    everybody_left = build(small_share)
    assert stored(sampled, "feature_distributions", features["feature"][0])["row_count"] == 300
    for table in ("feature_scaling", "feature_imputation"):
        of_sample, of_left = (
            made(f"from {table} order by 1") for made in (sampled, everybody_left)
        )
        pd.testing.assert_frame_equal(of_sample, of_left, check_exact=True, obj=table)


def test_a_shop_without_development_snapshots_has_neutral_inputs(build, features, observed):
    young = build(observed[observed["snapshot_role"] == "scoring"])
    scaled = ", ".join(f"{feature}_scaled" for feature in features["feature"])
    assert (young(f"select {scaled} from customer_model_inputs").to_numpy() == 0).all()


def test_every_numeric_feature_has_stored_parameters_and_a_declared_binning(features):
    documents = yaml.safe_load(
        (ROOT / "models/features/_features__models.yml").read_text(encoding="utf-8")
    )
    mart = next(model for model in documents["models"] if model["name"] == "customer_features")
    always_known = next(
        set(test["columns_not_null"]["arguments"]["columns"])
        for test in mart["data_tests"]
        if "columns_not_null" in test
    )
    numeric = {
        column["name"] for column in mart["columns"] if column["data_type"] in NUMERIC_TYPES
    } - BINNED_ALREADY
    with (ROOT / "seeds/reference/feature_binning.csv").open(encoding="utf-8") as file:
        declared = {row["feature"] for row in csv.DictReader(file)}
    assert set(features["feature"]) == numeric
    assert set(features.loc[features["is_nullable"], "feature"]) == numeric - always_known
    assert declared | BINNED_BY_VARS == numeric
