"""A small mart in a real warehouse: who is served after each run, and why."""

import json
import shutil
import uuid
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import yaml
from threadpoolctl import threadpool_info, threadpool_limits

from segml.artifacts import ServedModel
from segml.champions import promote, roll_back
from segml.cli.judgement import print_comparisons, print_fairness, print_profit
from segml.errors import ArtifactError, LeakageError, WarehouseError
from segml.learning import train_from_warehouse
from segml.promotion import Promotion, list_promotions, reigning_versions
from segml.registry import find_version, list_versions, read_run
from segml.scoring import score
from segml.settings import Settings
from segml.warehouse import open_warehouse

SOURCES = Path(__file__).resolve().parents[2] / "models/staging/segml/_segml__sources.yml"
HORIZON_DAYS = 30
ROLES = ("train", "train", "validation", "test")
TIERS = np.array(["low", "mid", "high"])


@dataclass(frozen=True)
class Shop:
    """A warehouse file and the settings of its runs."""

    path: Path
    settings: Settings

    def train(self, *, reuse=False, **changes):
        settings = replace(self.settings, **changes)
        return train_from_warehouse(
            self.path, settings, lambda _: None, k_anonymity=10, reuse=reuse
        )

    def execute(self, *statements):
        with open_warehouse(self.path) as warehouse:
            for statement in statements:
                warehouse.execute(statement)

    def champion(self):
        with open_warehouse(self.path, read_only=True) as warehouse:
            return find_version(warehouse)

    def versions(self):
        with open_warehouse(self.path, read_only=True) as warehouse:
            return {item.model_version: item for item in list_versions(warehouse)}

    def promotions(self):
        with open_warehouse(self.path, read_only=True) as warehouse:
            return list_promotions(warehouse)


def build_mart(path, examples, roles):
    """Write snapshots, features and labels; a scoring snapshot follows the last labelled one."""
    days = np.unique(examples.snapshot_date).astype(object).tolist()
    as_of = days[-1] + timedelta(days=HORIZON_DAYS)
    scoring = examples.take(examples.snapshot_date == examples.snapshot_date.max())
    features = examples.features.assign(
        snapshot_date=examples.snapshot_date.astype("M8[us]"),
        recency_days=examples.features["recency_days"] + 1,  # the last order is before the day
    )
    newest = features.tail(len(scoring)).assign(snapshot_date=np.datetime64(as_of, "us"))
    keys = [str(uuid.uuid5(uuid.NAMESPACE_OID, key)) for key in examples.customer_key]
    labels = features[["snapshot_date"]].assign(
        customer_key=keys,
        value_tier=TIERS[examples.value_tier],
        horizon_net_revenue=examples.net_revenue,
    )
    with open_warehouse(path) as warehouse:
        warehouse.execute("create schema features")
        warehouse.execute("create schema ml")
        warehouse.execute(
            "create table features.snapshots (snapshot_date date, label_end_date date, "
            "snapshot_role varchar, as_of_date date, horizon_days integer)"
        )
        for day, role in zip([*days, as_of], [*roles, "scoring"], strict=True):
            end = day + timedelta(days=HORIZON_DAYS)
            warehouse.execute(
                "insert into features.snapshots values (?, ?, ?, ?, ?)",
                [day, end, role, as_of, HORIZON_DAYS],
            )
        warehouse.execute(
            "create table features.value_tier_threshold as select 60.0 as high_value_threshold"
        )
        first = features.assign(customer_key=keys)
        last = newest.assign(customer_key=keys[-len(newest) :])
        for name, frame in (("first", first), ("last", last), ("labels", labels)):
            warehouse.connection.register(name, frame)
        warehouse.execute(
            "create table features.customer_features as select * replace "
            "(cast(customer_key as uuid) as customer_key, cast(snapshot_date as date) as "
            "snapshot_date) from (from first union all by name from last)"
        )
        warehouse.execute(
            "create table features.customer_labels as select * replace "
            "(cast(customer_key as uuid) as customer_key, cast(snapshot_date as date) as "
            "snapshot_date) from labels"
        )
        warehouse.execute(
            "create view features.training_examples as from features.customer_features "
            "left join features.customer_labels using (customer_key, snapshot_date)"
        )
        for table in yaml.safe_load(SOURCES.read_text(encoding="utf-8"))["sources"][0]["tables"]:
            columns = ", ".join(f"{c['name']} {c['data_type']}" for c in table["columns"])
            warehouse.execute(f"create table ml.{table['name']} ({columns})")


