"""The statistic of co-purchases is the likelihood ratio of the textbook, empty cells included."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2_contingency

from tests.ml.macro_project import Results, write_project

TABLES = [  # both, one, other, total
    (2, 2, 2, 4),
    (0, 3, 4, 10),
    (5, 10, 20, 40),
    (30, 40, 50, 1_000),
    (7, 7, 900, 100_000),
]


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("marketing")
    tables = pd.DataFrame(TABLES, columns=["both_count", "one_count", "other_count", "total_count"])
    columns = ", ".join(f"'{name}'" for name in tables.columns)
    models = {"measured": f"select *, {{{{ g_statistic({columns}) }}}} as g from tables"}
    return Results(folder / "files", write_project(folder / "project", models), {"tables": tables})


def test_the_g_statistic_is_that_of_scipy(results):
    measured = results("from measured order by total_count")
    expected = [
        chi2_contingency(
            [[both, one - both], [other - both, total - one - other + both]],
            correction=False,
            lambda_="log-likelihood",
        ).statistic
        for both, one, other, total in TABLES
    ]
    np.testing.assert_allclose(measured["g"], expected, rtol=1e-9, atol=1e-9)
