"""How good segml's predictions are beside those of its peers, on a future nobody has seen.

Every model sees the same snapshots and is judged on the same test snapshot by the same metrics.
Peers learn from the development rows, as segml does before its test; nobody sees the test window.

Examples
--------
python benchmarks/quality.py uci --folder /tmp/quality
python benchmarks/quality.py demo --others 100000 --folder /tmp/quality
python benchmarks/quality.py --mapping my.yml --data my.parquet --folder /tmp/quality
python benchmarks/quality.py uci --shuffled
python benchmarks/quality.py --published
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from peers.buy_till_you_die import MODELS, published_check, rank
from peers.data_sets import KNOWN, DataSet, Task, prepare
from peers.known_process import with_known_process
from peers.scores import METRICS, Ranking, score_ranking, score_tiers
from peers.tabular import PEERS
from segml.bootstrap import Measurement
from segml.comparison import COMPARED_METRICS, difference
from segml.dataset import Examples
from segml.settings import Settings
from segml.training import TrainingResult, train

AUTO, ORACLE = "**segml auto**", "oracle:"
DUELS = ("log_loss", "roc_auc_purchase", "roc_auc_high")


def main() -> None:
    """Prepare one data set, measure everybody on it and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data_set", nargs="?", choices=tuple(KNOWN))
    parser.add_argument("--mapping", type=Path, help="a mapping file, for data of your own")
    parser.add_argument("--data", type=Path, help="the file or folder it maps")
    parser.add_argument("--horizon-days", type=int, default=DataSet.horizon_days)
    parser.add_argument(
        "--shop-seed", type=int, default=DataSet.seed, help="other customers of the demo shop"
    )
    parser.add_argument("--seed", type=int, default=Settings().seed, help="the first of them")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--peers", nargs="*", choices=tuple(PEERS), default=tuple(PEERS))
    parser.add_argument("--candidates", nargs="+", default=Settings().candidates)
    parser.add_argument("--max-examples", type=int, default=Settings().max_training_examples)
    parser.add_argument("--tune", type=int, default=0, help="trials per candidate")
    parser.add_argument("--uncalibrated", action="store_true", help="setting calibrate=false")
    parser.add_argument(
        "--others", type=int, default=0, help="customers from whom oracles learn the demo's process"
    )
    parser.add_argument("--repeated", action="store_true", help="train twice with one seed")
    parser.add_argument("--shuffled", action="store_true", help="negative control")
    parser.add_argument("--published", action="store_true", help="check against published numbers")
    parser.add_argument("--folder", type=Path, help="keeps the marts for the next call")
    arguments = parser.parse_args()
    if arguments.published:
        for name, (measured, published) in published_check().items():
            print(f"{name}: hold-out correlation {measured:.4f}, published {published:.3f}")
        return
    if arguments.data_set is None and arguments.mapping is None:
        parser.error("name a data set, or a --mapping file with its --data")
    data_set = (
        KNOWN[arguments.data_set]
        if arguments.data_set
        else DataSet(arguments.mapping.stem, arguments.mapping, arguments.data)
    )
    data_set = replace(data_set, horizon_days=arguments.horizon_days, seed=arguments.shop_seed)
    settings = Settings(
        candidates=tuple(arguments.candidates),
        seed=arguments.seed,
        bootstrap_samples=0,
        tune_trials=arguments.tune,
        calibrate=not arguments.uncalibrated,
        max_training_examples=arguments.max_examples,
    )
    with TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        task = prepare(data_set, folder, settings)
        reference = None
        if arguments.others and data_set.data is None:
            others = replace(data_set, customers=arguments.others, seed=data_set.seed + 1)
            reference = prepare(others, folder, settings)
    if arguments.repeated:
        check_repeated(task, settings)
    elif arguments.shuffled:
        check_shuffled(task, settings, arguments.seeds)
    else:
        compare(task, settings, arguments.seeds, reference, tuple(arguments.peers))


def compare(
    task: Task, settings: Settings, seeds: int, reference: Task | None, peers: tuple[str, ...]
) -> None:
    """Print every model's test metrics, and how segml auto stands to the best of the others."""
    print(f"{task.name}: {len(task.development):,} rows to learn from, {task.splits.scheme}")
    validation = task.examples.value_tier[task.splits.validation]
    print(
        f"test on {len(task.test):,} customers of {task.splits.test_date}: "
        f"{np.mean(task.test.value_tier > 0):.0%} of them bought, "
        f"{np.mean(validation > 0):.0%} of those to validate on\n",
        flush=True,
    )
    scores = [(name, score_ranking(rank(name, task), task.test)) for name in MODELS]
    scores += _oracles(task)
    if reference is not None:
        known = with_known_process(task, reference, settings.seed)
        scores += [
            (f"{ORACLE} {name}", score_tiers(forecast, task.test))
            for name, forecast in known.items()
        ]
    for seed in range(settings.seed, settings.seed + seeds):
        scores += _segml_scores(task, replace(settings, seed=seed))
        scores += [(name, score_tiers(PEERS[name](task, seed), task.test)) for name in peers]
    print_table(scores)
    print_duels(scores)


