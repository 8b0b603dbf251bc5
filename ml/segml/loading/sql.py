"""Quoting for generated SQL."""


def sql_text(value: str) -> str:
    """Return an SQL text literal."""
    return "'" + value.replace("'", "''") + "'"


def sql_name(value: str) -> str:
    """Return a quoted SQL identifier."""
    return '"' + value.replace('"', '""') + '"'
