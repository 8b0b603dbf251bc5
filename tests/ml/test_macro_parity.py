"""The macros of ``macros/features`` against scikit-learn, NumPy and SciPy on awkward columns."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import (
    KBinsDiscretizer,
    MinMaxScaler,
    OneHotEncoder,
    RobustScaler,
    StandardScaler,
)

from tests.ml.dbt_in_process import run_dbt
from tests.ml.macro_project import Results, write_project

TOLERANCE = {"rtol": 1e-9, "atol": 1e-9}
FITTED_ON = {
    "spread": [-3.5, -1.0, 0.0, 0.5, np.nan, 2.5, 7.0, 100.25],
    "tied": [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 3.0, 3.0, 9.0],
    "constant": [4.2, 4.2, 4.2, 4.2, np.nan],
    "constant_but_for_rounding": [0.3, 0.1 + 0.2, 0.3, 0.3],
    "mostly_unknown": [np.nan, 5.0, np.nan, 1e6, np.nan],
    "one_value": [7.0],
    "huge": [1e13, -1e13, 3.0, 4.0, 5.5],
}
NEW_VALUES = [np.nan, -1e9, -1.0, 0.0, 0.3, 1.0, 2.5, 4.2, 7.0, 9.0, 25.5, 1e9]
FIXED_EDGES = [-1, 0, 2.5, 1e6]
COLUMNS = list(FITTED_ON)
WORDS = ["FR", "fr", "DE", "Côte d'Ivoire", None, "unseen", ""]
MODELS = {
    "transformed": """
        select
            observed.column_name,
            observed.position,
            {{ standard_scale('observed.x', 'fit.mean', 'fit.standard_deviation') }} as standard,
            {{ robust_scale('observed.x', 'fit.median', 'fit.iqr') }} as robust,
            {{ min_max_scale('observed.x', 'fit.minimum', 'fit.maximum') }} as min_max,
            {{ winsorize('observed.x', 'fit.low', 'fit.high') }} as winsorized,
            {{ winsorize('observed.x', 'null', 'fit.high') }} as limited_above,
            {{ impute_with_stored_median('observed.x', 'fit.median') }} as imputed,
            {{ impute_with_stored_median('observed.x', 'null') }} as imputed_by_nothing,
            {{ was_missing('observed.x') }} as was_missing,
            {{ bin_by_stored_edges('observed.x', 'fit.uniform_edges') }} as uniform_bin,
            {{ bin_by_stored_edges('observed.x', 'fit.quantile_edges') }} as quantile_bin,
            {{ bin_by_edges('observed.x', [-1, 0, 2.5, 1e6]) }} as fixed_bin,
            {{ quantile_score('observed.x', 5, 'observed.column_name') }} as score,
            {{ quantile_score('observed.x', score_count=100) }} as overall_score
        from observed
        inner join fit on observed.column_name = fit.column_name
    """,
    "encoded": "select position, {{ one_hot('words.word', ['FR', 'DE', \"Côte d'Ivoire\"]) }}"
    " from words",
    "prefixed": "select {{ one_hot('word', ['FR'], prefix='country') }} from words",
}


def column(values):
    return np.array(values, dtype=float).reshape(-1, 1)


def values_of(name):
    """Return the fitted values of a column and then the new ones, known or not."""
    return np.array(FITTED_ON[name] + NEW_VALUES)


def discretizer(name, strategy):
    known = column([value for value in FITTED_ON[name] if not np.isnan(value)])
    with warnings.catch_warnings():  # scikit-learn tells of constant columns and of merged bins
        warnings.simplefilter("ignore")
        return KBinsDiscretizer(
            4,
            encode="ordinal",
            strategy=strategy,
            quantile_method="inverted_cdf",
            subsample=None,
        ).fit(known)


def parameters():
    rows = []
    for name, values in FITTED_ON.items():
        standard, robust = StandardScaler().fit(column(values)), RobustScaler().fit(column(values))
        min_max = MinMaxScaler().fit(column(values))
        quartiles = np.nanpercentile(values, [25, 75])
        rows.append(
            {
                "column_name": name,
                "mean": standard.mean_[0],
                "standard_deviation": np.sqrt(standard.var_[0]),
                "median": robust.center_[0],
                "iqr": quartiles[1] - quartiles[0],
                "minimum": min_max.data_min_[0],
                "maximum": min_max.data_max_[0],
                "low": np.nanquantile(values, 0.1),
                "high": np.nanquantile(values, 0.9),
                "uniform_edges": discretizer(name, "uniform").bin_edges_[0][1:-1],
                "quantile_edges": discretizer(name, "quantile").bin_edges_[0][1:-1],
            }
        )
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    observed = pd.concat(
        [
            pd.DataFrame({"column_name": name, "x": values_of(name)}).rename_axis("position")
            for name in COLUMNS
        ]
    ).reset_index()
    folder = tmp_path_factory.mktemp("macros")
    words = pd.DataFrame({"word": WORDS}).rename_axis("position").reset_index()
    return Results(
        folder / "data",
        write_project(folder / "project", MODELS),
        {"observed": observed, "fit": parameters(), "words": words},
    )


@pytest.fixture(scope="module")
def transformed(results):
    """Return a function: what SQL made of a column, in the order of ``values_of``."""
    frame = results("select * from transformed order by column_name, position")

    def of(name, kind):
        return frame.loc[frame["column_name"] == name, kind].to_numpy(dtype=float, na_value=np.nan)

    return of


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize(
    ("kind", "scaler"),
    [("standard", StandardScaler), ("robust", RobustScaler), ("min_max", MinMaxScaler)],
)
def test_scaled_values_equal_those_of_scikit_learn(transformed, name, kind, scaler):
    expected = scaler().fit(column(FITTED_ON[name])).transform(column(values_of(name)))
    np.testing.assert_allclose(transformed(name, kind), expected[:, 0], **TOLERANCE)


@pytest.mark.parametrize("name", ["constant", "constant_but_for_rounding", "one_value"])
@pytest.mark.parametrize("kind", ["standard", "robust", "min_max"])
def test_a_constant_column_is_scaled_to_zero(transformed, name, kind):
    fitted = transformed(name, kind)[: len(FITTED_ON[name])]
    np.testing.assert_allclose(fitted[~np.isnan(fitted)], 0, atol=1e-15)


@pytest.mark.parametrize("name", COLUMNS)
def test_winsorized_values_equal_clipped_ones(transformed, name):
    low, high = np.nanquantile(FITTED_ON[name], [0.1, 0.9])
    values = values_of(name)
    np.testing.assert_array_equal(transformed(name, "winsorized"), np.clip(values, low, high))
    np.testing.assert_array_equal(transformed(name, "limited_above"), np.clip(values, None, high))


@pytest.mark.parametrize("name", COLUMNS)
def test_imputed_values_equal_those_of_scikit_learn(transformed, name):
    values = column(values_of(name))
    median = SimpleImputer(strategy="median").fit(column(FITTED_ON[name]))
    nothing = SimpleImputer(strategy="median", keep_empty_features=True).fit(column([np.nan]))
    np.testing.assert_array_equal(transformed(name, "imputed"), median.transform(values)[:, 0])
    np.testing.assert_array_equal(
        transformed(name, "imputed_by_nothing"), nothing.transform(values)[:, 0]
    )
    np.testing.assert_array_equal(transformed(name, "was_missing"), np.isnan(values[:, 0]))


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("strategy", ["uniform", "quantile"])
def test_bins_by_stored_edges_equal_those_of_scikit_learn(transformed, name, strategy):
    values = values_of(name)
    known = ~np.isnan(values)
    binned = transformed(name, f"{strategy}_bin")
    expected = discretizer(name, strategy).transform(column(values[known]))
    np.testing.assert_array_equal(binned[known], expected[:, 0])
    assert np.isnan(binned[~known]).all()


@pytest.mark.parametrize("name", COLUMNS)
def test_bins_by_fixed_edges_equal_those_of_numpy(transformed, name):
    values = values_of(name)
    expected = np.where(np.isnan(values), np.nan, np.digitize(values, FIXED_EDGES))
    np.testing.assert_array_equal(transformed(name, "fixed_bin"), expected)


def scores(values, score_count):
    """Score by percent rank, in whole numbers."""
    known = ~np.isnan(values)
    rank = rankdata(values[known], method="min").astype(int)
    result = np.full(len(values), np.nan)
    result[known] = 1 + np.minimum(
        score_count - 1, (rank - 1) * score_count // max(known.sum() - 1, 1)
    )
    return result


@pytest.mark.parametrize("name", COLUMNS)
def test_scores_are_percent_ranks_within_a_partition_and_ties_agree(transformed, name):
    np.testing.assert_array_equal(transformed(name, "score"), scores(values_of(name), 5))


def test_scores_without_a_partition_compare_everybody(transformed):
    everybody = np.concatenate([values_of(name) for name in COLUMNS])
    scored = np.concatenate([transformed(name, "overall_score") for name in COLUMNS])
    np.testing.assert_array_equal(scored, scores(everybody, 100))


def test_one_hot_columns_equal_those_of_scikit_learn_and_keep_names_plain(results):
    encoded = results("select * exclude (position) from encoded order by position")
    categories = ["FR", "DE", "Côte d'Ivoire"]
    encoder = OneHotEncoder(categories=[categories], handle_unknown="ignore", sparse_output=False)
    words = np.array(WORDS, dtype=object).reshape(-1, 1)
    expected = encoder.fit(np.array(categories, dtype=object).reshape(-1, 1)).transform(words)
    assert list(encoded) == ["word_fr", "word_de", "word_c_te_d_ivoire"]
    np.testing.assert_array_equal(encoded.to_numpy(), expected)
    assert list(results("select * from prefixed")) == ["country_fr"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("bin_by_edges('x', [2, 1])", "strictly increasing list"),
        ("bin_by_edges('x', [1, 1, 2])", "strictly increasing list"),
        ("bin_by_edges('x', 'edges')", "strictly increasing list"),
        ("one_hot('x', ['a', 'A'])", "column names differ"),
        ("one_hot('x', [])", "column names differ"),
        ("one_hot('x', 'ab')", "column names differ"),
    ],
)
def test_arguments_that_make_no_sense_stop_the_compilation(tmp_path, call, message):
    project = write_project(tmp_path / "project", {"broken": f"select {{{{ {call} }}}} from t"})
    with pytest.raises(AssertionError, match=message):
        run_dbt(tmp_path, "compile", project)