@pytest.fixture(scope="module")
def trained(tmp_path_factory, make_examples):
    """A shop after its first run, which chose logistic."""
    folder = tmp_path_factory.mktemp("shop")
    examples = make_examples(300, len(ROLES), seed=2)
    build_mart(folder / "shop.duckdb", examples, ROLES)
    settings = Settings(
        candidates=("logistic",), bootstrap_samples=20, artifact_dir=folder / "artifacts"
    )
    shop = Shop(folder / "shop.duckdb", settings)
    shop.train()
    return shop


@pytest.fixture
def shop(trained, tmp_path):
    """A copy that a test may change."""
    shutil.copytree(trained.path.parent, tmp_path, dirs_exist_ok=True)
    settings = replace(trained.settings, artifact_dir=tmp_path / "artifacts")
    return Shop(tmp_path / "shop.duckdb", settings)


def test_the_first_run_is_served_and_everything_it_measured_is_stored(trained):
    champion = trained.champion()
    assert champion.model_name == "logistic"
    assert champion.decision.endswith("served: there was no champion")
    (promotion,) = trained.promotions()
    assert (promotion.actor, promotion.previous_version) == ("auto", None)
    with open_warehouse(trained.path, read_only=True) as warehouse:
        run = read_run(warehouse, champion.run_id)
    assert set(run.comparisons["challenger_name"]) == {"prior", "rfm_rule"}
    assert set(run.fairness["dimension"]) == {"country"}
    assert {"profit", "deciles_revenue", "lift_high"} <= set(run.curves["curve"])
    assert "best_profit_per_customer" in set(run.metrics["metric"])


def test_what_was_measured_can_be_read_at_a_glance(trained, capsys):
    with open_warehouse(trained.path, read_only=True) as warehouse:
        run = read_run(warehouse, trained.champion().run_id)
    print_comparisons(run.comparisons)
    print_profit(run.metrics, run.curves, "logistic")
    print_fairness(run.fairness, "logistic")
    shown = capsys.readouterr().out
    assert "Rivals less logistic" in shown
    assert "whoever is expected to pay" in shown
    assert "predicted revenue" in shown
    rows = [line.split() for line in shown.splitlines() if line.strip().startswith("country")]
    assert [row[1] for row in rows] == ["DE", "FR", "UK", "unknown"]
    assert sum(int(row[2]) for row in rows) == 300


def test_learning_the_same_again_changes_nobody(shop):
    before = shop.champion()
    again = shop.train()
    assert again.version.model_version == before.model_version
    assert again.version.status == shop.champion().status == "champion"
    assert len(shop.versions()) == len(shop.promotions()) == 1
    assert len(list((shop.settings.artifact_dir / "shop").iterdir())) == 1


def test_a_challenger_that_is_not_better_waits_as_a_candidate(shop):
    before = shop.champion()
    run = shop.train(model="rfm_rule")
    assert run.version.status == "candidate"
    assert "rfm_rule is not better with 90% confidence" in run.version.decision
    assert shop.champion() == before
    assert score(shop.path, shop.settings, lambda _: None).model_name == "logistic"


