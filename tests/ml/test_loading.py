"""Loading files: what arrives, what is rejected, and that a failure changes nothing."""

import gzip
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from segml.errors import LoadingError
from segml.loading import load_files
from segml.loading.contract import RAW_TABLES
from segml.warehouse import open_warehouse

PROJECT = Path(__file__).parents[2]
EXAMPLES = PROJECT / "examples"
SHARED_DATA = PROJECT.parent / "shared" / "data"

SALES = """\
sale,customer,date,amount
s1,7,2024-01-05,10.50
s2,8,2024-01-06,20
s3,,2024-01-07,5
s4,7,2024-02-01,2.25
"""
MAPPING = """
version: 1
name: sales
sources:
  sales:
    path: sales*
    columns:
      sale: {from: sale, type: id}
      customer: {from: customer, type: id}
      sold_at: {from: date, type: timestamp}
      amount: {from: amount, type: money}
    rows:
      - {reject: missing_customer, when: customer is null}
      - {keep: purchases}
tables:
  orders:
    from: purchases
    columns: {order_id: sale, customer_id: customer, ordered_at: sold_at}
  order_items:
    from: purchases
    columns: {order_id: sale, line_number: 1, quantity: 1, unit_price: amount}
"""
ONLINE_RETAIL = "\n".join(
    [
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country",
        '100,10001,"CUP £5 ""BLUE""",2,12/1/2010 8:26,2.50,11,France',
        '100,10001,"CUP £5 ""BLUE""",2,12/1/2010 8:26,2.50,11,France',
        "100,10002a,PLATE,1,12/1/2010 8:26,4,11,France",
        "100,POST,POSTAGE,1,12/1/2010 8:26,18,11,France",
        "101,10001,BLUE CUP,3,12/5/2010 9:00,2.60,11,Spain",
        "102,10001,BLUE CUP,1,12/9/2010 9:00,2.60,,France",
        "103,10002A,PLATE,1,12/9/2010 9:05,0,12,France",
        "C104,10001,BLUE CUP,-1,12/6/2010 9:00,2.60,11,France",
        "C105,10002A,PLATE,-1,12/2/2010 9:00,4,11,France",
        "C106,10002A,PLATE,-1,12/2/2010 9:00,4,13,France",
        "107,10001,BLUE CUP,-4,12/3/2010 9:00,2.60,11,France",
        "",
    ]
)


@pytest.fixture
def shop(tmp_path):
    """Return a shop folder that can be written to, loaded and queried."""
    return Shop(tmp_path)


class Shop:
    def __init__(self, folder):
        self.folder = folder
        self.database = folder / "shop.duckdb"
        self.write("shop.yml", MAPPING)

    def write(self, name, content):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def load(self, mapping=None, data=None):
        return load_files(mapping or self.folder / "shop.yml", data, self.database)

    def rows(self, sql):
        with open_warehouse(self.database, read_only=True) as warehouse:
            return warehouse.rows(sql)

    def write_parquet(self, name, query):
        with open_warehouse(self.folder / "scratch.duckdb") as warehouse:
            warehouse.execute(f"copy ({query}) to '{self.folder / name}' (format parquet)")
        return self.folder / name

    def refusal(self, *, mapping=None, data=None):
        """Return the one line of a load that fails."""
        with pytest.raises(LoadingError) as caught:
            self.load(mapping, data)
        message = str(caught.value)
        assert "\n" not in message
        return message.replace(f"{self.folder}/", "")


def test_rows_arrive_with_the_contracts_columns_and_types(shop):
    shop.write("sales.csv", SALES)

    shop.load()

    assert shop.rows("select order_id, customer_id, ordered_at, status from raw.orders") == [
        ("s1", "7", datetime(2024, 1, 5), None),
        ("s2", "8", datetime(2024, 1, 6), None),
        ("s4", "7", datetime(2024, 2, 1), None),
    ]
    assert shop.rows("describe select unit_price, loaded_at from raw.order_items") == [
        ("unit_price", "DECIMAL(18,4)", "YES", None, None, None),
        ("loaded_at", "TIMESTAMP", "YES", None, None, None),
    ]


