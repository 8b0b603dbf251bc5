"""The features of a data set: the columns of its feature table that models see."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from segml.dataset import BASELINE_FEATURES, FeatureSchema
from segml.errors import SettingsError, WarehouseError
from segml.settings import LABELLED_CUSTOMERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segml.settings import Settings
    from segml.warehouse import Warehouse

    Columns = Sequence[tuple[str, str]]

KEY_COLUMNS = ("customer_key", "snapshot_date", "split_role", "class_name")
CATEGORICAL_TYPES = ("VARCHAR",)
LABELLED_TABLE = "labelled_customer_features"
# maps of columns that a team brings along, whose names are in nobody's contract
OWN_COLUMNS = {"own_numbers": "DOUBLE", "own_texts": "VARCHAR"}
LOAD_LABELLED = (
    "Load one with `segml load examples/labelled_customers.yml --data FILE`, then `dbt build`"
)


def schema_of(warehouse: Warehouse, settings: Settings, data_set: str) -> FeatureSchema:
    """Return the model inputs of a data set as they are now.

    Raises
    ------
    SettingsError
        When an exclusion of the shop matches no column.
    WarehouseError
        When there is no such table yet.
    """
    if data_set == LABELLED_CUSTOMERS:
        return read_labelled_schema(warehouse, settings)
    return read_schema(warehouse, settings.excluded_features)


def read_schema(warehouse: Warehouse, excluded: Sequence[str] = ()) -> FeatureSchema:
    """Return the model inputs of the shop: every column of the mart but keys and exclusions.

    What a baseline is made of stays with that baseline, though no model sees it.

    Parameters
    ----------
    excluded : sequence of str
        Column names or shell patterns, such as ``gender`` or ``net_revenue_*``.

    Raises
    ------
    SettingsError
        When a pattern matches no column, since it then protects nothing.
    """
    columns = _columns_of(warehouse, "customer_features")
    for pattern in excluded:
        if not any(fnmatchcase(name, pattern) for name, _ in columns):
            raise SettingsError(
                f"`excluded_features` names '{pattern}', which is no column of customer_features",
                "Correct the name in segml.toml",
            )
    kept = _without(columns, excluded)
    withheld = [
        (name, kind)
        for name, kind in columns
        if (name, kind) not in kept and any(fnmatchcase(name, item) for item in BASELINE_FEATURES)
    ]
    return FeatureSchema(*_by_kind(kept), *_by_kind(withheld))


def read_labelled_schema(warehouse: Warehouse, settings: Settings) -> FeatureSchema:
    """Return the model inputs of labelled customers, the columns of their own among them.

    Of ``excluded_features`` only what names a column here applies: the shop has others.

    Raises
    ------
    WarehouseError
        When there is no such table yet.
    """
    if not warehouse.has_table("features", LABELLED_TABLE):
        raise WarehouseError(f"{warehouse.path} has no labelled customers", LOAD_LABELLED)
    columns = []
    for name, kind in _columns_of(warehouse, LABELLED_TABLE):
        if name in OWN_COLUMNS:
            columns += [(own, OWN_COLUMNS[name]) for own in _names_within(warehouse, name)]
        else:
            columns.append((name, kind))
    return FeatureSchema(*_by_kind(_without(columns, settings.excluded_features)))


def labelled_relation(warehouse: Warehouse) -> str:
    """Return SQL of labelled customers with the columns of their own beside the others."""
    present = [name for name, _ in _columns_of(warehouse, LABELLED_TABLE)]
    maps = [name for name in OWN_COLUMNS if name in present]
    if not maps:
        return f"features.{LABELLED_TABLE}"
    own = "".join(
        f", {column}['{name}'] as \"{name}\""
        for column in maps
        for name in _names_within(warehouse, column)
    )
    return f"(select * exclude ({', '.join(maps)}){own} from features.{LABELLED_TABLE})"


def _columns_of(warehouse: Warehouse, table: str) -> list[tuple[str, str]]:
    return warehouse.rows(
        "select column_name, data_type from information_schema.columns "
        "where table_schema = 'features' and table_name = ? order by ordinal_position",
        [table],
    )


def _names_within(warehouse: Warehouse, column: str) -> list[str]:
    """Return the names in a map of own columns; a load gives all its customers the same."""
    return [
        name
        for (name,) in warehouse.rows(
            f"select distinct unnest(map_keys({column})) as name from features.{LABELLED_TABLE} "
            "order by name"
        )
    ]


def _without(columns: Columns, excluded: Sequence[str]) -> list[tuple[str, str]]:
    """Return the columns that are neither keys nor excluded."""
    return [
        (name, kind)
        for name, kind in columns
        if name not in KEY_COLUMNS and not any(fnmatchcase(name, item) for item in excluded)
    ]


def _by_kind(columns: Columns) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of numeric and of categorical columns."""
    return (
        tuple(name for name, kind in columns if kind not in CATEGORICAL_TYPES),
        tuple(name for name, kind in columns if kind in CATEGORICAL_TYPES),
    )
