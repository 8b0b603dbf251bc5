"""The report: complete in one file, true to the warehouse, and honest when there is little."""

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from markupsafe import escape

from segml.errors import SettingsError, WarehouseError
from segml.reporting import ReportSummary, charts, write_report
from segml.reporting.language import ENGLISH, language
from segml.reporting.segments import Segments
from segml.warehouse import Warehouse, open_warehouse

PROFILE_COLUMNS = """
    segment_type varchar, segment_name varchar, is_suppressed boolean, customer_count bigint,
    customer_share double, net_revenue double, mean_recency_days double,
    mean_order_count double, net_revenue_per_order double, median_purchase_gap_days double,
    median_age_years double, median_annual_income double, mean_rating double,
    most_common_category varchar, most_common_channel varchar, consent_share double,
    mean_purchase_probability double, expected_net_revenue double, net_revenue_share double
"""
SCHEMA = f"""
create schema marketing; create schema quarantine; create schema ml;
create table marketing.customer_segments (
    as_of_date date, first_order_date date, last_order_date date, purchase_probability double,
    prediction_snapshot_date date, is_prediction_current boolean, model_version varchar,
    scored_at timestamp
);
create table marketing.segment_profiles ({PROFILE_COLUMNS});
create table marketing.segment_kpis (
    rfm_segment varchar, month_start_date date, net_revenue decimal(38, 4)
);
create table quarantine.data_quality_summary (
    table_name varchar, outcome varchar, row_count bigint
);
create table ml.model_versions (
    model_version varchar, run_id varchar, model_name varchar, trained_at timestamp,
    as_of_date date, horizon_days integer, high_value_threshold double, feature_hash varchar,
    data_fingerprint varchar, settings_json varchar, artifact_path varchar,
    artifact_sha256 varchar, status varchar, decision varchar, data_set varchar
);
create table ml.evaluation_metrics (
    run_id varchar, model_name varchar, split varchar, snapshot_date date, metric varchar,
    value double, ci_low double, ci_high double
);
create table ml.evaluation_curves (
    run_id varchar, model_name varchar, split varchar, snapshot_date date, curve varchar,
    position integer, x double, y double, weight double
);
create table ml.feature_importance (
    run_id varchar, model_name varchar, level varchar, feature varchar, feature_group varchar,
    importance_mean double
);
"""
SHOP = """
insert into marketing.customer_segments
select date '2025-07-15', date '2024-01-03', date '2025-07-14', null, null, false, null, null
from range(200);
insert into marketing.segment_profiles by name
from (values
    ('all', 'All customers', false, 200, 1.0, 10000.0, 40.0, 0.6),
    ('rfm_segment', 'Champions', false, 50, 0.25, 8000.0, 9.0, 0.6),
    ('rfm_segment', 'At Risk', false, 145, 0.725, 2000.0, 300.0, 0.6),
    ('rfm_segment', 'Other', true, null, null, null, null, null),
    ('value_tier', 'unscored', false, 200, 1.0, 10000.0, 40.0, 0.6)
) as profiles (
    segment_type, segment_name, is_suppressed, customer_count, customer_share, net_revenue,
    mean_recency_days, consent_share
);
update marketing.segment_profiles set net_revenue_share = net_revenue / 10000;
insert into marketing.segment_kpis values
    ('Champions', '2025-05-01', 5000), ('Champions', '2025-07-01', 3000),
    ('At Risk', '2025-05-01', 2000);
insert into quarantine.data_quality_summary values
    ('orders', 'kept', 1900), ('orders', 'exact_duplicate', 60), ('orders', 'future_dated', 40),
    ('loaded_files', 'missing_customer', 7);
"""
TRAINING = """
insert into ml.model_versions values (
    'v1', 'run1', 'logistic', '2025-07-15 10:00:00', '2025-07-15', 90, 120.5, 'f', 'd', '{}',
    'artifacts/v1', 's', 'champion', 'logistic is best', 'shop'
);
insert into ml.evaluation_metrics values
    ('run1', 'logistic', 'test', '2025-04-16', 'log_loss', 0.52349, 0.4917, 0.5687),
    ('run1', 'rfm_rule', 'test', '2025-04-16', 'log_loss', 0.59901, 0.5785, 0.6441),
    ('run1', 'prior', 'test', '2025-04-16', 'log_loss', 0.85181, 0.8180, 0.8925),
    ('run1', 'logistic', 'validation', '2025-01-16', 'log_loss', 0.11111, 0.1, 0.2),
    ('run1', 'logistic', 'test', '2025-04-16', 'example_count', 1294, null, null),
    ('run1', 'logistic', 'test', '2025-04-16', 'mae_revenue', 54.8944, 46.9571, 65.4279),
    ('run1', 'logistic', 'test', '2025-04-16', 'mean_expected_revenue', 62.0, null, null),
    ('run1', 'logistic', 'test', '2025-04-16', 'mean_revenue', 73.0, null, null),
    ('run1', 'logistic', 'test', '2025-04-16', 'mean_probability_purchase', 0.29, null, null),
    ('run1', 'logistic', 'test', '2025-04-16', 'base_rate_purchase', 0.32, null, null),
    ('run1', 'logistic', 'test', '2025-04-16', 'ece_purchase', 0.05, null, null);
insert into ml.evaluation_curves
select 'run1', model, 'test', '2025-04-16', curve, i, i / 10, least(1, i / 5), 100
from range(11) as points (i)
cross join (values ('logistic'), ('rfm_rule')) as models (model)
cross join (values ('gains_purchase'), ('gains_high'), ('calibration_purchase')) as c (curve);
insert into ml.feature_importance values
    ('run1', 'logistic', 'feature', 'net_revenue_90d', 'monetary', 0.03),
    ('run1', 'logistic', 'feature', 'gender', 'demographics', -0.01),
    ('run1', 'logistic', 'group', null, 'monetary', 0.05);
"""
SCORING = """
update marketing.customer_segments set
    purchase_probability = rowid / 200, prediction_snapshot_date = as_of_date,
    is_prediction_current = true, model_version = 'v1', scored_at = '2025-07-15 11:00:00';
delete from marketing.segment_profiles where segment_type = 'value_tier';
insert into marketing.segment_profiles by name
from (values
    ('value_tier', 'high', false, 30, 0.15, 7000.0, 0.7, 1500.0),
    ('value_tier', 'low', false, 170, 0.85, 3000.0, 0.3, 500.0)
) as tiers (
    segment_type, segment_name, is_suppressed, customer_count, customer_share, net_revenue,
    net_revenue_share, expected_net_revenue
);
update marketing.segment_profiles set mean_purchase_probability = 0.3
where not is_suppressed;
update marketing.segment_profiles set expected_net_revenue = case segment_name
    when 'All customers' then 2000 when 'Champions' then 1900 else 100 end
where segment_type != 'value_tier' and not is_suppressed;
"""
SECTIONS = [
    "headlines", "segments", "outlook", "people", "profiles", "migration", "cohorts", "revenue",
    "campaigns", "recommendations", "demand", "model", "rivals", "drivers", "fairness",
    "changes", "quality", "glossary",
]  # fmt: skip
OPTIONAL = """
create table marketing.segment_migration as
select 'rfm_segment' as segment_type, date '2025-04-16' as from_date, date '2025-07-15' as to_date,
    true as is_latest, * , false as is_suppressed
from (values
    ('Champions', 'Champions', 40, 500.0), ('Champions', 'At Risk', 20, -900.0),
    ('At Risk', 'Left', 15, -80.0)
) as cells (from_segment, to_segment, customer_count, revenue_change);
create table marketing.retention_cohorts as
select date '2025-05-01' as cohort_month_start_date, months as months_since_first_order,
    42 as cohort_customer_count, 1 / (1 + months) as retention_rate, true as is_complete_month,
    false as is_suppressed
from range(3) as since (months);
create table marketing.campaign_audiences as
select campaign_id, 'email' as channel, 1 as priority, position % 10 = 0 as is_holdout,
    0.5 as cost_per_contact, 2.0 as expected_incremental_profit
from (values ('win_back', 30), ('tiny_campaign', 4)) as campaigns (campaign_id, size)
cross join range(30) as members (position)
where position < size;
create table marketing.campaign_results as
select 'spring' as campaign_id, 'all' as channel, 300 as contacted_customer_count,
    100 as control_customer_count, 0.05 as conversion_uplift, 0.01 as conversion_uplift_ci_low,
    0.09 as conversion_uplift_ci_high, 1234.5 as incremental_net_revenue,
    null::varchar as sample_warning, false as is_suppressed;
create table marketing.segment_recommendations as
select 'rfm_segment' as list_type, 'Champions' as list_name, 1 as recommendation_rank,
    'p1' as product_id, 'A-1' as product_name, 0.4 as buyer_share, 1.5 as affinity;
create table marketing.recommendation_quality as
select 'recommendations: all purchases' as subject, method, 'hit_rate_10' as metric, value
from (values ('recommended', 0.61), ('most_popular', 0.44)) as methods (method, value);
create table marketing.category_demand as
select 'kitchen' as category, 1200.4 as expected_units, 1000.0 as low_units, 1400.0 as high_units,
    1000.0 as last_period_units, 0.2004 as change_rate;
create table marketing.inventory_plan as
select true as is_reorder_due, 250.0 as reorder_cost, false as is_overstocked from range(3);
create table marketing.demand_quality as
select 'demand: category' as subject, 'forecast' as method, 'wape' as metric, 0.12 as value;
create table ml.model_comparisons as
select 'run1' as run_id, 'test' as split, 'logistic' as champion_name,
    'rfm_rule' as challenger_name, 'log_loss' as metric, 0.0761 as difference, 0.06 as ci_low,
    0.09 as ci_high;
create table ml.fairness_metrics as
select 'run1' as run_id, 'logistic' as model_name, 'test' as split, 'gender' as dimension,
    group_name, metric, value
from (values ('female', 'customer_count', 639.0), ('male', 'customer_count', 550.0))
    as groups (group_name, metric, value);
create table ml.scorings (
    scoring_id varchar, model_version varchar, snapshot_date date, scored_at timestamp,
    status varchar
);
insert into ml.scorings values
    ('s1', 'v1', '2025-06-15', '2025-06-15 11:00:00', 'complete'),
    ('s2', 'v1', '2025-07-15', '2025-07-15 11:00:00', 'complete');
create table ml.segment_predictions as
select 's' || age as scoring_id, customer as customer_key,
    if(age = 2 and customer < 25, 'high', 'low') as value_tier, 0.1 * age as
    purchase_probability, 7.0 * age as expected_net_revenue
from range(1, 3) as scorings (age), range(100) as customers (customer);
insert into ml.evaluation_curves
select 'run1', 'logistic', 'test', '2025-04-16', curve, i, i / 10, i / 5, 100
from range(1, 11) as points (i)
cross join (values ('lift_purchase'), ('lift_high'), ('profit'), ('profit_expected')) as c (curve);
update marketing.segment_profiles set most_common_category = '1', most_common_channel = 'web'
where not is_suppressed;
insert into marketing.segment_profiles by name
from (values ('persona', 'dormant regulars', false, 150, 0.75, 6000.0, 0.6))
as personas (
    segment_type, segment_name, is_suppressed, customer_count, customer_share, net_revenue,
    net_revenue_share
);
"""