def test_a_rejected_row_keeps_its_place_its_reason_and_all_its_values(shop):
    shop.write("sales.csv", SALES)

    summary = shop.load()

    assert summary.rejected_rows == {"missing_customer": 1}
    assert shop.rows(
        "select source_table, parse_filename(source_file), row_number, reason, raw_row "
        "from raw.rejected_rows"
    ) == [
        (
            "sales",
            "sales.csv",
            3,
            "missing_customer",
            '{"sale":"s3","customer":null,"date":"2024-01-07","amount":"5"}',
        )
    ]


def test_each_file_is_accounted_for_on_its_own(shop):
    shop.write("sales_1.csv", SALES)
    shop.write("sales_2.csv", "customer,amount,date,sale\n9,1,2024-03-01,s5\n,1,2024-03-01,s6\n")

    summary = shop.load()

    counts = [(file.rows_read, file.rows_mapped, file.rows_rejected) for file in summary.files]
    assert counts == [(4, 3, 1), (2, 1, 1)]
    assert summary.table_rows == {"orders": 4, "order_items": 4}
    assert shop.rows(
        "select parse_filename(source_file), row_number from raw.rejected_rows order by 1"
    ) == [("sales_1.csv", 3), ("sales_2.csv", 2)]
    assert shop.rows("select rows_read, rows_mapped, rows_rejected from raw.loads") == counts


def test_rows_keep_their_numbers_however_many_files_of_other_layouts_there_are(shop):
    rows = "".join(f"a{n},7,2024-01-05,1\n" for n in range(5_000)) + "a5000,,2024-01-05,1\n"
    shop.write("sales_1.csv", "sale,customer,date,amount\n" + rows)
    shop.write("sales_2.csv", "customer,amount,date,sale\n,1,2024-03-01,b1\n")
    shop.write("sales_3.csv", "customer,sale,amount,date\n7,c1,1,2024-03-01\n,c2,1,2024-03-01\n")

    for _ in range(5):
        shop.load()

        assert shop.rows(
            "select raw_row ->> 'sale', row_number from raw.rejected_rows order by 1"
        ) == [("a5000", 5001), ("b1", 1), ("c2", 2)]


def test_loading_the_same_file_twice_changes_nothing(shop):
    shop.write("sales.csv", SALES)
    first = shop.load()
    before = shop.rows("select * from raw.order_items order by order_id")

    assert shop.load() == first
    assert shop.rows("select * from raw.order_items order by order_id") == before
    assert shop.rows("select load_id from raw.loads") == [(first.load_id,)]


def test_a_changed_file_gets_another_load_id_and_the_audit_keeps_both(shop):
    shop.write("sales.csv", SALES)
    first = shop.load()
    shop.write("sales.csv", SALES + "s9,9,2024-03-01,1\n")

    second = shop.load()

    assert first.load_id != second.load_id
    assert shop.rows("select rows_read from raw.loads order by rows_read") == [(4,), (5,)]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("sales.csv", SALES.replace(",", ";")),
        ("sales.tsv", SALES.replace(",", "\t")),
        ("sales.csv", "\ufeff" + SALES.replace("\n", "\r\n")),
        ("sales.csv.gz", gzip.compress(SALES.encode())),
        (
            "sales.jsonl",
            '{"sale":"s1","customer":7,"date":"2024-01-05","amount":10.5}\n'
            '{"sale":"s2","customer":8,"date":"2024-01-06","amount":"20"}\n'
            '{"sale":"s3","date":"2024-01-07","amount":5}\n'
            '{"sale":"s4","customer":7,"date":"2024-02-01","amount":2.25}\n',
        ),
    ],
    ids=["semicolons", "tabs", "windows", "gzip", "json"],
)
def test_every_kind_of_text_file_gives_the_same_rows(shop, name, content):
    shop.write(name, content)

    shop.load()

    assert shop.rows("select order_id, unit_price from raw.order_items") == [
        ("s1", 10.5), ("s2", 20), ("s4", 2.25)
    ]  # fmt: skip


