"""One customer: found by either id, explained, or refused in one line."""

from uuid import UUID

import pytest

from segml.cli.customers import bar, print_explanation
from segml.customers import explain_customer
from segml.errors import CustomerError, WarehouseError
from segml.warehouse import open_warehouse

ADA, BOB, EVE, GUS = (str(UUID(int=number)) for number in (10, 11, 14, 16))
SHOP = f"""
create schema marketing; create schema vault; create schema staging;
create table vault.customer_keys as
from (values ('ada', uuid '{ADA}'), ('bob', uuid '{BOB}')) as keys (customer_id, customer_key);
create table staging.base_shop__erasure_requests as
from (values ('eve', null), ('ada', 'future_dated')) as requests (customer_id, rejection_reason);
create table staging.stg_shop__erasure_requests as
from (values (uuid '{EVE}')) as requests (customer_key);
create table staging.stg_segml__personas as
from (values ('loyals', 'Who buys often.')) as personas (cluster_name, description);
create table staging.stg_segml__prediction_reasons as
from (values
    (uuid '{ADA}', 1, 'order_count_90d', '2 orders in the last 90 days (typical: 1)', 0.5e0),
    (uuid '{ADA}', 2, 'rating_mean', 'no review so far', -0.3),
    (uuid '{ADA}', 3, 'last_rating', 'no review so far', -0.4)
) as reasons (customer_key, reason_rank, feature, reason_text, contribution);
create table marketing.customer_segments as
from (values
    (uuid '{ADA}', 'Loyal', 'high', 0.7, 0.2, 0.1, 0.9, 40.5, 1, 'loyals', 'v1',
     date '2025-07-01', timestamp '2025-07-01 12:00:00'),
    (uuid '{BOB}', 'Inactive', 'unscored', null, null, null, null, null, null, null, null, null,
     null)
) as segments (
    customer_key, rfm_segment, value_tier, probability_high, probability_mid, probability_low,
    purchase_probability, expected_net_revenue, value_rank, cluster_name, model_version,
    prediction_snapshot_date, scored_at
);
"""


@pytest.fixture
def shop(tmp_path):
    path = tmp_path / "shop.duckdb"
    with open_warehouse(path) as warehouse:
        warehouse.execute(SHOP)
    return path


def change(path, sql):
    with open_warehouse(path) as warehouse:
        warehouse.execute(sql)


@pytest.mark.parametrize("customer", ["ada", ADA, ADA.upper()])
def test_a_customer_is_found_by_id_and_by_key(shop, customer):
    found = explain_customer(shop, customer)
    assert found.customer_key == ADA
    assert (found.rfm_segment, found.value_tier, found.value_rank) == ("Loyal", "high", 1)
    assert found.tier_probabilities == {"high": 0.7, "mid": 0.2, "low": 0.1}
    assert (found.snapshot_date, found.scored_customer_count) == ("2025-07-01", 1)
    assert (found.persona, found.persona_description) == ("loyals", "Who buys often.")


def test_reasons_in_the_same_words_are_added_up(shop):
    first, second = explain_customer(shop, "ada").reasons
    assert (first.text, first.features) == ("no review so far", ["rating_mean", "last_rating"])
    assert first.contribution == pytest.approx(-0.7)
    assert second.contribution == 0.5


def test_a_key_is_enough_where_there_is_no_vault(shop):
    change(shop, "drop table vault.customer_keys")
    assert explain_customer(shop, ADA).customer_key == ADA
    with pytest.raises(CustomerError, match="no customer 'ada'"):
        explain_customer(shop, "ada")


def test_a_customer_without_persona_is_explained(shop):
    change(shop, "update marketing.customer_segments set cluster_name = null")
    found = explain_customer(shop, "ada")
    assert (found.persona, found.persona_description) == (None, None)


@pytest.mark.parametrize(
    ("customer", "message"),
    [
        ("gus", "There is no customer 'gus'"),
        (GUS, "There is no customer"),
        ("eve", "asked to be erased"),
        (EVE, "asked to be erased"),
        ("bob", "'bob' has no prediction: their segment is Inactive"),
    ],
)
def test_who_cannot_be_explained_is_told_apart_in_one_line(shop, customer, message):
    with pytest.raises(CustomerError, match=message) as raised:
        explain_customer(shop, customer)
    assert len(str(raised.value).splitlines()) == 1


def test_before_any_scoring_and_before_any_mart_the_message_says_what_to_run(shop):
    change(shop, "update marketing.customer_segments set value_tier = 'unscored', scored_at = null")
    with pytest.raises(CustomerError, match="No customer has been scored"):
        explain_customer(shop, "ada")
    change(shop, "drop table marketing.customer_segments")
    with pytest.raises(WarehouseError, match="no table marketing"):
        explain_customer(shop, "ada")


def test_the_terminal_shows_chances_and_odds(shop, capsys):
    print_explanation(explain_customer(shop, "ada"))
    shown = capsys.readouterr().out
    for text in ("Loyal", "Who buys often.", "40.50", "1 of 1", "70.0%", "no review so far"):
        assert text in shown
    assert "× 0.50" in shown
    assert "× 1.65" in shown


@pytest.mark.parametrize(
    ("share", "drawn"),
    [(0.0, ""), (0.002, ""), (0.5, "█" * 12), (0.505, "█" * 12 + "▏"), (1.0, "█" * 24)],
)
def test_a_bar_is_as_long_as_its_share(share, drawn):
    assert bar(share) == drawn