@dataclass
class Report:
    """A written report and its visible text."""

    summary: ReportSummary
    html: str

    @property
    def text(self):
        body = self.html.partition("<body>")[2]
        body = re.sub(r"</?code>", "", body)
        return " ".join(re.sub(r"<[^>]+>", " ", body).replace("\xa0", " ").split())


def write(tmp_path: Path, *statements: str, code: str = "en") -> Report:
    warehouse_path = tmp_path / "shop.duckdb"
    warehouse_path.unlink(missing_ok=True)
    with open_warehouse(warehouse_path) as warehouse:
        run(warehouse, SCHEMA, SHOP, *statements)
    summary = write_report(
        warehouse_path,
        tmp_path / "reports" / "segments.html",
        print,
        k_anonymity=10,
        language_code=code,
    )
    return Report(summary, summary.path.read_text(encoding="utf-8"))


def run(warehouse: Warehouse, *scripts: str) -> None:
    for script in scripts:
        warehouse.connection.execute(script)


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    return write(tmp_path_factory.mktemp("scored"), TRAINING, SCORING)


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    return write(tmp_path_factory.mktemp("full"), TRAINING, SCORING, OPTIONAL)


@pytest.fixture(scope="module")
def chinese(tmp_path_factory):
    return write(tmp_path_factory.mktemp("zh"), TRAINING, SCORING, OPTIONAL, code="zh")