def test_an_optional_column_is_null_in_the_files_that_lack_it(shop):
    shop.write(
        "shop.yml",
        MAPPING.replace("{order_id: sale,", "{channel: shop, order_id: sale,", 1).replace(
            "    rows:", "      shop: {from: shop, optional: true}\n    rows:"
        ),
    )
    shop.write("sales_1.csv", SALES)
    shop.write("sales_2.csv", "sale,customer,date,amount,shop\ns5,9,2024-03-01,1,web\n")

    shop.load()

    found = shop.rows("select channel, count(*) from raw.orders group by 1 order by 1")
    assert found == [("web", 1), (None, 3)]


def test_ids_that_pandas_wrote_as_numbers_become_text_again(shop):
    shop.write_parquet(
        "sales.parquet",
        "select * from (values (1::double, 17850::double, '2024-01-05', 2.5), "
        "(2, 'nan'::double, '2024-01-05', 2.5)) as rows (sale, customer, date, amount)",
    )

    summary = shop.load()

    assert shop.rows("select order_id, customer_id from raw.orders") == [("1", "17850")]
    assert summary.rejected_rows == {"missing_customer": 1}


def test_a_time_with_an_offset_becomes_utc(shop):
    shop.write("sales.csv", SALES.replace("2024-01-05", "2024-01-05T23:30:00-02:00"))

    shop.load()

    found = shop.rows("select ordered_at from raw.orders where order_id = 's1'")
    assert found == [(datetime(2024, 1, 6, 1, 30),)]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (",20\n", ",abc\n", "sales.csv, column amount, row 2: 'abc' is not a number."),
        (",20\n", ",nan\n", "sales.csv, column amount, row 2: 'nan' is not a number."),
        ("2024-02-01", "1/2/24", "sales.csv, column date, row 4: '1/2/24' is not a date and time."),
        ("2024-02-01", "2024-02-31", "sales.csv, column date, row 4: '2024-02-31' is not a date"),
        ("s2,8,", "s2,8,9,", "sales.csv, line 3: 5 values for 4 columns."),
        ("s2,8,", "s2,", "sales.csv, line 3: 3 values for 4 columns."),
        ("s2,8", 's2,"8', "sales.csv, line 3: a quote is opened and never closed."),
        (",amount\n", ",amuont\n", "sales.csv has no column amount. Perhaps `amuont` is meant;"),
        (",amount\n", ",AMOUNT,Amount\n", "sales.csv, line 1: column amount appears twice."),
    ],
)
def test_a_file_that_does_not_fit_gives_one_line_with_the_place(shop, old, new, expected):
    assert old in SALES
    shop.write("sales.csv", SALES.replace(old, new))

    assert shop.refusal().startswith(expected)


def test_the_place_of_a_bad_value_counts_rows_within_its_own_file(shop):
    shop.write("sales_1.csv", SALES)
    shop.write("sales_2.csv", SALES.replace(",20\n", ",abc\n"))

    assert shop.refusal().startswith("sales_2.csv, column amount, row 2: 'abc'")


def test_a_fraction_is_not_a_whole_number(shop):
    shop.write("shop.yml", MAPPING.replace("type: money", "type: integer"))
    shop.write("sales.csv", SALES)

    assert shop.refusal().startswith("sales.csv, column amount, row 1: '10.50' is not a whole")