def test_no_two_threads_share_a_tree_while_customers_are_scored(shop, monkeypatch):
    threads, predict = [], ServedModel.predict

    def watched(model, examples):
        pools = threadpool_info()
        threads.extend(pool["num_threads"] for pool in pools if pool["user_api"] == "openmp")
        return predict(model, examples)

    monkeypatch.setattr(ServedModel, "predict", watched)
    with threadpool_limits(2, user_api="openmp"):
        score(shop.path, shop.settings, lambda _: None)
    assert set(threads) == {1}


def test_a_person_may_promote_and_roll_back(shop):
    before = shop.champion().model_version
    candidate = shop.train(model="rfm_rule").version.model_version
    promoted = promote(shop.path, shop.settings, candidate)
    assert (promoted.actor, promoted.previous_version) == ("manual", before)
    assert score(shop.path, shop.settings, lambda _: None).model_name == "rfm_rule"
    back = roll_back(shop.path, shop.settings)
    assert (back.action, back.model_version) == ("rollback", before)
    assert {item.status for item in shop.versions().values()} == {"champion", "retired"}
    with pytest.raises(ArtifactError, match="Nothing was served before"):
        roll_back(shop.path, shop.settings)


def test_a_loop_on_unchanged_data_keeps_what_a_person_chose(shop):
    candidate = shop.train(model="rfm_rule").version.model_version
    promote(shop.path, shop.settings, candidate)
    run = shop.train(reuse=True)  # the first run's settings, which chose logistic
    assert run.is_reused
    assert shop.champion().model_version == candidate


def test_a_rejected_challenger_is_not_trained_again_on_unchanged_data(shop):
    shop.train(model="rfm_rule")
    assert shop.train(model="rfm_rule", reuse=True).is_reused


NEWER_OUTCOMES = "update features.customer_labels set horizon_net_revenue = horizon_net_revenue + 1"


def test_newer_outcomes_refresh_the_champions_kind_when_the_challenger_is_not_better(shop):
    before = shop.champion()
    shop.execute(NEWER_OUTCOMES)
    run = shop.train(model="rfm_rule")
    champion = shop.champion()
    assert (run.version.model_name, run.version.status) == ("rfm_rule", "candidate")
    assert champion.model_name == "logistic"
    assert champion.run_id == run.version.run_id != before.run_id
    assert "learned from the newer outcomes" in shop.promotions()[-1].reason
    assert 0 <= shop.promotions()[-1].p_better < 0.9
    assert roll_back(shop.path, shop.settings).model_version == before.model_version
    assert score(shop.path, shop.settings, lambda _: None).model_version == before.model_version


def test_a_champion_that_does_not_fit_the_features_gives_way(shop):
    run = shop.train(model="rfm_rule", excluded_features=("noise",))
    assert run.version.status == "champion"
    assert "cannot be served: The features differ" in run.version.decision


def test_a_rollback_to_lost_files_is_refused_and_changes_nothing(shop):
    lost = shop.champion()
    promote(shop.path, shop.settings, shop.train(model="rfm_rule").version.model_version)
    shutil.rmtree(shop.settings.artifact_dir / "shop" / lost.artifact_path)
    with pytest.raises(ArtifactError, match="is missing"):
        roll_back(shop.path, shop.settings)
    assert shop.champion().model_name == "rfm_rule"


def test_a_version_with_another_horizon_is_refused(shop):
    candidate = shop.train(model="rfm_rule").version.model_version
    shop.execute(f"update features.snapshots set horizon_days = {HORIZON_DAYS - 1}")
    with pytest.raises(ArtifactError, match="looks 30 days ahead"):
        promote(shop.path, shop.settings, candidate)


def test_a_feature_that_knows_the_outcome_stops_the_run_until_it_is_excluded(shop):
    before = shop.versions()
    shop.execute(
        "update features.customer_features set noise = horizon_net_revenue "
        "from features.customer_labels as labels "
        "where labels.customer_key = customer_features.customer_key "
        "and labels.snapshot_date = customer_features.snapshot_date"
    )
    with pytest.raises(LeakageError, match="`noise` alone nearly determines the outcome"):
        shop.train()
    assert shop.versions() == before
    assert shop.train(excluded_features=("noise",)).version.status == "champion"


