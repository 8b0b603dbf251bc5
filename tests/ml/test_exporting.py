import stat
from pathlib import Path

import duckdb
import pytest
import yaml

from segml.errors import ExportError
from segml.exporting import export_audience
from segml.files import sha256_of

SOURCES = Path(__file__).resolve().parents[2] / "models/staging/segml/_segml__sources.yml"
PEOPLE = {
    "ada": (1, False),
    "bob": (2, True),
    "cyd": (3, False),
    "dan": (4, False),
}
TABLES = """
create schema ml; create schema marketing; create schema reference; create schema staging;
create schema vault;
create table reference.campaign_playbook as
    select unnest(['win_back', 'welcome']) as campaign_id, unnest([1, 2]) as priority;
create table vault.customer_keys (customer_id varchar, customer_key uuid);
create table marketing.campaign_audiences (
    campaign_id varchar, customer_key uuid, as_of_date date, action varchar, channel varchar,
    offer varchar, audience_rank bigint, is_holdout boolean, value_tier varchar, reason varchar,
    expected_incremental_profit double
);
create table staging.typed_shop__customers (
    customer_id varchar, email varchar, phone varchar, marketing_consent boolean,
    loaded_at timestamp, typed_row integer
);
create table staging.typed_shop__erasure_requests (customer_id varchar);
"""


@pytest.fixture
def shop(tmp_path):
    """A warehouse with one audience of four, of whom bob is held out."""
    path = tmp_path / "shop.duckdb"
    tables = yaml.safe_load(SOURCES.read_text(encoding="utf-8"))["sources"][0]["tables"]
    (audit,) = (table for table in tables if table["name"] == "audience_exports")
    columns = ", ".join(f"{item['name']} {item['data_type']}" for item in audit["columns"])
    with duckdb.connect(str(path)) as connection:
        connection.execute(TABLES)
        connection.execute(f"create table ml.audience_exports ({columns})")
        for name, (rank, is_holdout) in PEOPLE.items():
            key = f"{rank:08x}-0000-0000-0000-000000000000"
            connection.execute("insert into vault.customer_keys values (?, ?)", [name, key])
            connection.execute(
                "insert into marketing.campaign_audiences values "
                "('win_back', ?, '2025-07-01', 'write', 'email', null, ?, ?, 'low', 'Lost', 1.496)",
                [key, rank, is_holdout],
            )
            connection.execute(
                "insert into staging.typed_shop__customers values (?, ?, ?, true, '2025-01-01', 1)",
                [name, f"{name}@example.com", f"+1 {rank}"],
            )
    return path


def change(shop, sql):
    with duckdb.connect(str(shop)) as connection:
        return connection.execute(sql).fetchall()


def read(path):
    with duckdb.connect() as connection:
        relation = connection.execute(f"select * from '{path}'")
        columns = [column[0] for column in relation.description]
        return [dict(zip(columns, row, strict=True)) for row in relation.fetchall()]


@pytest.mark.parametrize("name", ["list.csv", "list.parquet", "new folder/list.csv"])
def test_the_file_holds_identities_in_order_and_nobody_held_out(shop, tmp_path, name):
    export = export_audience(shop, "win_back", tmp_path / name)
    rows = read(tmp_path / name)
    assert [row["customer_id"] for row in rows] == ["ada", "cyd", "dan"]
    assert rows[0]["email"] == "ada@example.com"
    assert rows[0]["reason"] == "Lost"
    assert rows[0]["expected_incremental_profit"] == 1.5
    assert not {"customer_key", "phone", "is_holdout"} & set(rows[0])
    assert (export.row_count, export.holdout_count, export.left_out_count) == (3, 1, 0)


def test_the_hold_out_group_is_written_on_request_and_told_apart(shop, tmp_path):
    export = export_audience(shop, "win_back", tmp_path / "list.csv", include_holdout=True)
    held_out = {row["customer_id"]: row["is_holdout"] for row in read(tmp_path / "list.csv")}
    assert held_out == {"ada": False, "bob": True, "cyd": False, "dan": False}
    assert (export.row_count, export.left_out_count) == (4, 0)


def test_whoever_refused_or_was_erased_since_is_left_out(shop, tmp_path):
    change(
        shop,
        "insert into staging.typed_shop__customers values "
        "('ada', 'ada@example.com', null, false, '2025-07-02', 2);"
        "insert into staging.typed_shop__erasure_requests values ('cyd')",
    )
    export = export_audience(shop, "win_back", tmp_path / "list.csv")
    assert [row["customer_id"] for row in read(tmp_path / "list.csv")] == ["dan"]
    assert export.left_out_count == 2