def test_a_wrong_type_in_parquet_gives_its_row_too(shop):
    shop.write_parquet(
        "sales.parquet",
        "select 's' || n as sale, n as customer, date '2024-01-01' + n::integer as date, "
        "if(n = 41, 'abc', '1') as amount from range(50) as numbers (n)",
    )

    assert shop.refusal().startswith("sales.parquet, column amount, row 42: 'abc' is not a number")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "sales.csv is empty. Give a file with rows."),
        ("sale,customer,date,amount\n", "sales.csv has no rows. Give a file with rows."),
        (SALES.encode() + b"\xff\xfe", "sales.csv, line 6: not UTF-8 text. Set sources.sales."),
    ],
)
def test_an_empty_or_unreadable_csv_is_named(shop, content, expected):
    shop.write("sales.csv", content)

    assert shop.refusal().startswith(expected)


def test_a_file_that_is_not_what_its_name_says_is_named(shop):
    shop.write("sales.parquet", "this is no parquet file")

    assert "sales.parquet cannot be read as parquet" in shop.refusal()


def test_a_folder_in_place_of_a_file_is_named(shop):
    (shop.folder / "sales.csv").mkdir()

    assert "sales.csv cannot be read: Is a directory" in shop.refusal()


def test_a_pattern_without_a_file_is_named(shop):
    assert shop.refusal() == (
        "No file matches sales*. Correct sources.sales.path in shop.yml, or give --data."
    )


def test_data_without_a_file_is_named(shop):
    assert shop.refusal(data=shop.folder / "nosuch.csv") == (
        "No file matches nosuch.csv. Correct the path given as --data."
    )


def test_data_gives_a_file_or_a_folder_instead_of_the_mappings_path(shop):
    file = shop.write("elsewhere/sales.csv", SALES)

    by_file = shop.load(data=file)
    by_folder = shop.load(data=file.parent)

    assert by_file == by_folder


def test_a_folder_name_is_never_taken_for_a_pattern(shop, monkeypatch):
    shop.write("spring [2024]/sales.csv", SALES)
    shop.write("spring [2024]/shop.yml", MAPPING)
    monkeypatch.chdir(shop.folder)

    summary = shop.load(Path("spring [2024]/shop.yml"))

    assert summary.table_rows == {"orders": 3, "order_items": 3}


def test_an_sql_error_names_the_table_and_the_column(shop):
    shop.write("sales.csv", SALES)
    shop.write("shop.yml", MAPPING.replace("customer_id: customer", "customer_id: custmer"))

    message = shop.refusal()

    assert message.startswith("shop.yml, tables.orders.columns.customer_id: Referenced column")
    assert '"customer"' in message


def test_an_sql_error_in_a_rule_names_the_rule(shop):
    shop.write("sales.csv", SALES)
    shop.write("shop.yml", MAPPING.replace("customer is null", "customer is"))

    assert shop.refusal().startswith("shop.yml, sources.sales.rows[1]: syntax error")


def test_text_never_slips_into_a_column_of_another_type(shop):
    shop.write("sales.csv", SALES)
    shop.write("shop.yml", MAPPING.replace("{from: date, type: timestamp}", "date"))

    message = shop.refusal()

    assert "tables.orders.columns.ordered_at: text where timestamp is needed" in message


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "      - {keep: purchases}",
            "      - {keep: purchases, when: amount > 5}",
            "1 rows are neither used nor rejected, the first is sales.csv, row 4",
        ),
        (
            "  order_items:\n    from: purchases\n",
            "  order_items:\n    from: purchases, range(2)\n",
            "tables.order_items: uses sales.csv, row 1 2 times",
        ),
        (
            "line_number: 1",
            "line_number: 'unnest([1, 2])'",
            "tables.order_items: 3 rows make 6 rows",
        ),
        (
            "  order_items:\n    from: purchases\n",
            "  order_items:\n    from: purchases\n    reject: {cheap: amount < 5}\n",
            "1 rows are both used and rejected, the first is sales.csv, row 4",
        ),
    ],
    ids=["dropped", "multiplied by a join", "multiplied by a column", "contradictory"],
)
def test_a_mapping_that_loses_or_multiplies_rows_is_refused(shop, old, new, expected):
    shop.write("sales.csv", SALES)
    assert old in MAPPING
    shop.write("shop.yml", MAPPING.replace(old, new))

    assert expected in shop.refusal()


