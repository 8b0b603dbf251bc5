"""The hold-out group is the same in every engine; lists are read as a marketer means them."""

import hashlib
import uuid

import pandas as pd
import pytest

from tests.ml.macro_project import Results, write_project

SHARE = 0.1
CAMPAIGNS = ("win_back", "welcome")
CUSTOMERS = [str(uuid.uuid5(uuid.NAMESPACE_OID, str(number))) for number in range(10_000)]
LISTED = {
    None: {"Loyal": True, None: True},
    "Loyal": {"Loyal": True, "loyal": False, None: False},
    " Can't Lose Them|At Risk |  Lost": {
        "Can't Lose Them": True,
        "At Risk": True,
        "Lost": True,
        "Loyal": False,
        "Risk": False,
    },
}
MODELS = {
    "dealt": "select *, {{ is_held_out('campaign_id', 'customer_key') }} as is_held_out "
    "from participants",
    "looked_up": "select *, {{ is_listed('value', 'listed') }} as is_listed from lists",
}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("campaigns")
    participants = pd.DataFrame(
        [(campaign, customer) for campaign in CAMPAIGNS for customer in CUSTOMERS],
        columns=["campaign_id", "customer_key"],
    )
    lists = pd.DataFrame(
        [(listed, *item) for listed, values in LISTED.items() for item in values.items()],
        columns=["listed", "value", "expected"],
    )
    return Results(
        folder / "files",
        write_project(folder / "project", MODELS),
        {"participants": participants, "lists": lists},
        holdout_share=SHARE,
    )


def test_any_language_deals_the_same_hold_out_group(results):
    dealt = results("from dealt")
    expected = [
        int(hashlib.md5(f"{campaign}:{customer}".encode()).hexdigest()[:8], 16) < int(SHARE * 2**32)
        for campaign, customer in zip(dealt.campaign_id, dealt.customer_key, strict=True)
    ]
    assert dealt.is_held_out.tolist() == expected


def test_the_group_has_its_share_and_differs_between_campaigns(results):
    groups = results("from dealt").pivot(
        index="customer_key", columns="campaign_id", values="is_held_out"
    )
    assert groups.mean().between(SHARE - 0.01, SHARE + 0.01).all()
    assert 0 < (groups["win_back"] & groups["welcome"]).mean() < 2 * SHARE**2


def test_lists_are_separated_by_bars_and_an_empty_one_lists_everything(results):
    looked_up = results("from looked_up")
    assert looked_up.is_listed.tolist() == looked_up.expected.tolist()