def test_a_report_has_all_sections_in_reading_order(scored):
    assert re.findall(r'<section id="(\w+)"', scored.html) == SECTIONS
    assert scored.html.count('class="chart') == 14


def test_a_report_refers_to_nothing_outside_itself(scored):
    assert "http" not in scored.html
    assert re.findall(r'(?:src|href)="(?!#)[^"]*"', scored.html) == []
    assert re.findall(r"<(?:script|link|img|iframe|object)\b|@import|url\((?!#)", scored.html) == []


def test_identifiers_are_unique(scored):
    identifiers = re.findall(r'\bid="([^"]+)"', scored.html)
    assert len(identifiers) == len(set(identifiers))


def test_the_summary_says_what_was_written(scored):
    assert scored.summary.size_bytes == scored.summary.path.stat().st_size < 2_000_000
    assert scored.summary.shows_predictions
    assert scored.summary.shows_evaluation


def test_the_same_data_gives_the_same_bytes(tmp_path):
    first, second = (write(tmp_path, TRAINING, SCORING).html for _ in range(2))
    assert first == second


def test_metrics_are_those_of_the_test_in_the_warehouse(scored):
    row = re.search(r'<tr class="champion">.*?</tr>', scored.html, re.DOTALL)
    assert row
    for shown in ("logistic regression", "0.523", "0.492–0.569", "54.9", "47.0–65.4"):
        assert shown in row[0]
    assert "0.111" not in scored.html
    assert "1,294 customers as of 16 April 2025" in scored.text


