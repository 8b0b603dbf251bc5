"""Customers with a class and no history: splits, the alarm, one customer by values, intervals."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from segml.champions import promote, roll_back
from segml.dataset import FeatureSchema, customer_fold
from segml.errors import LoadingError, SettingsError, TrainingError
from segml.labelled.alarm import defining_features, describe_alarm
from segml.labelled.intervals import with_exact_shares
from segml.labelled.learning import train_on_labelled
from segml.labelled.mart import LabelledCustomers, parse_values
from segml.labelled.scoring import predict_values, score_unlabelled
from segml.labelled.splits import split_labelled
from segml.models import build_model, model_class
from segml.promotion import list_promotions
from segml.registry import find_version, list_versions, read_run
from segml.reporting import write_labelled_report
from segml.schemas import read_labelled_schema
from segml.settings import LABELLED_CUSTOMERS, Settings
from segml.warehouse import open_warehouse

CLASSES = ("basic", "plus")
FOLDS = {"cv_fold_1", "cv_fold_2", "cv_fold_3"}
SETTINGS = {"candidates": ("logistic",), "bootstrap_samples": 20}


@pytest.fixture(scope="module")
def named(shop):
    """Customers whose class follows from their number of orders, one test row in five."""
    label = (shop.features["order_count"].to_numpy() > 4).astype(np.int8)
    examples = replace(
        shop,
        value_tier=label,
        net_revenue=np.full(len(shop), np.nan),
        class_names=CLASSES,
        snapshot_date=np.full(len(shop), np.datetime64("NaT", "D")),
    )
    return LabelledCustomers(examples, np.arange(len(shop)) % 5 == 0)


def test_the_folds_partition_the_training_part_and_never_see_the_test_part(named):
    splits = split_labelled(named, folds=3, seed=1)
    validated = np.sum([fold.validate for fold in splits.folds], axis=0)
    assert np.array_equal(validated, ~named.is_test)
    for fold in splits.folds:
        assert not (fold.fit & fold.validate).any()
        assert not (fold.fit & named.is_test).any()


def test_every_fold_has_the_share_of_every_class(named):
    examples = named.examples
    for fold in split_labelled(named, folds=3, seed=1).folds:
        for label in range(2):
            whole = ((examples.value_tier == label) & ~named.is_test).sum()
            assert abs((examples.value_tier[fold.validate] == label).sum() - whole / 3) <= 1


def test_folds_do_not_depend_on_the_order_of_rows(named):
    order = np.random.default_rng(1).permutation(len(named.examples))
    shuffled = LabelledCustomers(named.examples.take(order), named.is_test[order])
    first, second = (split_labelled(each, folds=3, seed=1).folds[0] for each in (named, shuffled))
    assert np.array_equal(first.validate[order], second.validate)


def test_a_class_with_too_few_customers_is_named(named):
    label = named.examples.value_tier.copy()
    label[np.flatnonzero(label == 1)[9:]] = 0
    rare = replace(named, examples=replace(named.examples, value_tier=label))
    with pytest.raises(TrainingError, match="Class 'plus' has"):
        split_labelled(rare, folds=3, seed=1)


def test_one_class_cannot_be_learned(named):
    alone = replace(named.examples, value_tier=named.examples.value_tier * 0, class_names=("a",))
    with pytest.raises(TrainingError, match="class 'a'"):
        split_labelled(replace(named, examples=alone), folds=3, seed=1)


def test_a_feature_that_the_class_was_made_from_is_found(named):
    found = defining_features(named.examples, seed=1)
    assert next(iter(found)) == "order_count"
    assert "order_count" in describe_alarm(found)
    assert "noise" not in found


def test_a_class_that_is_drawn_by_chance_raises_no_alarm(named):
    label = np.random.default_rng(2).integers(0, 2, len(named.examples)).astype(np.int8)
    assert defining_features(replace(named.examples, value_tier=label), seed=1) == {}
    assert describe_alarm({}) == ""


def test_a_large_class_alone_raises_no_alarm(named):
    label = (np.arange(len(named.examples)) % 50 == 0).astype(np.int8)
    assert defining_features(replace(named.examples, value_tier=label), seed=1) == {}


def test_the_single_feature_rule_takes_the_feature_that_decides(named, tmp_path):
    train = named.examples.take(~named.is_test)
    model = build_model("single_feature", seed=1).fit(train)
    assert model.feature_ == "order_count"
    unseen = named.examples.take(named.is_test)
    probabilities = model.predict(unseen).tier_probabilities
    assert (probabilities.argmax(axis=1) == unseen.value_tier).all()
    model.save(tmp_path)
    restored = model_class("single_feature").load(tmp_path).predict(unseen)
    assert np.array_equal(restored.tier_probabilities, probabilities)


def test_the_single_feature_rule_answers_for_what_it_never_saw(named):
    by_country = replace(
        named.examples,
        schema=FeatureSchema((), ("country",)),
        value_tier=(named.examples.features["country"] == "FR").to_numpy().astype(np.int8),
    )
    model = build_model("single_feature", seed=1).fit(by_country)
    strange = replace(by_country, features=by_country.features.assign(country="Atlantis"))
    share = (by_country.value_tier == 1).mean()
    assert model.predict(strange).tier_probabilities[:, 1] == pytest.approx(share)


def test_the_single_feature_rule_needs_a_feature_that_varies(named):
    constant = replace(named.examples, schema=FeatureSchema(("rating_mean",), ()))
    with pytest.raises(TrainingError, match="two different values"):
        build_model("single_feature", seed=1).fit(constant)


def test_right_answers_for_all_of_a_small_sample_leave_doubt(named):
    twenty = named.examples.take(np.arange(20))
    metrics = pd.DataFrame(
        {
            "model_name": "m",
            "split": "test",
            "metric": ["accuracy", "log_loss"],
            "value": [1.0, 0.1],
            "ci_low": [1.0, 0.05],
            "ci_high": [1.0, 0.15],
        }
    )
    exact = with_exact_shares(metrics, {"test": twenty})
    assert exact.loc[0, "ci_low"] == pytest.approx(0.025 ** (1 / 20))
    assert exact.loc[0, "ci_high"] == 1
    assert exact.loc[1].equals(metrics.loc[1])


def test_values_are_split_at_names_not_at_every_comma():
    found = parse_values("age=25, category=Home, Garden & Co,income=30")
    assert found == {"age": "25", "category": "Home, Garden & Co", "income": "30"}


@pytest.mark.parametrize("text", ["age", "=25", "age=1,age=2", ""])
def test_values_of_another_form_are_refused(text):
    with pytest.raises(LoadingError, match="--values cannot be read"):
        parse_values(text)


@pytest.fixture(scope="module")
def warehouse_path(tmp_path_factory):
    """A warehouse with the tables that dbt builds for 200 labelled customers and 10 without."""
    path = tmp_path_factory.mktemp("labelled") / "warehouse.duckdb"
    generator = np.random.default_rng(4)
    age, income = generator.uniform(18, 80, 210), generator.lognormal(10, 0.4, 210)
    score = (age - 45) / 15 + generator.normal(0, 0.7, 210)
    names = np.where(score > 0.5, "senior, loyal", np.where(score < -0.5, "new", "regular"))
    keys = pd.Series(np.arange(210)).map(lambda number: f"00000000-0000-0000-0000-{number:012d}")
    customers = pd.DataFrame(
        {
            "customer_key": keys,
            "split_role": np.where(
                np.arange(210) >= 200,
                "scoring",
                np.where(customer_fold(keys.to_numpy(dtype=str), 5, "t") == 0, "test", "train"),
            ),
            "class_name": np.where(np.arange(210) < 200, names, None),
            "age": age,
            "income": income,
            "rating": np.nan,
            "category": generator.choice(["Books", "Toys"], 210),
            "age_band": np.where(age < 50, "<50", "50+"),
        }
    )
    with open_warehouse(path) as warehouse:
        for schema in ("features", "ml"):
            warehouse.execute(f"create schema {schema}")
        warehouse.connection.register("customers", customers)
        warehouse.execute(
            "create table features.labelled_customer_features as "
            "select * replace (customer_key::uuid as customer_key) from customers"
        )
        warehouse.execute(
            "create table features.labelled_age_bands as from (values "
            "('<50', '-infinity'::double, 50::double), ('50+', 50::double, 'infinity'::double)) "
            "t(age_band, lower_edge, upper_edge)"
        )
        warehouse.execute(
            "create table features.labelled_feature_parameters as from (values "
            "('age', 18::double, 80::double, 160), ('income', 8000::double, 90000::double, 160)) "
            "t(feature, minimum_value, maximum_value, known_count)"
        )
        warehouse.execute("create schema marketing")
        warehouse.execute(
            "create view marketing.labelled_customer_segments as select coalesce(class_name, "
            "'new') as segment, if(class_name is null, 'predicted', 'given') as segment_source "
            "from features.labelled_customer_features"
        )
        create_ml_tables(warehouse)
    return path


def create_ml_tables(warehouse):
    """Create the declared tables, as dbt does at the start of a run."""
    path = Path(__file__).parents[2] / "models/staging/segml/_segml__sources.yml"
    for table in yaml.safe_load(path.read_text(encoding="utf-8"))["sources"][0]["tables"]:
        columns = ", ".join(f"{item['name']} {item['data_type']}" for item in table["columns"])
        warehouse.execute(f"create table ml.{table['name']} ({columns})")


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return Settings(artifact_dir=tmp_path_factory.mktemp("artifacts"), **SETTINGS)


def train(warehouse_path, settings):
    return train_on_labelled(warehouse_path, settings, lambda _: None, k_anonymity=10)


@pytest.fixture(scope="module")
def trained(warehouse_path, settings):
    return train(warehouse_path, settings)


@pytest.fixture
def change_copy(warehouse_path, trained, tmp_path):  # noqa: ARG001  (the warehouse once trained)
    """Change the trained warehouse where no other test sees it; the name leads to its models."""

    def change(sql=None):
        copy = tmp_path / warehouse_path.name
        copy.write_bytes(warehouse_path.read_bytes())
        if sql:
            with open_warehouse(copy) as warehouse:
                warehouse.execute(sql)
        return copy

    return change


def test_labelled_customers_have_a_champion_of_their_own(warehouse_path, trained, settings):
    with open_warehouse(warehouse_path) as warehouse:
        warehouse.execute(
            "insert into ml.model_versions by name select 'of the shop' as model_version, "
            "'run' as run_id, 'prior' as model_name, 'champion' as status"
        )
    again = train(warehouse_path, settings)
    assert again.version.model_version == trained.version.model_version
    with open_warehouse(warehouse_path) as warehouse:
        found = find_version(warehouse, data_set=LABELLED_CUSTOMERS)
        assert found.model_version == trained.version.model_version
        assert find_version(warehouse).model_version == "of the shop"
        assert len(list_versions(warehouse)) == 1
        assert len(list_versions(warehouse, data_set=None)) == 2
        warehouse.execute("delete from ml.model_versions where run_id = 'run'")


def test_training_measures_each_class_and_no_revenue(trained):
    metrics = trained.metrics
    assert set(metrics["split"]) == {"validation", "test", *FOLDS}
    folds = metrics[metrics["split"].isin(FOLDS) & (metrics["metric"] == "example_count")]
    assert (folds.groupby("model_name")["value"].sum() == 160).all()
    assert {"recall_new", "roc_auc_senior, loyal"} <= set(metrics["metric"])
    assert not metrics["metric"].str.contains("revenue").any()
    assert metrics["snapshot_date"].isna().all()
    losses = metrics[metrics["metric"] == "log_loss"].set_index(["split", "model_name"])["value"]
    assert losses["test", trained.version.model_name] < losses["test", "prior"]
    assert trained.warning == ""


def test_each_group_of_people_is_measured_by_cross_validation(warehouse_path, trained):
    with open_warehouse(warehouse_path) as warehouse:
        fairness = read_run(warehouse, trained.version.run_id).fairness
    assert set(fairness["dimension"]) == {"age_band"}
    assert set(fairness["metric"]) == {
        "customer_count",
        "accuracy",
        "log_loss",
        "class_share_gap",
    }
    counts = fairness[fairness["metric"] == "customer_count"].set_index("group_name")["value"]
    assert set(counts.index) == {"<50", "50+"}
    assert counts.sum() == 160


def test_a_first_model_is_served_and_the_same_again_stays(warehouse_path, trained, settings):
    assert trained.version.status == "champion"
    assert "there was no champion" in trained.version.decision
    again = train(warehouse_path, settings)
    assert again.version.status == "champion"
    assert "too: it has learned again" in again.version.decision


def test_another_model_takes_over_only_with_confidence(change_copy, trained, settings):
    copy = change_copy()
    worse = train(copy, replace(settings, model="prior"))
    assert worse.version.status == "candidate"
    assert "prior is not better with 90% confidence" in worse.version.decision
    with open_warehouse(copy) as warehouse:
        champion = find_version(warehouse, data_set=LABELLED_CUSTOMERS)
        assert champion.model_version == trained.version.model_version
        assert list_promotions(warehouse) == []
    promote(copy, settings, worse.version.model_version)
    better = train(copy, replace(settings, seed=7))
    assert better.version.status == "champion"
    assert "against the champion's prior" in better.version.decision
    assert roll_back(copy, settings, data_set=LABELLED_CUSTOMERS).model_version == (
        worse.version.model_version
    )
    with open_warehouse(copy) as warehouse:
        promotions = list_promotions(warehouse, data_set=LABELLED_CUSTOMERS)
    assert [item.actor for item in promotions] == ["auto", "manual", "auto", "manual"]
    assert promotions[2].p_better > 0.9


def report_on(path, code="en", k_anonymity=10):
    written = write_labelled_report(
        path,
        path.with_name("report.html"),
        lambda _: None,
        k_anonymity=k_anonymity,
        language_code=code,
    )
    return written.read_text(encoding="utf-8")


def visible(html):
    text = re.sub(r"<[^>]+>", " ", html.partition("<body>")[2])
    return " ".join(text.replace("\xa0", " ").split())


@pytest.mark.usefixtures("trained")
def test_the_report_says_how_well_each_class_is_known(warehouse_path):
    html = report_on(warehouse_path)
    assert html == report_on(warehouse_path)
    assert "http" not in html
    text = visible(html)
    assert "The logistic regression beats the baselines." in text
    assert re.search(r"Over the 3 folds .* lay between 0\.\d+ and 0\.\d+", text)
    for name in ("senior, loyal", "regular", "new"):
        assert re.search(rf"{name} \d+\.\d % \d+\.\d % \(", text)
    assert len(re.findall(r'<td class="heat"', html)) == 9
    assert "Age band" in text
    assert "One column alone names the class" not in text


@pytest.mark.usefixtures("trained")
def test_the_report_hides_small_classes(warehouse_path):
    text = visible(report_on(warehouse_path, k_anonymity=50))
    assert "fewer than 50" in text


@pytest.mark.usefixtures("trained")
def test_the_report_speaks_chinese(warehouse_path):
    text = visible(report_on(warehouse_path, code="zh"))
    assert "各类别的识别情况" in text
    assert not re.search(r"[A-Za-z]+ (?:is|are|of|the) [a-z]+", text.partition("名词解释")[0])


def test_the_report_warns_of_a_class_that_one_column_defines(change_copy):
    copy = change_copy(
        "update ml.evaluation_metrics set value = 0.99 where model_name = 'single_feature' "
        "and metric = 'accuracy'"
    )
    assert "One column alone names the class" in visible(report_on(copy))


def test_columns_of_ones_own_are_features_and_groups(change_copy, settings):
    copy = change_copy(
        "create or replace table features.labelled_customer_features as select *, "
        "map {'balance': 40 - age, 'points': null::double} as own_numbers, "
        "map {'gender': if(income > 22000, 'f', 'm')} as own_texts "
        "from features.labelled_customer_features"
    )
    trained = train(copy, settings)
    assert "added: balance, points" in trained.version.decision
    with open_warehouse(copy) as warehouse:
        schema = read_labelled_schema(warehouse, settings)
        fairness = read_run(warehouse, trained.version.run_id).fairness
    assert schema.numeric[-2:] == ("balance", "points")
    assert schema.categorical == ("category", "age_band", "gender")
    assert set(fairness["dimension"]) == {"age_band", "gender"}
    assert score_unlabelled(copy, settings, lambda _: None).customer_count == 10
    values = {"age": "75", "balance": "-35", "gender": "f"}
    assert predict_values(copy, settings, values).predicted_class == "senior, loyal"


def test_other_classes_cannot_be_served_by_the_old_model(change_copy, settings):
    copy = change_copy(
        "update features.labelled_customer_features set class_name = 'gone' "
        "where class_name = 'new'"
    )
    renamed = train(copy, settings)
    assert renamed.version.status == "champion"
    assert "It knows the classes new, regular, senior, loyal" in renamed.version.decision


@pytest.mark.usefixtures("trained")
def test_customers_without_a_class_are_predicted_once(warehouse_path, settings):
    for _ in range(2):
        scoring = score_unlabelled(warehouse_path, settings, lambda _: None)
    assert scoring.customer_count == sum(scoring.class_counts.values()) == 10
    with open_warehouse(warehouse_path) as warehouse:
        rows = warehouse.rows(
            "select predicted_class, probability, class_probabilities, reasons "
            "from ml.labelled_predictions"
        )
    assert len(rows) == 10
    for name, probability, probabilities, reasons in rows:
        assert sum(probabilities.values()) == pytest.approx(1)
        assert probabilities[name] == max(probabilities.values()) == probability
        assert all(f"{name}" in reason and "speaks" in reason for reason in reasons)


@pytest.mark.usefixtures("trained")
def test_one_customer_by_values_is_answered_with_reasons(warehouse_path, settings):
    answer = predict_values(warehouse_path, settings, {"age": "75", "category": "Toys"})
    assert answer.predicted_class == "senior, loyal"
    assert sum(answer.class_probabilities.values()) == pytest.approx(1)
    assert any("age 75" in reason and "speaks for" in reason for reason in answer.reasons)
    assert answer.notes == ("not given, so taken as unknown: income, rating",)


@pytest.mark.usefixtures("trained")
def test_a_value_in_another_unit_is_noted(warehouse_path, settings):
    answer = predict_values(warehouse_path, settings, {"age": "30", "income": "30"})
    assert any("income 30 lies outside of 8,000 to 90,000" in note for note in answer.notes)


@pytest.mark.usefixtures("trained")
@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"age_band": "50+"}, "Choose from age"),
        ({"age": "old"}, "no number"),
        ({"age": "-1"}, "-1"),
    ],
)
def test_values_that_mean_nothing_are_refused(warehouse_path, settings, values, message):
    with pytest.raises(LoadingError, match=message):
        predict_values(warehouse_path, settings, values)


def test_a_model_that_needs_a_history_is_refused(warehouse_path, settings):
    with pytest.raises(SettingsError, match="rfm_rule needs the history"):
        train(warehouse_path, replace(settings, model="rfm_rule"))
