"""Mapping files: what is accepted, and the one line that names what is not."""

import pytest

from segml.errors import LoadingError
from segml.loading.parsing import read_mapping

VALID = """
version: 1
sources:
  sales:
    path: sales.csv
    columns:
      customer: {from: [customer_id, client], type: id}
      sold_at: {from: date, type: timestamp, format: "%d.%m.%Y"}
      amount: {from: amount, type: money}
    rows:
      - {reject: missing_customer, when: customer is null}
      - {keep: purchases}
tables:
  orders:
    from: purchases
    columns:
      {order_id: sale, customer_id: customer, ordered_at: sold_at, channel: {value: it's}}
  order_items:
    from: purchases as sold
    columns: {order_id: sale, line_number: 1, quantity: 1, unit_price: amount}
"""


@pytest.fixture
def parse(tmp_path):
    def parse_text(text):
        path = tmp_path / "shop.yml"
        path.write_text(text, encoding="utf-8")
        return read_mapping(path)

    return parse_text


def refusal(parse, old, new):
    assert old in VALID
    with pytest.raises(LoadingError) as caught:
        parse(VALID.replace(old, new))
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_a_mapping_is_named_after_its_file_unless_it_says_otherwise(parse):
    assert parse(VALID).name == "shop"
    assert parse("name: my_shop\n" + VALID).name == "my_shop"


def test_a_column_may_accept_several_names(parse):
    customer = parse(VALID).sources[0].columns[0]

    assert (customer.name, customer.read_from) == ("customer", ("customer_id", "client"))


def test_numbers_are_sql_and_constants_are_quoted(parse):
    orders, items = parse(VALID).tables

    assert items.columns["quantity"] == "1"
    assert orders.columns["channel"] == "'it''s'"


def test_the_first_relation_of_from_and_its_alias_are_known(parse):
    items = parse(VALID).tables[1]

    assert (items.base, items.base_alias) == ("purchases", "sold")


def test_an_unknown_key_gets_the_nearest_known_one(parse):
    message = refusal(parse, "    rows:", "    row:")

    assert message == "shop.yml, sources.sales: unknown key `row`. Perhaps `rows` is meant."


def test_an_unknown_table_gets_the_nearest_known_one(parse):
    assert "Perhaps `order_items` is meant" in refusal(parse, "  order_items:", "  order_item:")


def test_an_unknown_raw_column_gets_the_nearest_known_one(parse):
    message = refusal(parse, "customer_id: customer", "custmer_id: customer")

    assert "tables.orders.columns: unknown name `custmer_id`" in message
    assert "Perhaps `customer_id` is meant" in message


def test_an_unknown_type_gets_the_known_ones(parse):
    assert "Known: text, id, integer" in refusal(parse, "type: money", "type: zzz")


@pytest.mark.parametrize("table", ["orders", "order_items"])
def test_orders_and_order_items_are_required(parse, table):
    assert f"`{table}` is missing" in refusal(parse, f"  {table}:\n", "  events:\n")


def test_a_required_column_is_missed(parse):
    message = refusal(parse, ", ordered_at: sold_at", "")

    assert "shop.yml, tables.orders: column `ordered_at` is missing" in message


def test_a_key_that_appears_twice_is_refused_with_its_line(parse):
    message = refusal(parse, "    path: sales.csv", "    path: sales.csv\n    path: other.csv")

    assert "shop.yml, line 6: not valid YAML (`path` appears twice)" in message


def test_broken_yaml_is_refused_with_its_line(parse):
    assert "shop.yml, line 5: not valid YAML" in refusal(parse, "sources:", "sources: [")


def test_a_rule_must_keep_or_reject(parse):
    message = refusal(parse, "- {keep: purchases}", "- {when: amount > 0}")

    assert "sources.sales.rows[2]: needs one of `keep` and `reject`" in message


def test_a_format_belongs_to_a_date(parse):
    message = refusal(parse, "type: money}", 'type: money, format: "%d"}')

    assert "columns.amount: type money has no format" in message


@pytest.mark.parametrize("name", ["source_row", "Amount", "two words"])
def test_names_that_sql_would_misread_are_refused(parse, name):
    assert f"{name!r} cannot be a name" in refusal(parse, "      amount:", f"      {name}:")


def test_two_relations_of_one_name_are_refused(parse):
    assert "`sales` is used twice" in refusal(parse, "keep: purchases", "keep: sales")


def test_sql_cannot_leave_its_statement(parse):
    message = refusal(parse, "when: customer is null", "when: true; drop table raw.orders")

    assert "sources.sales.rows[1].when: SQL with a `;`" in message


def test_a_missing_mapping_file_is_named(tmp_path):
    with pytest.raises(LoadingError, match=r"nosuch\.yml cannot be read: No such file"):
        read_mapping(tmp_path / "nosuch.yml")