def test_headlines_are_computed_from_the_marts(scored):
    assert "Champions are 50 customers (25.0 %) who brought 80.0 % of net revenue" in scored.text
    assert "hold 75.0 % of all expected revenue" in scored.text
    assert "At Risk brought 20.0 % of net revenue so far but hold only 5.0 %" in scored.text
    assert "107 of 2,007 rows (5.3 %) were set aside" in scored.text


def test_without_any_persona_the_people_are_rfm_segments(tmp_path):
    nobody = """
    insert into marketing.segment_profiles by name
    from (values ('persona', 'No persona', false, 200, 1.0, 10000.0))
    as personas (
        segment_type, segment_name, is_suppressed, customer_count, customer_share, net_revenue
    )
    """
    report = write(tmp_path, nobody)
    assert "until then these are the RFM segments" in section(report, "people")
    assert "No persona" not in report.text


def test_a_segment_that_still_buys_is_not_slipping_away(tmp_path):
    growth = """
    update marketing.segment_profiles set expected_net_revenue = case segment_name
        when 'Champions' then 1500 else 500 end
    where segment_type = 'rfm_segment' and not is_suppressed
    """
    assert "Slipping away" not in write(tmp_path, TRAINING, SCORING, growth).text


def test_a_shop_without_any_consent_hears_what_it_lacks(tmp_path):
    report = write(tmp_path, "update marketing.segment_profiles set consent_share = 0")
    assert "Nobody is known to have agreed to be contacted" in report.text
    assert "<code>marketing_consent</code>" in report.html


def test_a_better_model_is_said_to_beat_the_baselines(scored):
    assert "The logistic regression beats the baselines." in scored.text
    assert "lies wholly below that of the RFM rule" in scored.text


def test_overlapping_intervals_are_admitted(tmp_path):
    overlap = "update ml.evaluation_metrics set ci_low = 0.5 where model_name = 'rfm_rule'"
    assert "size of the gain is uncertain" in write(tmp_path, TRAINING, overlap).text


def test_a_model_that_fails_its_test_is_not_praised(tmp_path):
    worse = "update ml.evaluation_metrics set value = 0.61 where model_name = 'logistic'"
    text = write(tmp_path, TRAINING, SCORING, worse).text
    assert "does not beat the baselines on the test: do not rely on it" in text
    assert "beats the baselines" not in text


def test_a_served_baseline_is_called_one(tmp_path):
    served = "update ml.model_versions set model_name = 'rfm_rule'"
    assert (
        "No model beats the baselines, so the RFM rule is served"
        in write(tmp_path, TRAINING, served).text
    )


@pytest.mark.parametrize(
    ("log_loss", "sentence"),
    [
        (0.55, "The neural network is worse than the simpler logistic regression"),
        (0.50, "The neural network is better than every simpler model"),
    ],
)
def test_a_network_is_compared_with_simpler_models(tmp_path, log_loss, sentence):
    network = (
        "insert into ml.evaluation_metrics values "
        f"('run1', 'dnn', 'test', '2025-04-16', 'log_loss', {log_loss}, null, null)"
    )
    assert sentence in write(tmp_path, TRAINING, network).text