def test_a_source_that_no_table_uses_is_refused_unless_it_is_a_lookup(shop):
    shop.write("sales.csv", SALES)
    shop.write("names.csv", "code,label\n7,seven\n")
    with_names = MAPPING.replace("sources:", "sources:\n  names: {path: names.csv}")
    shop.write("shop.yml", with_names)

    assert "no table uses the rows of sources.names" in shop.refusal()

    shop.write("shop.yml", with_names.replace("names.csv}", "names.csv, lookup: true}"))
    assert shop.load().table_rows == {"orders": 3, "order_items": 3}


@pytest.mark.parametrize(
    ("mapping", "sales"),
    [
        (MAPPING, SALES.replace(",20\n", ",abc\n")),
        (MAPPING.replace("unit_price: amount", "unit_price: error('stop')"), SALES),
    ],
    ids=["while reading", "while writing the last table"],
)
def test_a_failed_load_leaves_the_previous_tables_untouched(shop, mapping, sales):
    shop.write("sales.csv", SALES)
    shop.load()
    tables = ("orders", "order_items", "rejected_rows", "loads")
    before = [shop.rows(f"select * from raw.{table}") for table in tables]
    shop.write("sales.csv", sales.replace("s1,7", "s1,77"))
    shop.write("shop.yml", mapping)

    shop.refusal()

    assert [shop.rows(f"select * from raw.{table}") for table in tables] == before


def test_tables_of_an_earlier_shop_do_not_stay_behind(shop):
    shop.write("orders.csv", "order_id,customer_id,ordered_at\no1,c1,2024-01-01\n")
    shop.write("order_items.csv", "order_id,line_number,quantity,unit_price\no1,1,1,5\n")
    shop.write("reviews.csv", "review_id,customer_id,reviewed_at\nr1,c1,2024-01-02\n")
    shop.load(EXAMPLES / "contract_files.yml", shop.folder)
    shop.write("sales.csv", SALES)

    shop.load()

    tables = {row[0] for row in shop.rows("select table_name from duckdb_tables()")}
    assert tables == {"orders", "order_items", "rejected_rows", "loads"}


def test_a_new_load_never_forgets_an_erasure_request(shop):
    shop.write("orders.csv", "order_id,customer_id,ordered_at\no1,c1,2024-01-01\n")
    shop.write("order_items.csv", "order_id,line_number,quantity,unit_price\no1,1,1,5\n")
    shop.write("erasure_requests.csv", "customer_id,requested_at\nc1,2024-01-02\n")
    shop.load(EXAMPLES / "contract_files.yml", shop.folder)
    shop.write("erasure_requests.csv", "customer_id,requested_at\nc2,2024-01-03\n")
    shop.load(EXAMPLES / "contract_files.yml", shop.folder)
    shop.write("sales.csv", SALES)

    shop.load()

    found = shop.rows("select customer_id from raw.erasure_requests order by 1")
    assert found == [("c1",), ("c2",)]


def test_raw_tables_of_another_program_are_not_replaced(shop):
    shop.write("sales.csv", SALES)
    with open_warehouse(shop.database) as warehouse:
        warehouse.execute("create schema raw")
        warehouse.execute("create table raw.customers as select 1 as customer_id")

    assert "already has raw.customers, which segml load did not make" in shop.refusal()


def test_contract_files_arrive_as_they_are_even_with_dirty_values(shop):
    shop.write("raw_orders.csv", "order_id,customer_id,ordered_at,note\no1,c1,not a date,x\n")
    shop.write_parquet(
        "raw_order_items.parquet",
        "select 'o1' as order_id, 1 as line_number, 'p1' as product_id, "
        "-2 as quantity, 5.0::double as unit_price",
    )
    shop.write("raw_returns.csv", "return_id,order_id,returned_at\n")

    summary = shop.load(EXAMPLES / "contract_files.yml", shop.folder)

    assert summary.table_rows == {"orders": 1, "order_items": 1, "returns": 0}
    assert shop.rows("select ordered_at, channel from raw.orders") == [("not a date", None)]
    assert shop.rows("select quantity, unit_price from raw.order_items") == [(-2, 5.0)]


