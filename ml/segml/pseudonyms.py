"""Keyed pseudonyms for customer ids: HMAC-SHA-256 inside DuckDB, the key never in SQL text.

The two padded key blocks of RFC 2104 are handed to every dbt cursor as session variables (see
``dbt_plugin``); the macro ``customer_key`` then spells out the HMAC with DuckDB's own ``sha256``.
Compiled SQL, logs and the manifest only ever hold the variables' names.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from segml.errors import SegmlError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

KEY_VARIABLE = "SEGML_PSEUDONYM_KEY"
KEY_FILE_VARIABLE = "SEGML_PSEUDONYM_KEY_FILE"
DEFAULT_KEY_FILE = Path(".segml/pseudonym.key")
MINIMUM_KEY_BYTES = 16
SHA256_BLOCK_BYTES = 64
# names of columns that nothing downstream of staging may have, as in the dbt test no_personal_data
PERSONAL_COLUMNS = frozenset(
    {
        "customer_id", "email", "phone", "birth_date", "review_text", "search_query",
        "first_name", "last_name", "full_name", "address", "ip_address",
    }
)  # fmt: skip


def read_or_create_key(key_file: Path | None = None) -> bytes:
    """Return the pseudonym key from the environment or a private file, created on first use.

    Raises
    ------
    SegmlError
        When the key is shorter than 16 bytes or the file can be read by other users.
    """
    text = os.environ.get(KEY_VARIABLE)
    if text is not None:
        return _checked(text.encode(), f"${KEY_VARIABLE}")
    path = key_file or Path(os.environ.get(KEY_FILE_VARIABLE, DEFAULT_KEY_FILE))
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _create_private_file(path, secrets.token_hex(32))
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise SegmlError(f"Other users can read the key file {path}", f"Run `chmod 600 {path}`")
    return _checked(path.read_bytes().strip(), str(path))


def _create_private_file(path: Path, text: str) -> None:
    """Write a key that appears complete or not at all; the first of two racers wins."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _checked(key: bytes, origin: str) -> bytes:
    if len(key) < MINIMUM_KEY_BYTES:
        raise SegmlError(
            f"The pseudonym key in {origin} has {len(key)} bytes",
            f"Use at least {MINIMUM_KEY_BYTES} random bytes",
        )
    return key


def hmac_pads(key: bytes) -> tuple[bytes, bytes]:
    """Return the inner and outer padded key blocks of HMAC-SHA-256 (RFC 2104), 64 bytes each.

    A longer key is hashed first, as the RFC demands.
    """
    if len(key) > SHA256_BLOCK_BYTES:
        key = hashlib.sha256(key).digest()
    block = key.ljust(SHA256_BLOCK_BYTES, b"\0")
    return bytes(byte ^ 0x36 for byte in block), bytes(byte ^ 0x5C for byte in block)


def set_pseudonym_key(connection: DuckDBPyConnection, key: bytes) -> None:
    """Make ``getvariable('segml_inner_pad' | 'segml_outer_pad')`` work on a connection."""
    inner_pad, outer_pad = hmac_pads(key)
    connection.execute("set variable segml_inner_pad = ?::blob", [inner_pad])
    connection.execute("set variable segml_outer_pad = ?::blob", [outer_pad])
