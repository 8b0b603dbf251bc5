import hashlib
import hmac
import re
import stat
import uuid
from pathlib import Path

import duckdb
import pytest

from segml.errors import SegmlError
from segml.pseudonyms import read_or_create_key, set_pseudonym_key

MACRO = Path(__file__).resolve().parents[2] / "macros" / "privacy" / "customer_key.sql"


def customer_key_sql(column: str) -> str:
    """The macro's own SQL, with Jinja taken away."""
    body = re.search(r"macro customer_key.*?-%}(.*){%- endmacro", MACRO.read_text(), re.DOTALL)
    return body[1].replace("{{ column_name }}", column)


@pytest.mark.parametrize("key", [b"short but sixteen", b"k" * 64, b"longer than a block " * 10])
def test_customer_keys_equal_the_standard_hmac(key):
    ids = ["c000001", "Zoë", "", "0", "x" * 1000]
    with duckdb.connect() as connection:
        set_pseudonym_key(connection, key)
        keys = connection.execute(
            f"select {customer_key_sql('id')} from (select unnest(?) as id)", [ids]
        ).fetchall()
    expected = [
        uuid.UUID(hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:32]) for text in ids
    ]
    assert [row[0] for row in keys] == expected


def test_an_unknown_id_has_no_key():
    with duckdb.connect() as connection:
        set_pseudonym_key(connection, b"k" * 32)
        query = f"select {customer_key_sql('id')} from (select null::varchar as id)"
        assert connection.execute(query).fetchall() == [(None,)]


def test_without_a_key_the_query_fails_instead_of_giving_other_pseudonyms():
    with duckdb.connect() as connection, pytest.raises(duckdb.Error, match="pseudonym key"):
        connection.execute(f"select {customer_key_sql('id')} from (select 'a' as id)").fetchall()


def test_the_key_file_is_private_and_stays_the_same(tmp_path, monkeypatch):
    monkeypatch.delenv("SEGML_PSEUDONYM_KEY", raising=False)
    path = tmp_path / "keys" / "pseudonym.key"
    first = read_or_create_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_or_create_key(path) == first
    assert len(first) >= 32
    assert [item.name for item in path.parent.iterdir()] == ["pseudonym.key"]


def test_a_key_file_that_others_can_read_is_refused(tmp_path, monkeypatch):
    monkeypatch.delenv("SEGML_PSEUDONYM_KEY", raising=False)
    path = tmp_path / "pseudonym.key"
    read_or_create_key(path)
    path.chmod(0o644)
    with pytest.raises(SegmlError, match="chmod 600"):
        read_or_create_key(path)


def test_a_short_key_is_refused_without_being_shown(monkeypatch):
    monkeypatch.setenv("SEGML_PSEUDONYM_KEY", "tooshort")
    with pytest.raises(SegmlError, match="has 8 bytes") as refused:
        read_or_create_key()
    assert "tooshort" not in str(refused.value)