def test_contract_files_without_a_key_are_refused(shop):
    shop.write("orders.csv", "order_id,customer_id,orderd_at\no1,c1,2024-01-01\n")
    shop.write("order_items.csv", "order_id,line_number,quantity,unit_price\no1,1,1,5\n")

    message = shop.refusal(mapping=EXAMPLES / "contract_files.yml", data=shop.folder)

    assert "tables.orders: orders has no column ordered_at. Perhaps `orderd_at` is meant" in message


def test_online_retail_lines_end_in_items_returns_or_rejections(shop):
    file = shop.write("retail.csv", ONLINE_RETAIL.encode("latin-1"))

    summary = shop.load(EXAMPLES / "online_retail.yml", file)

    assert summary.table_rows == {
        "customers": 1, "products": 2, "orders": 2, "order_items": 3, "returns": 2
    }  # fmt: skip
    assert summary.rejected_rows == {
        "cancellation_without_purchase": 1,
        "exact_duplicate": 1,
        "missing_customer": 1,
        "non_positive_price": 1,
        "non_positive_quantity": 1,
        "not_a_product": 1,
    }
    assert [(file.rows_read, file.rows_mapped) for file in summary.files] == [(11, 5)]


def test_online_retail_cancellations_go_back_to_the_latest_earlier_purchase(shop):
    file = shop.write("retail.csv", ONLINE_RETAIL.encode("latin-1"))

    shop.load(EXAMPLES / "online_retail.yml", file)

    assert shop.rows(
        "select return_id, order_id, product_id, quantity, refund_amount from raw.returns "
        "order by return_id"
    ) == [("C104/1", "101", "10001", 1, Decimal("2.6")), ("C105/1", "100", "10002A", 1, 4)]


def test_online_retail_names_and_countries_are_the_first_ones_known(shop):
    file = shop.write("retail.csv", ONLINE_RETAIL.encode("latin-1"))

    shop.load(EXAMPLES / "online_retail.yml", file)

    assert shop.rows("select customer_id, country from raw.customers") == [("11", "France")]
    assert shop.rows("select product_name from raw.products where product_id = '10001'") == [
        ('CUP £5 "BLUE"',)
    ]


def test_online_retail_is_blind_to_later_lines(shop):
    tables = {"orders": "ordered_at", "returns": "returned_at"}
    early = "".join(
        line for line in ONLINE_RETAIL.splitlines(keepends=True) if "12/6" not in line
    ).encode("latin-1")
    complete = shop.write("complete.csv", ONLINE_RETAIL.encode("latin-1"))
    shop.load(EXAMPLES / "online_retail.yml", complete)
    everything = {
        table: shop.rows(f"select * from raw.{table} where {time} < '2010-12-06' order by 1")
        for table, time in tables.items()
    }

    shop.load(EXAMPLES / "online_retail.yml", shop.write("early.csv", early))

    for table, time in tables.items():
        found = shop.rows(f"select * from raw.{table} where {time} < '2010-12-06' order by 1")
        assert found == everything[table]


def test_a_transaction_log_gives_one_order_per_row(shop):
    file = shop.write(
        "log.csv",
        "customer,date,amount\n1,2024-01-01,5\n1,2024-01-01,5\n1,2024-01-02,0\n"
        "1,2024-01-03,-2\n2,2024-01-01,-1\n,2024-01-01,1\n",
    )

    summary = shop.load(EXAMPLES / "transaction_log.yml", file)

    assert shop.rows("select order_id from raw.orders order by ordered_at, order_id") == [
        ("1/20240101000000/1",), ("1/20240101000000/2",), ("1/20240102000000/1",)
    ]  # fmt: skip
    assert shop.rows("select order_id, refund_amount from raw.returns") == [
        ("1/20240102000000/1", 2)
    ]
    assert summary.rejected_rows == {"missing_customer": 1, "refund_without_purchase": 1}