def test_a_run_far_better_than_its_history_is_not_registered(shop):
    before = shop.versions()
    shop.execute(
        "update ml.evaluation_metrics set run_id = 'earlier', value = value * 2 "
        "where model_name = 'logistic' and metric = 'log_loss'",
        "update ml.evaluation_metrics set run_id = 'earlier' where metric = 'log_loss'",
        "insert into ml.model_versions by name "
        "select * replace ('earlier' as run_id, 'earlier' as model_version, 'retired' as status) "
        "from ml.model_versions",
    )
    with pytest.raises(LeakageError, match="logistic is implausibly good"):
        shop.train(seed=7)
    assert set(shop.versions()) == {*before, "earlier"}
    assert shop.train(seed=7, leak_alarm=False).version.model_name == "logistic"


def test_windows_that_overlap_stop_the_run(shop):
    shop.execute(
        "update features.snapshots set snapshot_role = 'validation' where snapshot_role = 'test'",
        "update features.snapshots set snapshot_role = 'test' where snapshot_date = "
        "(select min(snapshot_date) + 30 from features.snapshots)",
    )
    with pytest.raises(LeakageError, match="after the test snapshot of"):
        shop.train()


def test_excluded_features_still_make_a_baseline_and_divide_people(shop):
    run = shop.train(excluded_features=("rfm_segment", "country"))
    assert "rfm_rule" in set(run.metrics["model_name"])
    with open_warehouse(shop.path, read_only=True) as warehouse:
        measured = read_run(warehouse, run.version.run_id)
    assert not {"rfm_segment", "country"} & set(measured.importance["feature"])
    assert set(measured.fairness["dimension"]) == {"country"}


def test_a_warehouse_of_an_older_segml_says_what_to_run(shop):
    shop.execute("drop table ml.promotions")
    for act in (shop.train, lambda: roll_back(shop.path, shop.settings)):
        with pytest.raises(WarehouseError, match=r"no table ml\.promotions.*dbt build"):
            act()
    shop.execute("alter table ml.model_versions drop column data_set")
    with pytest.raises(WarehouseError, match=r"of an older segml.*dbt build"):
        shop.champion()


def change(action, version, previous):
    return Promotion(
        promoted_at=None,
        action=action,
        actor="manual",
        model_version=version,
        previous_version=previous,
        reason="",
    )


def test_rollbacks_go_further_back_instead_of_to_and_fro():
    changes = [change("promote", "b", "a"), change("promote", "c", "b")]
    assert reigning_versions(changes) == ["a", "b", "c"]
    changes.append(change("rollback", "b", "c"))
    assert reigning_versions(changes) == ["a", "b"]
    changes.append(change("promote", "d", "b"))
    assert reigning_versions(changes) == ["a", "b", "d"]


TUNED = {"logistic": {"strength": 0.5}}


def test_other_parameters_of_the_champions_kind_must_be_better_to_be_served(shop):
    settings = json.loads(shop.champion().settings_json) | {"parameters": TUNED}
    shop.execute(f"update ml.model_versions set settings_json = '{json.dumps(settings)}'")
    before = shop.champion()
    run = shop.train(seed=7, promotion_confidence=1.0)
    assert (run.version.model_name, run.version.status) == ("logistic", "candidate")
    assert "against the champion's logistic, with the parameters it has, " in run.version.decision
    assert shop.champion() == before
    shop.execute(NEWER_OUTCOMES)
    run = shop.train(promotion_confidence=1.0)
    kept = shop.champion()
    assert run.version.status == "candidate"
    assert (kept.model_name, kept.run_id) == ("logistic-as-served", run.version.run_id)
    assert json.loads(kept.settings_json)["parameters"] == TUNED
    assert score(shop.path, shop.settings, lambda _: None).model_version == kept.model_version