def test_a_forecast_that_missed_is_admitted(scored):
    assert "Expected revenue was 62.00 per customer and actual revenue 73.00" in scored.text
    assert "the forecast was 15.1 % below it" in scored.text


def test_before_any_training_the_rfm_part_is_shown_with_the_next_step(tmp_path):
    report = write(tmp_path)
    assert not report.summary.shows_predictions
    assert not report.summary.shows_evaluation
    assert "run segml train and segml predict" in report.text
    assert "Champions" in report.text
    assert re.findall(r'<section id="(\w+)"', report.html) == SECTIONS


def test_missing_ml_tables_are_no_error(tmp_path):
    assert "run segml train" in write(tmp_path, "drop schema ml cascade").text


def test_a_trained_but_unscored_shop_shows_the_test(tmp_path):
    report = write(tmp_path, TRAINING)
    assert report.summary.shows_evaluation
    assert not report.summary.shows_predictions
    assert "No predictions yet" in report.text


def test_old_predictions_are_marked_as_such(tmp_path):
    old = (
        "update marketing.customer_segments set is_prediction_current = false, "
        "prediction_snapshot_date = '2025-06-01'"
    )
    assert (
        "200 predictions are of 1 June 2025, not of 15 July 2025"
        in write(tmp_path, TRAINING, SCORING, old).text
    )


def test_the_model_behind_the_predictions_is_shown_rather_than_a_newer_champion(tmp_path):
    newer = """
    update ml.model_versions set status = 'retired';
    insert into ml.model_versions by name select * replace (
        'v2' as model_version, 'run2' as run_id, 'champion' as status,
        timestamp '2025-07-16 10:00:00' as trained_at) from ml.model_versions;
    """
    assert "Model v1, retired" in write(tmp_path, TRAINING, SCORING, newer).text


def test_a_model_without_a_stored_test_is_reported_without_numbers(tmp_path):
    report = write(tmp_path, TRAINING, SCORING, "delete from ml.evaluation_metrics")
    assert "No test is stored for v1" in report.text
    assert report.summary.shows_predictions


def test_suppressed_segments_show_no_measure(scored):
    row = re.search(r'<th scope="row">Other</th>.*?</tr>', scored.html, re.DOTALL)
    assert row
    assert "suppressed (fewer than 10 customers)" in row[0]
    assert row[0].count("<td") == 1


def test_a_shop_below_the_privacy_limit_shows_no_number_of_it(tmp_path):
    suppressed = f"""
    update marketing.segment_profiles set is_suppressed = true,
        {
        ", ".join(
            f"{name} = null"
            for name in (
                "customer_count",
                "customer_share",
                "net_revenue",
                "net_revenue_share",
                "mean_recency_days",
                "consent_share",
                "expected_net_revenue",
                "mean_purchase_probability",
            )
        )
    }
    """
    report = write(tmp_path, TRAINING, SCORING, suppressed)
    assert "suppressed (fewer than 10 customers)" in report.text
    assert "8,000" not in report.text
    assert "Net revenue by month" not in report.text


def test_a_single_segment_is_enough(tmp_path):
    single = """
    delete from marketing.segment_profiles
    where segment_type = 'rfm_segment' and segment_name != 'Champions';
    delete from marketing.segment_kpis where month_start_date != '2025-07-01';
    """
    assert write(tmp_path, TRAINING, SCORING, single).summary.shows_predictions


def test_a_shop_without_revenue_or_quality_summary_still_has_a_report(tmp_path):
    bare = """
    delete from marketing.segment_kpis;
    drop table quarantine.data_quality_summary;
    update marketing.segment_profiles set net_revenue = null, net_revenue_share = null;
    """
    text = write(tmp_path, bare).text
    assert "No revenue to show" in text
    assert "No data-quality summary" in text


def test_columns_without_data_are_named_and_left_out(scored):
    assert "rating, 1 to 5" in scored.text.partition("does not hold them:")[2]
    assert '<th scope="col">Rating, 1 to 5</th>' not in scored.html