@pytest.mark.skipif(not SHARED_DATA.exists(), reason="needs ../shared/data/online_retail.parquet")
def test_every_row_of_online_retail_is_accounted_for(shop):
    summary = shop.load(EXAMPLES / "online_retail.yml", SHARED_DATA / "online_retail.parquet")

    (file,) = summary.files
    used = summary.table_rows["order_items"] + summary.table_rows["returns"]
    assert file.rows_read == 541_909
    assert (file.rows_mapped, file.rows_rejected) == (used, sum(summary.rejected_rows.values()))
    assert file.rows_read == file.rows_mapped + file.rows_rejected
    assert summary.rejected_rows["missing_customer"] == 135_080


@pytest.mark.skipif(not SHARED_DATA.exists(), reason="needs ../shared/data/online_retail.parquet")
@pytest.mark.slow
def test_online_retail_as_csv_gives_the_same_tables_as_parquet(shop):
    parquet = SHARED_DATA / "online_retail.parquet"
    csv = shop.folder / "retail.csv"
    with open_warehouse(shop.folder / "scratch.duckdb") as warehouse:
        warehouse.execute(
            "copy (select * replace (strftime(InvoiceDate, '%-m/%-d/%Y %-H:%M') as InvoiceDate) "
            f"from '{parquet}') to '{csv}' (header)"
        )
    csv.write_text(csv.read_text(encoding="utf-8"), encoding="latin-1")
    keys = {"order_items": "order_id, line_number", "returns": "return_id", "orders": "order_id"}
    queries = [
        f"select md5(string_agg(rows::varchar, '' order by {key})) from raw.{table} as rows"
        for table, key in keys.items()
    ]

    found = []
    for data in (parquet, csv):
        shop.load(EXAMPLES / "online_retail.yml", data)
        found.append([shop.rows(query) for query in queries])

    assert found[0] == found[1]


@pytest.mark.skipif(not SHARED_DATA.exists(), reason="needs ../shared/data/cdnow.parquet")
def test_every_row_of_cdnow_is_one_order(shop):
    summary = shop.load(EXAMPLES / "transaction_log.yml", SHARED_DATA / "cdnow.parquet")

    assert summary.table_rows == {"orders": 69_659, "order_items": 69_659, "returns": 0}
    assert summary.rejected_rows == {}
    assert shop.rows("select count(distinct order_id) from raw.orders") == [(69_659,)]


def test_the_worked_example_of_the_documentation_does_what_it_says(shop):
    blocks = (PROJECT / "docs" / "loading.md").read_text(encoding="utf-8").split("```")
    for kind, name in (("csv", "sales.csv"), ("yaml", "shop.yml")):
        shop.write(name, next(block for block in blocks if block.startswith(kind))[len(kind) + 1 :])

    summary = shop.load()

    assert summary.table_rows == {"orders": 3, "order_items": 3}
    assert summary.rejected_rows == {"missing_customer": 1}


def test_the_documentation_lists_every_raw_table_and_column():
    text = (PROJECT / "docs" / "loading.md").read_text(encoding="utf-8")

    for name, table in RAW_TABLES.items():
        columns = [
            f"**{column}**" if column in table.required else column
            for column in table.columns
            if column != "loaded_at"
        ]
        assert f"| `{name}` | {', '.join(columns)} |" in text