def _segml_scores(task: Task, settings: Settings) -> list[tuple[str, Measurement]]:
    """Train as a user would."""
    start = time.perf_counter()
    result = _train(task, task.examples, settings)
    seconds = time.perf_counter() - start
    print(f"seed {settings.seed}: {seconds:.0f} s; {result.decision}\n", flush=True)
    scores = {
        name: score_tiers(judgement.predictions, task.test)
        for name, judgement in result.tested.items()
    }
    champion = scores[result.chosen.name]
    return [*((f"segml {name}", score) for name, score in scores.items()), (AUTO, champion)]


def _train(task: Task, examples: Examples, settings: Settings) -> TrainingResult:
    return train(
        examples,
        task.plan.roles,
        horizon_days=task.plan.horizon_days,
        settings=settings,
        progress=lambda _: None,
    )


def _oracles(task: Task) -> list[tuple[str, Measurement]]:
    """Return what is possible at all, where the process behind the data is known."""
    if task.truth is None:
        return []
    names = {"true": "the process itself", "history": "traits and order dates"}
    return [
        (
            f"{ORACLE} {label}",
            score_ranking(
                Ranking(
                    task.truth[f"{kind}_purchase_probability"].to_numpy(),
                    task.truth[f"{kind}_expected_net_revenue"].to_numpy(),
                    task.truth[f"{kind}_purchase_probability"].to_numpy(),
                ),
                task.test,
            ),
        )
        for kind, label in names.items()
    ]


def check_shuffled(task: Task, settings: Settings, seeds: int) -> None:
    """Deal the outcomes of each snapshot to other customers: no model may beat the prior."""
    examples = task.examples
    for seed in range(settings.seed, settings.seed + seeds):
        generator = np.random.default_rng(seed)
        order = np.arange(len(examples))
        for day in np.unique(examples.snapshot_date):
            rows = np.flatnonzero(examples.snapshot_date == day)
            order[rows] = generator.permutation(rows)
        shuffled = replace(
            examples,
            value_tier=examples.value_tier[order],
            net_revenue=examples.net_revenue[order],
        )
        result = _train(task, shuffled, replace(settings, seed=seed))
        print(f"seed {seed}: {result.decision}")


def check_repeated(task: Task, settings: Settings) -> None:
    """Train twice with one seed and compare every metric and probability."""
    first, second = (_train(task, task.examples, settings) for _ in range(2))
    change = (first.metrics["value"] - second.metrics["value"]).abs()
    for name, value in change.groupby(first.metrics["model_name"]).max().items():
        print(f"{name}: largest difference of any metric {value:.1e}")
    finals = [item.chosen for item in (first, second)]
    probabilities = [item.model.predict(task.test).tier_probabilities for item in finals]
    largest = np.abs(probabilities[0] - probabilities[1]).max()
    print(f"chosen model {finals[0].name}: largest difference of any probability {largest:.1e}")


def print_table(scores: list[tuple[str, Measurement]]) -> None:
    """Print a Markdown table, best log loss first; what a model has not is a dash."""
    rows = pd.DataFrame([{"model": name} | score.estimates for name, score in scores])
    grouped = rows.groupby("model", sort=False)[list(METRICS)]
    mean, spread = grouped.mean(), grouped.std(ddof=0)
    print(f"| model | {' | '.join(METRICS.values())} |")
    print("|---" * (len(METRICS) + 1) + "|")
    for model in mean.sort_values("log_loss").index:
        cells = [_cell(mean.loc[model, name], spread.loc[model, name]) for name in METRICS]
        print(f"| {model} | {' | '.join(cells)} |")


def _cell(mean: float, spread: float) -> str:
    if np.isnan(mean):
        return "–"
    return f"{mean:.4f} ± {spread:.4f}" if spread >= 5e-5 else f"{mean:.4f}"


def print_duels(scores: list[tuple[str, Measurement]]) -> None:
    """Print segml auto less the best peer, and less the best of segml's models.

    The mean over seeds, with a 95 % interval from the same resamples of customers for both.
    """
    means = {
        name: _mean([score for other, score in scores if other == name])
        for name in dict.fromkeys(name for name, _ in scores)
    }
    own = [name for name in means if name.startswith("segml ")]
    peers = [name for name in means if name not in (AUTO, *own) and not name.startswith(ORACLE)]
    print("\n| segml auto less the best | metric | difference | 95 % interval |")
    print("|---" * 4 + "|")
    for title, rivals in (("peer", peers), ("of its models", own)):
        for metric in DUELS:
            best = max if COMPARED_METRICS[metric] else min
            known = {
                name: means[name].estimates[metric]
                for name in rivals
                if metric in means[name].estimates
            }
            rival = best(known, key=known.__getitem__)
            gap = difference(means[rival], means[AUTO], metric)
            print(
                f"| {title}: {rival} | {METRICS[metric]} | {gap.value:+.4f} "
                f"| {gap.ci_low:+.4f} to {gap.ci_high:+.4f} |"
            )


def _mean(scores: list[Measurement]) -> Measurement:
    """Return the mean over seeds of every metric, and of the same resample."""
    return Measurement(
        {name: float(np.mean([m.estimates[name] for m in scores])) for name in scores[0].estimates},
        {name: np.mean([each.samples[name] for each in scores], 0) for name in scores[0].samples},
    )


if __name__ == "__main__":
    main()