def test_data_quality_counts_every_table_with_its_reasons(scored):
    quality = scored.html.partition('<section id="quality">')[2]
    assert "<td>2,000</td><td>1,900</td>" in quality
    assert "exact duplicate 60" in quality
    assert "dated in the future 40" in quality
    assert "missing customer 7" in quality


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", '$x_{1}$ & "co"', "重要な顧客"])
def test_any_segment_name_is_shown_as_text(tmp_path, name):
    rename = f"""
    update marketing.segment_profiles set segment_name = '{name}'
    where segment_name = 'Champions';
    update marketing.segment_kpis set rfm_segment = '{name}' where rfm_segment = 'Champions';
    """
    report = write(tmp_path, TRAINING, SCORING, rename)
    assert "<script" not in report.html
    assert f'<th scope="row">{escape(name)}</th>' in report.html


def test_a_warehouse_without_marts_says_what_to_run(tmp_path):
    with open_warehouse(tmp_path / "empty.duckdb"):
        pass
    with pytest.raises(WarehouseError, match="dbt build"):
        write_report(tmp_path / "empty.duckdb", tmp_path / "report.html", print, k_anonymity=10)


def test_a_warehouse_without_customers_says_what_to_run(tmp_path):
    with pytest.raises(WarehouseError, match="segml load"):
        write(tmp_path, "delete from marketing.customer_segments")


def test_a_failed_write_gives_one_clear_line_and_keeps_the_earlier_report(tmp_path):
    report = write(tmp_path)
    folder = tmp_path / "taken"
    folder.mkdir()
    with pytest.raises(SettingsError, match="cannot be written"):
        write_report(tmp_path / "shop.duckdb", folder, print, k_anonymity=10)
    with pytest.raises(SettingsError, match="cannot be written"):
        write_report(
            tmp_path / "shop.duckdb", report.summary.path / "below.html", print, k_anonymity=10
        )
    assert report.summary.path.read_text(encoding="utf-8") == report.html
    assert [path.name for path in tmp_path.glob(".*")] == []


def section(report: Report, name: str) -> str:
    """Return the visible text of one section."""
    part = report.html.partition(f'<section id="{name}">')[2].partition("</section>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", part).replace("\xa0", " ").split())


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("people", "dormant regulars 150 customers, 75.0 % Share of revenue 60.0 %"),
        ("migration", "Champions 60"),
        ("cohorts", "May 2025 42 50 % 33 %"),
        ("campaigns", "win back email 30 3 13.50 54.00"),
        ("campaigns", "spring 300 100 +5.0 (+1.0 to +9.0) 1,234 enough customers"),
        ("recommendations", "Champions A-1"),
        ("recommendations", "all purchases recommended 61.0 %"),
        ("demand", "3 products are due to be ordered, for 750 currency units; 0 are overstocked."),
        ("demand", "kitchen 1,200 1,000–1,400 1,000 +20.0 %"),
        ("demand", "category forecast 12.0 % –"),
        ("rivals", "RFM rule +0.076"),
        ("drivers", "monetary 0.0500"),
        ("fairness", "female 639"),
        ("changes", "25 of 100 customers who were in both (25.0 %)"),
        ("changes", "Mean chance to buy 10.0 % 20.0 % +10.0 points"),
        ("model", "Profit per customer"),
    ],
)
def test_a_section_shows_what_its_table_holds(full, name, shown):
    assert shown in section(full, name)


def test_an_audience_below_the_privacy_limit_is_not_shown(full):
    assert "tiny" not in full.html


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("migration", "No movement to show"),
        ("cohorts", "No cohort has a whole month"),
        ("campaigns", "No audience of 10 customers or more"),
        ("recommendations", "No recommendations in this warehouse"),
        ("demand", "No forecast of demand in this warehouse"),
        ("rivals", "No rival was compared"),
        ("fairness", "No group of people was judged"),
        ("changes", "Only one scoring so far"),
    ],
)
def test_a_section_without_its_table_is_one_honest_line(scored, name, line):
    assert line in section(scored, name)


def test_ribbons_are_as_wide_as_the_customers_are_many(full):
    widths = [float(x) for x in re.findall(r'stroke-width="([\d.]+)" stroke-opacity', full.html)]
    assert sorted(widths) == pytest.approx([66.0, 88.0, 176.0])


def test_names_of_any_length_are_inside_the_flows(full):
    drawing = re.search(
        r'<div class="chart sankey"><svg[^>]*viewBox="0 0 (\d+) .*?</svg>', full.html
    )
    assert drawing
    places = re.findall(r'<text x="([\d.]+)" y="[\d.]+" text-anchor="(\w+)"', drawing[0])
    middle = int(drawing[1]) / 2
    assert all((float(x) < middle) == (anchor == "start") for x, anchor in places)


