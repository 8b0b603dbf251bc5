from __future__ import annotations

import dataclasses
import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from segml.errors import SegmlError, SettingsError
from segml.synthetic import ShopSettings, generate_shop
from segml.synthetic.activity import active_probability
from segml.synthetic.assortment import CATEGORIES, VARIANTS_PER_FAMILY
from segml.synthetic.behaviour import ADD_TO_CART
from segml.synthetic.catalogue import build_catalogue
from segml.synthetic.dirt_rates import DIRT_RATES
from segml.synthetic.purchases import CAMPAIGN_EFFECT_DAYS, CAMPAIGN_UPLIFT, DAY_SECONDS
from segml.synthetic.simulation import Simulation, simulate
from segml.synthetic.tables import RAW_SCHEMAS
from segml.synthetic.truth import no_order_probability, snapshot_truth

REPOSITORY = Path(__file__).parents[2]
SETTINGS = ShopSettings(customers=3_000, seed=7, chunk_customers=1_500)


class Shop:
    """A generated shop as pandas frames with parsed times."""

    def __init__(self, folder: Path, settings: ShopSettings = SETTINGS) -> None:
        self.summary = generate_shop(settings, folder, file_format="parquet")
        for path in [*folder.glob("*.parquet"), *folder.glob("truth/*.parquet")]:
            frame = pd.read_parquet(path)
            for column in frame.columns.intersection(
                ["unit_price", "unit_cost", "discount_amount", "refund_amount", "annual_income"]
            ):
                frame[column] = frame[column].astype(float)
            setattr(self, path.stem.removeprefix("raw_"), frame)

    def clean_orders(self) -> pd.DataFrame:
        """Return what a correct pipeline keeps: known times, latest load, no tests."""
        orders = self.orders.sort_values("loaded_at").drop_duplicates("order_id", keep="last")
        orders = orders[orders.status == "completed"]
        times = pd.to_datetime(orders.ordered_at, format="%Y-%m-%d %H:%M:%S", errors="coerce")
        orders = orders.assign(ordered_at=times)
        return orders[orders.ordered_at < pd.Timestamp(self.summary.as_of_date)]

    def clean_lines(self) -> pd.DataFrame:
        """Return possible lines, once each."""
        lines = self.order_items.drop_duplicates(["order_id", "line_number"])
        return lines[(lines.quantity > 0) & (lines.unit_price > 0)]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def simulation() -> Simulation:
    settings = ShopSettings(customers=20_000, seed=11)
    (first_customer, count, seed), *_ = settings.chunks()
    return simulate(settings, build_catalogue(), first_customer, count, seed)


def snapshots(simulation: Simulation, day: int, horizon_days: int = 90):
    active = active_probability(simulation, [day])[day]
    return snapshot_truth(simulation, active, day, horizon_days)


# files


def test_the_committed_seeds_are_what_the_generator_writes(tmp_path: Path):
    generate_shop(ShopSettings(), tmp_path, file_format="csv", with_truth=False)
    names = sorted(path.name for path in (REPOSITORY / "seeds/demo").glob("*.csv"))
    assert names == sorted(path.name for path in tmp_path.iterdir())
    for name in names:
        committed = (REPOSITORY / "seeds/demo" / name).read_bytes()
        assert (tmp_path / name).read_bytes() == committed, name


def test_another_seed_gives_another_shop(tmp_path: Path):
    small = ShopSettings(customers=50)
    for seed in (1, 2):
        generate_shop(
            dataclasses.replace(small, seed=seed), tmp_path / str(seed), file_format="csv"
        )
    first, second = (tmp_path / seed / "raw_orders.csv" for seed in ("1", "2"))
    assert first.read_bytes() != second.read_bytes()


def test_csv_and_parquet_hold_the_same_rows(tmp_path: Path):
    settings = ShopSettings(customers=100)
    for file_format in ("csv", "parquet"):
        generate_shop(settings, tmp_path, file_format=file_format)
    for name in RAW_SCHEMAS:
        as_text = pd.read_csv(tmp_path / f"{name}.csv", dtype=str, keep_default_na=False)
        typed = pd.read_parquet(tmp_path / f"{name}.parquet", dtype_backend="pyarrow")
        text = (
            typed.astype("string[pyarrow]").fillna("").replace({"True": "true", "False": "false"})
        )
        pd.testing.assert_frame_equal(
            text.astype(object), as_text.astype(object), check_dtype=False
        )


