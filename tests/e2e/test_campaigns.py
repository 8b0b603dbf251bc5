"""The campaign marts on the demo shop, recomputed independently."""

import csv
import shutil

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from tests.e2e.workspace import Workspace

pytestmark = pytest.mark.slow

WINDOW = pd.Timedelta(days=30)
HISTORY = pd.Timedelta(days=180)


def frame(workspace, sql):
    with duckdb.connect(str(workspace.warehouse), read_only=True) as connection:
        return connection.execute(sql).df()


def campaign_outcomes(demo, campaign_id):
    """Net revenue in the window and revenue before the contact, of contacted and held-out."""
    contacts = frame(
        demo,
        "select customer_key, contacted_at, is_control from staging.stg_shop__campaign_contacts "
        f"where campaign_id = '{campaign_id}'",
    )
    orders = frame(
        demo,
        """
        select customer_key, ordered_at, cast(order_revenue as double) as gross,
            cast(order_revenue - coalesce(refund, 0) as double) as net
        from intermediate.int_orders__completed as orders
        left join (
            select order_id, sum(refund_amount) as refund
            from intermediate.int_refunds__by_order where known_until is null group by order_id
        ) as refunds using (order_id)
        where known_until is null
        """,
    )
    joined = contacts.merge(orders, on="customer_key")
    age = joined.ordered_at - joined.contacted_at
    after = joined[(age >= pd.Timedelta(0)) & (age < WINDOW)]
    before = joined[(age < pd.Timedelta(0)) & (age >= -HISTORY)]
    return (
        contacts.set_index("customer_key")
        .assign(
            net=after.groupby("customer_key").net.sum(),
            history=before.groupby("customer_key").gross.sum(),
        )
        .fillna({"net": 0.0, "history": 0.0})
    )


@pytest.mark.parametrize("campaign_id", ["k01", "k04", "k06"])
def test_results_of_a_campaign_are_those_of_numpy_and_scipy(demo, campaign_id):
    people = campaign_outcomes(demo, campaign_id)
    groups = [people[people.is_control == control] for control in (False, True)]
    (shown,) = frame(
        demo,
        "select * from marketing.campaign_results "
        f"where campaign_id = '{campaign_id}' and channel = 'all'",
    ).to_dict("records")

    centred = [group[["net", "history"]] - group[["net", "history"]].mean() for group in groups]
    pooled = np.cov(pd.concat(centred).T.to_numpy())
    slope = pooled[0, 1] / pooled[1, 1]
    adjusted = [group.net - slope * group.history for group in groups]
    error = np.sqrt(sum(values.var() / len(values) for values in adjusted))
    uplift = adjusted[0].mean() - adjusted[1].mean()
    low, high = stats.norm.interval(0.95, uplift, error)
    welch = stats.ttest_ind(groups[0].net, groups[1].net, equal_var=False)
    plain = groups[0].net.mean() - groups[1].net.mean()

    assert shown["contacted_customer_count"] == len(groups[0])
    assert shown["adjusted_revenue_uplift"] == pytest.approx(uplift)
    assert shown["adjusted_revenue_uplift_ci_low"] == pytest.approx(low)
    assert shown["adjusted_revenue_uplift_ci_high"] == pytest.approx(high)
    half_width = stats.norm.ppf(0.975) * plain / welch.statistic
    assert shown["revenue_uplift_ci_high"] - plain == pytest.approx(half_width)
    bought = [(group.net != 0).mean() for group in groups]
    assert shown["conversion_uplift"] == pytest.approx(bought[0] - bought[1])


def test_nobody_who_was_contacted_too_often_or_did_not_consent_is_chosen(demo):
    broken = demo.value(
        """
        select count(*)
        from marketing.campaign_audiences as audiences
        inner join reference.campaign_playbook as playbook using (campaign_id)
        where (
            select count(*) from staging.stg_shop__campaign_contacts as contacts
            where contacts.customer_key = audiences.customer_key and not is_control
                and contacted_at >= as_of_date - to_days(contact_period_days)
                and contacted_at < as_of_date
        ) >= maximum_contacts
        or not (
            select bool_and(has_marketing_consent) from marketing.customer_segments as customers
            where customers.customer_key = audiences.customer_key
        )
        """
    )
    assert broken == 0
    assert demo.value("select count(distinct campaign_id) from marketing.campaign_audiences") > 5