def test_any_subset_of_labelled_columns_is_loaded_under_its_names(tmp_path):
    file = tmp_path / "people.csv"
    file.write_text("annual_income,segment\n30000,Gold\n,Silver\n12000,\n", encoding="utf-8")
    warehouse_path = tmp_path / "warehouse.duckdb"

    summary = load_files(EXAMPLES / "labelled_customers.yml", file, warehouse_path)

    assert summary.table_rows == {"labelled_customers": 3}
    with open_warehouse(warehouse_path) as warehouse:
        rows = warehouse.rows("select user_id, income, age, class_name from raw.labelled_customers")
    assert rows == [
        ("row 1", 30000.0, None, "Gold"),
        ("row 2", None, None, "Silver"),
        ("row 3", 12000.0, None, None),
    ]


def test_labelled_customers_and_a_shop_leave_each_other_alone(shop):
    shop.write("sales.csv", SALES)
    shop.load()
    people = shop.write("people.csv", "user_id,age,class\n1,30,a\n")

    shop.load(EXAMPLES / "labelled_customers.yml", people)
    shop.load()

    for table, count in (("orders", 3), ("labelled_customers", 1), ("rejected_rows", 1)):
        assert shop.rows(f"select count(*) from raw.{table}") == [(count,)]


def test_one_mapping_does_not_fill_both_data_sets(shop):
    shop.write("sales.csv", SALES)
    both = "  labelled_customers:\n    from: sales\n    columns: {user_id: sale}\n"

    message = shop.refusal(mapping=shop.write("both.yml", MAPPING + both))

    assert "tables.labelled_customers: does not belong to a shop" in message


OWN = """
version: 1
name: own
sources:
  people:
    path: people.csv
    columns:
      user: {from: [id], type: id}
      class: {from: [class]}
      tenure: {from: [tenure_months], type: number}
      plan: {from: [plan]}
      joined: {from: [joined], type: date}
tables:
  labelled_customers:
    from: people
    columns: {user_id: user, class_name: class}
    own_columns:
"""
PEOPLE = "id,class,tenure_months,plan,joined,note\n1,a,12,Pro,2025-01-01,x\n2,b,,,2025-01-02,y\n"


def test_own_columns_of_labelled_customers_are_kept_as_numbers_and_texts(shop):
    shop.write("people.csv", PEOPLE)
    lines = "      tenure_months: tenure\n      is_pro: plan = 'Pro'\n      plan: upper(plan)\n"
    summary = shop.load(shop.write("own.yml", OWN + lines))
    assert summary.unread_columns == {"people": ("note",)}
    assert summary.can_take_own_columns
    assert shop.rows("select own_numbers, own_texts from raw.labelled_customers order by all") == [
        ({"tenure_months": 12.0, "is_pro": 1.0}, {"plan": "PRO"}),
        ({"tenure_months": None, "is_pro": None}, {"plan": None}),
    ]


def test_a_list_of_own_columns_names_those_of_the_source(shop):
    shop.write("people.csv", PEOPLE)
    listed = OWN.replace("own_columns:", "own_columns: [tenure, plan]")
    shop.load(shop.write("own.yml", listed))
    assert shop.rows("select own_numbers['tenure'], own_texts['plan'] from raw.labelled_customers")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("joined: joined", "own_columns.joined: DATE is neither a number nor a text"),
        ("plan: plann", "own_columns.plan: Referenced column"),
        ("email: plan", "`email` is personal data"),
        ("age: tenure", "`age` is a column of its own"),
        ("age_band: plan", "`age_band` is a column of its own"),
    ],
)
def test_own_columns_that_cannot_be_features_are_named(shop, line, expected):
    shop.write("people.csv", PEOPLE)
    message = shop.refusal(mapping=shop.write("own.yml", f"{OWN}      {line}\n"))
    assert expected in message


def test_a_shop_has_no_own_columns(shop):
    shop.write("sales.csv", SALES)
    mapping = MAPPING.replace("  orders:\n", "  orders:\n    own_columns: {extra: sale}\n")
    message = shop.refusal(mapping=shop.write("shop.yml", mapping))
    assert "tables.orders.own_columns: only labelled_customers has any" in message