def test_a_larger_shop_begins_with_the_same_customers(tmp_path: Path):
    small = ShopSettings(customers=400, chunk_customers=200)
    large = dataclasses.replace(small, customers=600)
    for settings in (small, large):
        generate_shop(settings, tmp_path / str(settings.customers), file_format="csv")
    for name in ("raw_customers", "raw_orders", "raw_events", "truth/truth_snapshots"):
        beginning = (tmp_path / "400" / f"{name}.csv").read_bytes()
        assert (tmp_path / "600" / f"{name}.csv").read_bytes().startswith(beginning), name


def test_tables_have_the_columns_of_the_raw_contract(shop: Shop):
    for name, columns in RAW_SCHEMAS.items():
        assert list(getattr(shop, name.removeprefix("raw_")).columns) == list(columns)


def test_the_truth_stays_out_when_it_is_not_asked_for(tmp_path: Path):
    generate_shop(ShopSettings(customers=20), tmp_path, file_format="csv", with_truth=False)
    assert not list(tmp_path.rglob("*truth*"))


def test_a_failure_leaves_the_previous_shop_complete(tmp_path: Path):
    settings = ShopSettings(customers=40, chunk_customers=20)
    generate_shop(settings, tmp_path, file_format="csv")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.csv")}

    def stop(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate_shop(
            dataclasses.replace(settings, seed=1), tmp_path, file_format="csv", progress=stop
        )
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*")} == before


def test_a_folder_that_cannot_be_made_gives_one_clear_line(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SegmlError, match=r"Cannot write the demo shop to .*file"):
        generate_shop(ShopSettings(customers=1), tmp_path / "file", file_format="csv")


# size


def test_the_number_of_customers_is_honoured(shop: Shop):
    assert shop.customers.customer_id.nunique() == SETTINGS.customers
    assert shop.summary.rows["truth_customers"] == SETTINGS.customers


def test_the_data_covers_the_days_asked_for(shop: Shop):
    orders = shop.clean_orders()
    assert orders.ordered_at.min() < pd.Timestamp(SETTINGS.start_date) + pd.Timedelta(days=3)
    assert orders.ordered_at.max() >= pd.Timestamp(SETTINGS.as_of_date) - pd.Timedelta(days=1)
    assert (orders.loaded_at < str(SETTINGS.as_of_date)).all()


def test_a_shop_of_one_customer_is_possible(tmp_path: Path):
    summary = generate_shop(ShopSettings(customers=1, days=30), tmp_path, file_format="parquet")
    assert summary.rows["raw_customers"] >= 1


def test_memory_does_not_grow_with_the_number_of_chunks(tmp_path: Path):
    one_chunk = ShopSettings(customers=1_000, chunk_customers=1_000)
    peaks = []
    for customers in (1_000, 1_000, 6_000):  # the first run fills caches
        settings = dataclasses.replace(one_chunk, customers=customers)
        tracemalloc.start()
        generate_shop(settings, tmp_path, file_format="parquet")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[2] < 1.3 * peaks[1]


def test_progress_is_reported_after_every_chunk(tmp_path: Path):
    lines: list[str] = []
    settings = ShopSettings(customers=50, chunk_customers=20)
    generate_shop(settings, tmp_path, file_format="parquet", progress=lines.append)
    assert lines == [f"{done} of 50 customers" for done in (20, 40, 50)]


@pytest.mark.parametrize(
    ("name", "value"),
    [("customers", 0), ("days", 29), ("seed", -1), ("horizon_days", 3), ("dirt", -0.1)],
)
def test_an_impossible_setting_is_named(name: str, value: float):
    with pytest.raises(SettingsError, match=f"`{name}`"):
        ShopSettings(**{name: value})


# dirt


def found_dirt(shop: Shop) -> dict[str, tuple[int, int]]:
    """Count every kind of dirt from the files alone: (found, rows that could have it)."""
    found = {
        **dirt_of_customers(shop.customers.drop_duplicates("customer_id")),
        **dirt_of_orders(shop.orders.drop_duplicates()),
        **dirt_of_lines(shop),
        **dirt_of_activity(shop),
    }
    categories = [item.name for item in CATEGORIES]
    products = shop.products
    found["products.missing_cost"] = share_of(products.unit_cost.isna())
    found["products.noisy_category"] = share_of(~products.category.isin(categories))
    for table in (
        "customers", "orders", "order_items", "returns", "events", "reviews", "campaign_contacts",
    ):  # fmt: skip
        found[f"{table}.exact_duplicate"] = share_of(getattr(shop, table).duplicated())
    return found


def share_of(is_dirty: pd.Series) -> tuple[int, int]:
    return int(is_dirty.sum()), len(is_dirty)


def dirt_of_customers(customers: pd.DataFrame) -> dict[str, tuple[int, int]]:
    income, age = customers.annual_income, customers.age
    gender, country = customers.gender, customers.country
    genders, countries = ["female", "male", "other"], ["DE", "FR", "NL", "ES", "IT", "PL"]
    is_dirty = {
        "impossible_age": age.notna() & ~age.between(14, 100),
        "missing_age": age.isna() & customers.birth_date.isna(),
        "missing_income": income.isna(),
        "negative_income": income < 0,
        "missing_gender": gender.isna(),
        "noisy_gender": gender.notna() & ~gender.isin(genders),
        "missing_country": country.isna(),
        "noisy_country": country.notna() & ~country.isin(countries),
        "missing_email": customers.email.isna(),
        "missing_consent": customers.marketing_consent.isna(),
        "bad_timestamp": customers.registered_at == "not a date",
    }
    return {f"customers.{kind}": share_of(flags) for kind, flags in is_dirty.items()}


def dirt_of_orders(orders: pd.DataFrame) -> dict[str, tuple[int, int]]:
    by_load = orders.sort_values("loaded_at").groupby("order_id").status
    first, final = by_load.first(), by_load.last()
    reloaded = share_of((first == "completed") & (final == "cancelled"))[0]
    return {
        "orders.test": share_of(orders.status == "test"),
        "orders.bad_timestamp": share_of(orders.ordered_at == "not a date"),
        "orders.future": share_of(orders.ordered_at.str.startswith("2099")),
        "orders.reloaded_pending": share_of(first == "pending"),
        "orders.reloaded_cancelled": (reloaded, int((final == "cancelled").sum())),
    }


def dirt_of_lines(shop: Shop) -> dict[str, tuple[int, int]]:
    lines, returns = shop.order_items.drop_duplicates(), shop.returns.drop_duplicates()
    sold = shop.clean_lines().merge(shop.orders.drop_duplicates("order_id"), on="order_id")
    is_bulk_buyer = sold.groupby("customer_id").quantity.min() >= 30
    return {
        "order_items.orphan": share_of(~lines.order_id.isin(shop.orders.order_id)),
        "order_items.non_positive_quantity": share_of(lines.quantity <= 0),
        "order_items.non_positive_price": share_of(lines.unit_price <= 0),
        "returns.orphan": share_of(~returns.order_id.isin(shop.orders.order_id)),
        "customers.wholesale": share_of(is_bulk_buyer),
    }


def dirt_of_activity(shop: Shop) -> dict[str, tuple[int, int]]:
    events, reviews, contacts = (
        frame.drop_duplicates() for frame in (shop.events, shop.reviews, shop.campaign_contacts)
    )
    known = set(shop.customers.customer_id)
    session_sizes = events.groupby("session_id").size()
    crawls = events[events.session_id.isin(session_sizes[session_sizes > 100].index)]
    is_stranger = events.customer_id.notna() & ~events.customer_id.isin(known)
    return {
        "customers.bot": (len(known & set(crawls.customer_id)), len(known)),
        "events.unknown_customer": share_of(is_stranger),
        "events.anonymous": share_of(events.customer_id.isna()),
        "events.bad_timestamp": share_of(events.occurred_at == "not a date"),
        "events.future": share_of(events.occurred_at.str.startswith("2099")),
        "reviews.missing_rating": share_of(reviews.rating.isna()),
        "reviews.impossible_rating": share_of(reviews.rating.isin([0, 9])),
        "reviews.future": share_of(reviews.reviewed_at.str.startswith("2099")),
        "campaign_contacts.unknown_customer": share_of(~contacts.customer_id.isin(known)),
    }


def test_every_kind_of_dirt_is_in_the_files_at_its_rate(shop: Shop):
    found = found_dirt(shop)
    assert set(found) == set(DIRT_RATES)
    for kind, (count, base) in found.items():
        expected = DIRT_RATES[kind] * base
        assert count == pytest.approx(expected, rel=0.1, abs=3), kind


def test_the_summary_counts_the_dirt_in_the_files(shop: Shop):
    for kind, (count, _) in found_dirt(shop).items():
        # Kinds are drawn independently: a row that lost its gender may have been noisy before.
        assert count == pytest.approx(shop.summary.dirt[kind], rel=0.08, abs=1), kind


def test_the_documentation_states_the_rate_of_every_kind_of_dirt():
    text = (REPOSITORY / "docs/demo-shop.md").read_text(encoding="utf-8")
    for kind, rate in DIRT_RATES.items():
        assert f"| `{kind}` | {100 * rate:g} % |" in text, kind


def test_a_clean_shop_has_no_dirt(tmp_path: Path):
    settings = dataclasses.replace(SETTINGS, customers=500, dirt=0.0)
    clean = Shop(tmp_path, settings)
    assert clean.summary.dirt == dict.fromkeys(clean.summary.dirt, 0)
    assert set(clean.summary.dirt) == set(DIRT_RATES)
    assert clean.orders.order_id.is_unique
    assert set(clean.order_items.order_id) == set(clean.orders.order_id)
    assert (clean.order_items.quantity > 0).all()
    assert pd.to_datetime(clean.events.occurred_at).notna().all()


def test_rows_are_the_clean_rows_and_the_counted_dirt(shop: Shop):
    dirt = shop.summary.dirt
    extra = sum(count for kind, count in dirt.items() if kind.startswith("orders."))
    clean = shop.orders.order_id[shop.orders.order_id.str.fullmatch(r"o\d+")].nunique()
    assert len(shop.orders) == clean + extra
    extra_events = sum(count for kind, count in dirt.items() if kind.startswith("events."))
    clean_events = shop.events.event_id[shop.events.event_id.str.fullmatch(r"e\d+")].nunique()
    assert len(shop.events) == clean_events + extra_events


def test_a_changed_status_is_loaded_after_the_first(shop: Shop):
    orders = shop.orders.drop_duplicates()
    reloaded = orders[orders.duplicated("order_id", keep=False)].sort_values(
        ["order_id", "loaded_at"]
    )
    first, last = reloaded.iloc[::2], reloaded.iloc[1::2]
    assert (first.order_id.to_numpy() == last.order_id.to_numpy()).all()
    assert (first.loaded_at.to_numpy() < last.loaded_at.to_numpy()).all()
    assert (first.status.to_numpy() != last.status.to_numpy()).all()


# truth


def test_the_cleaned_raw_tables_give_the_true_outcomes(shop: Shop):
    start = pd.Timestamp(SETTINGS.as_of_date) - pd.Timedelta(days=SETTINGS.horizon_days)
    orders = shop.clean_orders().set_index("order_id")
    orders = orders[orders.ordered_at >= start]
    lines = shop.clean_lines()
    gross = (lines.quantity * lines.unit_price).groupby(lines.order_id).sum()
    returns = shop.returns.drop_duplicates("return_id")
    refunds = returns.groupby("order_id").refund_amount.sum()
    net = gross.reindex(orders.index) - orders.discount_amount
    net -= refunds.reindex(orders.index).fillna(0)
    found = net.groupby(orders.customer_id).agg(["size", "sum"])
    truth = shop.truth_snapshots.set_index("customer_id")
    truth = truth[truth.snapshot_date == f"{start:%Y-%m-%d}"]
    found = found.reindex(truth.index).fillna(0)
    assert truth.order_count.sum() > 1_000
    np.testing.assert_array_equal(found["size"], truth.order_count)
    np.testing.assert_allclose(found["sum"], truth.net_revenue.astype(float), atol=0.005)


@pytest.mark.parametrize("knowledge", ["full", "history"])
@pytest.mark.parametrize(("day", "horizon_days"), [(400, 90), (731, 90), (400, 7)])
def test_the_true_probability_is_calibrated(
    simulation: Simulation, knowledge: str, day: int, horizon_days: int
):
    truth = snapshots(simulation, day, horizon_days)
    probability = getattr(truth, knowledge).purchase_probability
    bought = truth.order_count > 0
    band = np.digitize(probability, np.linspace(0.05, 0.95, 10))
    for chosen in (np.ones(len(band), dtype=bool), *(band == number for number in range(11))):
        variance = (probability[chosen] * (1 - probability[chosen])).sum()
        difference = bought[chosen].sum() - probability[chosen].sum()
        assert abs(difference) <= 4 * np.sqrt(variance) + 0.5


@pytest.mark.parametrize("knowledge", ["full", "history"])
@pytest.mark.parametrize("day", [400, 731])
def test_the_true_expected_revenue_is_unbiased(simulation: Simulation, knowledge: str, day: int):
    truth = snapshots(simulation, day)
    expected = getattr(truth, knowledge).expected_net_revenue
    band = np.digitize(expected, np.quantile(expected, [0.6, 0.8, 0.95]))
    for number in np.unique(band):
        error = (truth.net_revenue - expected)[band == number]
        assert abs(error.mean()) <= 4 * error.std() / np.sqrt(len(error))


def test_more_knowledge_forecasts_better(simulation: Simulation):
    truth = snapshots(simulation, 640)
    bought = truth.order_count > 0

    def log_loss(probability: np.ndarray) -> float:
        bounded = np.clip(probability, 1e-9, 1 - 1e-9)
        return -float(np.log(np.where(bought, bounded, 1 - bounded)).mean())

    base_rate = log_loss(np.full(len(bought), bought.mean()))
    history, full = (log_loss(item.purchase_probability) for item in (truth.history, truth.full))
    assert full < history - 0.01 < base_rate - 0.1


def test_no_order_probability_agrees_with_simulation():
    rng = np.random.default_rng(3)
    rate = rng.uniform(0, 0.05, 30)
    survival = 0.9 * np.exp(-0.02 * np.arange(30))
    draws = 200_000
    lasts = (rng.random(draws)[:, None] < survival).sum(axis=1)
    cumulative = np.concatenate([[0], np.cumsum(rate)])
    simulated = (rng.poisson(cumulative[lasts]) == 0).mean()
    exact = no_order_probability(rate[None], survival[None])[0]
    assert exact == pytest.approx(simulated, abs=4 * np.sqrt(exact * (1 - exact) / draws))


# process


def test_nobody_buys_after_the_drop_out_and_bots_never_do(simulation: Simulation):
    traits, orders = simulation.traits, simulation.orders
    assert (orders.day < traits.drop_out_day[orders.customer]).all()
    assert not traits.is_bot[orders.customer].any()


def test_every_checkout_follows_a_visit_to_the_product(shop: Shop):
    events = shop.events[shop.events.event_id.str.fullmatch(r"e\d+")].drop_duplicates()
    checkouts = events[events.event_type == "checkout"]
    carts = events[events.event_type == "add_to_cart"].set_index("session_id")
    cart = carts.loc[checkouts.session_id]
    assert (cart.occurred_at.to_numpy() < checkouts.occurred_at.to_numpy()).all()
    assert (cart.product_id.to_numpy() == checkouts.product_id.to_numpy()).all()
    orders = shop.orders[["customer_id", "ordered_at"]].drop_duplicates()
    matched = checkouts.merge(
        orders, left_on=["customer_id", "occurred_at"], right_on=["customer_id", "ordered_at"]
    )
    assert len(matched) == len(checkouts)


def test_no_event_precedes_the_registration(shop: Shop):
    customers = shop.customers.query("registered_at != 'not a date'").drop_duplicates("customer_id")
    events = shop.events.merge(customers[["customer_id", "registered_at"]], on="customer_id")
    assert (events.occurred_at >= events.registered_at).all()


def test_carts_foretell_orders(simulation: Simulation):
    events, orders, traits = simulation.events, simulation.orders, simulation.traits
    day = 500
    recent = (events.second < day * DAY_SECONDS) & (events.second >= (day - 4) * DAY_SECONDS)
    has_cart = np.zeros(len(traits), dtype=bool)
    has_cart[events.customer[recent & (events.event_type == ADD_TO_CART)]] = True
    buys = np.zeros(len(traits), dtype=bool)
    buys[orders.customer[(orders.day >= day) & (orders.day < day + 7)]] = True
    tracked = traits.is_tracked & (traits.registered_day < day - 4)
    assert buys[tracked & has_cart].mean() > 3 * buys[tracked & ~has_cart].mean()


def test_visits_fade_after_the_drop_out(simulation: Simulation):
    traits, events = simulation.traits, simulation.events
    since = events.second // DAY_SECONDS - traits.drop_out_day[events.customer]
    people = ~traits.is_bot[events.customer]
    soon, later = ((people & (since >= low) & (since < low + 25)).sum() for low in (0, 50))
    assert 0 < later < 0.3 * soon


def test_the_season_peaks_before_the_end_of_the_year(simulation: Simulation):
    start = np.datetime64(ShopSettings.start_date)
    month = (start + np.arange(len(simulation.intensity))).astype("datetime64[M]").astype(int) % 12
    december, september = (simulation.intensity[month == number].mean() for number in (11, 8))
    assert december > 1.3 * september


def test_campaigns_raise_orders_of_the_contacted_over_the_control_group(simulation: Simulation):
    orders, campaigns = simulation.orders, simulation.campaigns
    counts = {"treated": [0, 0], "control": [0, 0]}
    for day, treated, control in zip(
        campaigns.day, campaigns.is_treated, campaigns.is_control, strict=True
    ):
        works = (orders.day >= day) & (orders.day < day + CAMPAIGN_EFFECT_DAYS)
        number = np.bincount(orders.customer[works], minlength=len(treated))
        for name, group in (("treated", treated), ("control", control)):
            counts[name][0] += int(number[group].sum())
            counts[name][1] += int(group.sum())
    treated, control = (orders_of / size for orders_of, size in counts.values())
    assert treated / control == pytest.approx(1 + CAMPAIGN_UPLIFT, abs=0.12)


def test_no_durable_product_is_bought_twice_before_all_variants_were(simulation: Simulation):
    baskets, family = simulation.baskets, simulation.catalogue.family
    lines = pd.DataFrame({
        "customer": simulation.orders.customer[baskets.order],
        "family": family[baskets.product],
        "product": baskets.product,
    })  # fmt: skip
    lines = lines[lines.family >= 0].groupby(["customer", "family"])["product"]
    line_count, product_count = lines.size(), lines.nunique()
    assert (line_count > 1).sum() > 1_000
    np.testing.assert_array_equal(product_count, np.minimum(line_count, VARIANTS_PER_FAMILY))


def test_companions_are_bought_together_more_often_than_by_chance(simulation: Simulation):
    baskets, companions = simulation.baskets, simulation.catalogue.companions
    order_count = len(simulation.orders)
    product = 0
    companion = companions[product, 0]
    with_product, with_companion = (
        np.bincount(baskets.order[baskets.product == item], minlength=order_count) > 0
        for item in (product, companion)
    )
    together = (with_product & with_companion).mean()
    assert together > 2 * with_product.mean() * with_companion.mean()


def test_satisfaction_shows_in_ratings_returns_and_lifetimes(simulation: Simulation):
    traits, orders, baskets = simulation.traits, simulation.orders, simulation.baskets
    happy = traits.satisfaction > 0
    of_line = happy[orders.customer[baskets.order]]
    ratings, line = simulation.reviews.rating, simulation.reviews.line
    assert ratings[of_line[line]].mean() > ratings[~of_line[line]].mean() + 0.5
    is_returned = np.zeros(len(of_line), dtype=bool)
    is_returned[simulation.returns.line] = True
    assert is_returned[~of_line].mean() > 1.3 * is_returned[of_line].mean()
    lifetime = traits.drop_out_day - traits.registered_day
    assert np.median(lifetime[happy]) > 1.3 * np.median(lifetime[~happy])


def test_income_raises_what_customers_spend(simulation: Simulation):
    traits, orders = simulation.traits, simulation.orders
    rich = traits.annual_income > np.median(traits.annual_income)
    value = simulation.baskets.net_value()
    retail = ~traits.is_wholesale[orders.customer]
    of_rich = rich[orders.customer]
    assert value[retail & of_rich].mean() > 1.2 * value[retail & ~of_rich].mean()
    assert traits.purchase_rate[rich].mean() > 1.1 * traits.purchase_rate[~rich].mean()


def test_age_shifts_taste(simulation: Simulation):
    traits = simulation.traits
    electronics = [item.name for item in CATEGORIES].index("Electronics")
    young = traits.age_years < 35
    assert traits.taste[young, electronics].mean() > 1.2 * traits.taste[~young, electronics].mean()