def catalogue(code: str) -> dict[str, str]:
    return dict(language(code).messages)


def test_both_catalogues_have_the_same_messages():
    assert catalogue("en").keys() == catalogue("zh").keys()


def test_a_translation_uses_only_values_that_the_original_is_given():
    given, used = (
        {key: set(re.findall(r"{(\w+)", text)) for key, text in catalogue(code).items()}
        for code in ("en", "zh")
    )
    given |= {key: {"day", "number", "year"} for key in given if key.startswith("date.")}
    assert [key for key in used if not used[key] <= given[key]] == []


def test_no_english_sentence_remains_in_the_chinese_report(chinese):
    assert re.findall(r'<section id="(\w+)"', chinese.html) == SECTIONS
    labels = " 。 ".join(re.findall(r'aria-label="([^"]*)"', chinese.html))
    spoken = re.sub(r"<code>.*?</code>", "", chinese.html)
    said = f"{Report(chinese.summary, spoken).text} 。 {labels}".replace("\xa0", " ")
    assert re.findall(r"[A-Za-z]+(?:[ ,]+[A-Za-z]+){2,}", said) == []


def test_names_from_the_warehouse_are_translated(chinese):
    assert "沉睡 常客" in section(chinese, "people")
    assert "挽回 电子邮件" in section(chinese, "campaigns")
    assert "近 90 天净收入" in section(chinese, "drivers")
    assert "2025年7月15日" in chinese.text
    assert '<html lang="zh">' in chinese.html


PERIODS = """
insert into ml.evaluation_metrics values
    ('run1', 'rfm_rule', 'validation', '2025-01-16', 'log_loss', 0.3, null, null),
    ('run1', 'logistic', 'cv_fold_1', '2024-10-18', 'log_loss', 0.62, null, null),
    ('run1', 'rfm_rule', 'cv_fold_1', '2024-10-18', 'log_loss', 0.61, null, null),
    ('run1', 'prior', 'cv_fold_1', '2024-10-18', 'log_loss', 0.9, null, null),
    ('run1', 'logistic', 'cv_fold_1', '2024-10-18', 'example_count', 1107, null, null);
"""


def test_earlier_periods_show_whether_the_test_was_luck(tmp_path):
    text = write(tmp_path, TRAINING, PERIODS).text
    assert (
        "The logistic regression had a lower log loss than every baseline in 2 of 3 periods, "
        "between 0.111 and 0.620."
    ) in text
    assert "18 October 2024 earlier period 1,107 0.620 0.610 -0.010" in text
    assert "16 April 2025 test 1,294 0.523 0.599 +0.076" in text


def test_one_period_says_nothing_about_luck(scored):
    assert "Was one good period luck?" not in scored.text


def test_a_recipe_that_was_kept_is_named_as_such(tmp_path):
    renamed = TRAINING.replace("'logistic'", "'logistic-as-served'")
    text = write(tmp_path, renamed).text
    assert "The logistic regression as served before beats the baselines." in text


def test_an_unknown_language_names_those_there_are(tmp_path):
    with pytest.raises(SettingsError, match="en, zh"):
        write(tmp_path, code="xx")


@pytest.mark.parametrize(
    ("first", "months", "expected"),
    [
        ("2024-07-01", 24, ["2025", "2026"]),
        ("2020-01-01", 100, ["2020", "2023", "2026"]),
        ("2025-02-01", 6, ["Feb 2025"]),
        ("2024-12-01", 2, ["Dec 2024", "Jan 2025"]),
    ],
)
def test_months_are_named_where_their_names_have_room(first, months, expected):
    table = pd.DataFrame(
        {
            "month_start_date": pd.date_range(first, periods=months, freq="MS"),
            "rfm_segment": "Champions",
            "net_revenue": 1.0,
        }
    )
    shop, nobody = pd.Series({"is_suppressed": False}), pd.DataFrame()
    rfm = pd.DataFrame({"segment_name": ["Champions"], "is_suppressed": [False]})
    segments = Segments(overall=shop, rfm=rfm, tiers=nobody, personas=nobody)
    ((_, _, drawing), *_) = charts.revenue_charts(ENGLISH, table, segments, date(2100, 1, 1))
    assert re.findall("<small>(.+?)</small>", drawing) == expected