def test_a_marketer_gets_a_list_of_whom_to_contact_and_why(demo, tmp_path):
    shutil.copy(demo.warehouse, tmp_path / "warehouse.duckdb")
    shop = Workspace(tmp_path, demo.target)
    done = shop.segml("export", "win_back", "--to", str(tmp_path / "list.csv"), "--target", "ci")
    assert done.returncode == 0, done.stderr
    with (tmp_path / "list.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == shop.value("select row_count from ml.audience_exports")
    assert all("@" in row["email"] and row["reason"] for row in rows)
    refused = shop.segml("export", "nobody", "--to", str(tmp_path / "x.csv"), "--target", "ci")
    assert refused.returncode == 1
    assert refused.stderr.startswith("segml: There is no audience 'nobody'. Choose one of ")


def test_past_scorings_are_judged_as_scikit_learn_would(demo, tmp_path):
    shutil.copy(demo.warehouse, tmp_path / "warehouse.duckdb")
    shop = Workspace(tmp_path, demo.target)
    with duckdb.connect(str(shop.warehouse)) as connection:
        connection.execute(PAST_SCORING)
    built = shop.dbt(
        "build", "--target", "ci", "--exclude-resource-type", "unit_test",
        "--select", "int_scorings__outcomes+", "segment_migration",
    )  # fmt: skip
    assert built.returncode == 0, built.stdout[-2000:]
    judged = frame(
        shop,
        """
        select predictions.*, labels.has_purchased, labels.value_tier as came_true,
            labels.horizon_net_revenue
        from ml.segment_predictions as predictions
        inner join features.customer_labels as labels using (customer_key, snapshot_date)
        where scoring_id = 'past'
        """,
    )
    shown = frame(
        shop, "select * from marketing.model_performance where split = 'realised'"
    ).set_index("metric")
    tiers = ["high", "low", "mid"]
    probabilities = judged[[f"probability_{tier}" for tier in tiers]]
    expected = {
        "log_loss": log_loss(judged.came_true, probabilities, labels=tiers),
        "roc_auc_purchase": roc_auc_score(judged.has_purchased, judged.purchase_probability),
        "brier_purchase": brier_score_loss(judged.has_purchased, judged.purchase_probability),
        "accuracy": (judged.value_tier == judged.came_true).mean(),
        "mean_revenue": judged.horizon_net_revenue.mean(),
        "mean_expected_revenue": judged.expected_net_revenue.mean(),
    }
    assert shown.value[list(expected)].to_dict() == pytest.approx(expected, abs=1e-4)
    assert (shown.ci_low.dropna() <= shown.value[shown.ci_low.notna()]).all()
    assert set(shown.customer_count) == {len(judged)}
    assert shop.value(
        "select sum(customer_count) from marketing.segment_migration "
        "where segment_type = 'value_tier'"
    ) == shop.value("select count(distinct customer_key) from ml.segment_predictions")


PAST_SCORING = """
create temp table past as
    select max(snapshot_date) as snapshot_date from features.snapshots where is_labelled;
insert into ml.scorings by name
    select scorings.* replace ('past' as scoring_id, past.snapshot_date as snapshot_date,
        cast(past.snapshot_date as timestamp) as scored_at)
    from ml.scorings cross join past limit 1;
insert into ml.segment_predictions by name
    select predictions.* replace ('past' as scoring_id, past.snapshot_date as snapshot_date)
    from ml.segment_predictions as predictions
    cross join past
    semi join features.customer_labels as labels
        on predictions.customer_key = labels.customer_key
        and past.snapshot_date = labels.snapshot_date;
"""
