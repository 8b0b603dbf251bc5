"""The shipped groups of three-point RFM scores cover every cell once and are all in use."""

import csv
from itertools import product
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GROUPS = {"Champions", "Loyal", "Recent", "Needs attention", "At risk", "Inactive"}


@pytest.fixture(scope="module")
def cells() -> list[tuple[tuple[int, int, int], str]]:
    path = ROOT / "seeds/reference/rfm_group_map.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return [
            (
                (
                    int(row["recency_score"]),
                    int(row["frequency_score"]),
                    int(row["monetary_score"]),
                ),
                row["rfm_group"],
            )
            for row in csv.DictReader(file)
        ]


def test_every_cell_has_exactly_one_group(cells):
    assert sorted(scores for scores, _ in cells) == list(product((1, 2, 3), repeat=3))


def test_every_group_is_reached_and_there_is_no_other(cells):
    assert {group for _, group in cells} == GROUPS


@pytest.mark.parametrize(
    ("scores", "group"), [((3, 3, 3), "Champions"), ((3, 1, 1), "Recent"), ((1, 1, 1), "Inactive")]
)
def test_the_corners_mean_what_their_names_say(cells, scores, group):
    assert dict(cells)[scores] == group