def test_the_newest_address_counts_and_a_text_message_needs_the_number(shop, tmp_path):
    change(
        shop,
        "update marketing.campaign_audiences set channel = 'sms';"
        "insert into staging.typed_shop__customers values "
        "('ada', 'new@example.com', '+2', true, '2025-07-02', 0)",
    )
    export_audience(shop, "win_back", tmp_path / "list.csv")
    first = read(tmp_path / "list.csv")[0]
    assert (first["email"], str(first["phone"])) == ("new@example.com", "+2")


def test_a_shop_without_addresses_exports_customer_ids(shop, tmp_path):
    change(shop, "delete from staging.typed_shop__customers")
    export_audience(shop, "win_back", tmp_path / "list.csv")
    rows = read(tmp_path / "list.csv")
    assert [row["customer_id"] for row in rows] == ["ada", "cyd", "dan"]
    assert "email" not in rows[0]


def test_only_the_owner_may_read_the_file_and_nothing_else_stays_behind(shop, tmp_path):
    folder = tmp_path / "out"
    export_audience(shop, "win_back", folder / "list.csv")
    assert stat.S_IMODE((folder / "list.csv").stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == ["list.csv"]


def test_every_export_is_on_record_without_identities(shop, tmp_path):
    export_audience(shop, "win_back", tmp_path / "list.csv")
    ((campaign, name, rows, digest, user),) = change(
        shop,
        "select campaign_id, file_name, row_count, file_sha256, exported_by "
        "from ml.audience_exports",
    )
    assert (campaign, name, rows) == ("win_back", "list.csv", 3)
    assert digest == sha256_of(tmp_path / "list.csv")
    assert user
    record = str(change(shop, "from ml.audience_exports"))
    assert not any(name in record for name in PEOPLE)


def test_a_file_is_overwritten_only_by_force(shop, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("mine")
    with pytest.raises(ExportError, match="exists already"):
        export_audience(shop, "win_back", path)
    assert path.read_text() == "mine"
    export_audience(shop, "win_back", path, overwrite=True)
    assert len(read(path)) == 3


def test_without_a_record_there_is_no_file(shop, tmp_path):
    change(shop, "alter table ml.audience_exports drop column file_sha256")
    path = tmp_path / "out" / "list.csv"
    with pytest.raises(duckdb.Error):
        export_audience(shop, "win_back", path)
    assert list(path.parent.iterdir()) == []


def test_a_file_that_cannot_be_put_in_place_leaves_no_record(shop, tmp_path):
    (tmp_path / "list.csv").mkdir()
    with pytest.raises(OSError, match=r"list\.csv"):
        export_audience(shop, "win_back", tmp_path / "list.csv", overwrite=True)
    assert change(shop, "from ml.audience_exports") == []


def test_an_unknown_audience_lists_the_known_ones(shop, tmp_path):
    with pytest.raises(ExportError, match=r"Choose one of win_back \(4\), welcome \(0\)"):
        export_audience(shop, "winback", tmp_path / "list.csv")


def test_an_empty_audience_is_refused(shop, tmp_path):
    with pytest.raises(ExportError, match="'welcome' is empty"):
        export_audience(shop, "welcome", tmp_path / "list.csv")
    change(shop, "update marketing.campaign_audiences set is_holdout = true")
    with pytest.raises(ExportError, match="4 are held out"):
        export_audience(shop, "win_back", tmp_path / "list.csv")
    assert not (tmp_path / "list.csv").exists()


def test_another_ending_is_refused(shop, tmp_path):
    with pytest.raises(ExportError, match=r"list\.xlsx is neither \.csv nor \.parquet"):
        export_audience(shop, "win_back", tmp_path / "list.xlsx")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("vault.customer_keys", "not from a published copy"),
        ("marketing.campaign_audiences", "Run `dbt build` or `segml run` first"),
        ("ml.audience_exports", "Run `dbt build` or `segml run` first"),
    ],
)
def test_a_warehouse_without_what_it_takes_is_one_clear_line(shop, tmp_path, table, message):
    change(shop, f"drop table {table}")
    with pytest.raises(ExportError, match=message):
        export_audience(shop, "win_back", tmp_path / "list.csv")
