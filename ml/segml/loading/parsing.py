"""Read ``MAPPING.yml`` and reject what cannot work, naming the place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segml.loading.contract import RAW_TABLES, REQUIRED_TABLES, data_set_of
from segml.loading.mapping import Column, Mapping, RowRule, Source, TableMapping
from segml.loading.own_columns import parse_own_columns
from segml.loading.sql import sql_text
from segml.loading.yaml_checker import YamlChecker

if TYPE_CHECKING:
    from pathlib import Path

COLUMN_TYPES = ("text", "id", "integer", "number", "money", "boolean", "date", "timestamp")
FORMATS = ("auto", "csv", "parquet", "json")
ENCODINGS = ("utf-8", "latin-1", "utf-16", "auto")


def read_mapping(path: Path) -> Mapping:
    """Read a mapping file.

    Raises
    ------
    LoadingError
        When the file is missing, is not YAML, or has an unknown, missing or unusable key.
    """
    return _Parser(path).mapping()


class _Parser(YamlChecker):
    """Turns checked YAML into the mapping's parts."""

    def mapping(self) -> Mapping:
        root = self.fields(
            self.yaml(), "top level", required=("version", "sources", "tables"),
            optional=("name", "views"),
        )  # fmt: skip
        if root["version"] != 1:
            raise self.error("version", f"{root['version']!r} is not known", "Write `version: 1`")
        sources = tuple(
            self.source(name, value) for name, value in self.named(root["sources"], "sources")
        )
        views = {
            name: self.sql(value, f"views.{name}")
            for name, value in self.named(root.get("views", {}), "views")
        }
        named_tables = self.named(root["tables"], "tables", known=tuple(RAW_TABLES))
        data_set = data_set_of(name for name, _ in named_tables)
        for required in REQUIRED_TABLES[data_set]:
            if required not in dict(named_tables):
                raise self.error("tables", f"`{required}` is missing", f"Add tables.{required}")
        for name, _ in named_tables:
            if RAW_TABLES[name].data_set != data_set:
                raise self.error(f"tables.{name}", "does not belong to a shop", "Load it by itself")
        tables = tuple(self.table(name, value) for name, value in named_tables)
        self.check_relation_names(sources, views)
        return Mapping(str(root.get("name", self.path.stem)), self.path, sources, views, tables)

    def source(self, name: str, value: object) -> Source:
        where = f"sources.{name}"
        found = self.fields(
            value, where, required=("path",),
            optional=("format", "encoding", "delimiter", "null_values", "optional", "lookup",
                      "columns", "rows"),
        )  # fmt: skip
        columns = None
        if "columns" in found:
            columns = tuple(
                self.column(column, item, f"{where}.columns.{column}")
                for column, item in self.named(found["columns"], f"{where}.columns")
            )
        delimiter = found.get("delimiter")
        return Source(
            name=name,
            paths=self.texts(found["path"], f"{where}.path"),
            format=self.choice(found.get("format", "auto"), f"{where}.format", FORMATS),
            encoding=self.choice(found.get("encoding", "utf-8"), f"{where}.encoding", ENCODINGS),
            delimiter=None if delimiter is None else self.text(delimiter, f"{where}.delimiter"),
            null_values=self.texts(found.get("null_values", ""), f"{where}.null_values"),
            optional=self.flag(found.get("optional", False), f"{where}.optional"),
            lookup=self.flag(found.get("lookup", False), f"{where}.lookup"),
            columns=columns,
            rows=self.rules(found.get("rows", []), f"{where}.rows"),
        )

    def column(self, name: str, value: object, where: str) -> Column:
        if isinstance(value, str):
            value = {"from": value}
        found = self.fields(value, where, optional=("from", "type", "format", "optional", "sql"))
        if ("sql" in found) == ("from" in found):
            raise self.error(where, "needs one of `from` and `sql`", "Name the file's column")
        type_ = self.choice(found.get("type", "text"), f"{where}.type", COLUMN_TYPES)
        if "format" in found and type_ not in ("date", "timestamp"):
            raise self.error(where, f"type {type_} has no format", "Use type date or timestamp")
        return Column(
            name=name,
            read_from=self.texts(found["from"], f"{where}.from") if "from" in found else (),
            type=type_,
            formats=self.texts(found["format"], f"{where}.format") if "format" in found else (),
            optional=self.flag(found.get("optional", False), f"{where}.optional"),
            sql=self.sql(found["sql"], f"{where}.sql") if "sql" in found else None,
        )

    def rules(self, value: object, where: str) -> tuple[RowRule, ...]:
        if not isinstance(value, list):
            raise self.error(where, "is not a list", "Write one `- keep:` or `- reject:` per line")
        rules = []
        for position, item in enumerate(value, start=1):
            place = f"{where}[{position}]"
            found = self.fields(item, place, optional=("keep", "reject", "when"))
            if ("keep" in found) == ("reject" in found):
                raise self.error(place, "needs one of `keep` and `reject`", "Add one of them")
            texts = {key: self.sql(item, f"{place}.{key}") for key, item in found.items()}
            if "keep" in texts:
                self.check_name(texts["keep"], place)
            rules.append(RowRule(texts.get("keep"), texts.get("reject"), texts.get("when")))
        return tuple(rules)

    def table(self, name: str, value: object) -> TableMapping:
        where = f"tables.{name}"
        found = self.fields(
            value,
            where,
            required=("from",),
            optional=("where", "group_by", "columns", "reject", "own_columns"),
        )
        columns = None
        if "columns" in found:
            columns = {
                column: self.expression(item, f"{where}.columns.{column}")
                for column, item in self.named(
                    found["columns"], f"{where}.columns", known=tuple(RAW_TABLES[name].columns)
                )
            }
            for required in RAW_TABLES[name].required:
                if columns.get(required) is None:
                    raise self.error(
                        where, f"column `{required}` is missing", f"Add it to {where}.columns"
                    )
        texts = {
            key: self.sql(found[key], f"{where}.{key}")
            for key in ("from", "where", "group_by")
            if key in found
        }
        reject = {
            str(reason): self.sql(item, f"{where}.reject.{reason}")
            for reason, item in self.named(found.get("reject", {}), f"{where}.reject")
        }
        if "group_by" in texts and reject:
            raise self.error(where, "a grouped table cannot reject rows", "Reject in the source")
        if "group_by" in texts and columns is None:
            raise self.error(where, "a grouped table needs `columns`", "Add them")
        own_columns = parse_own_columns(self, name, found.get("own_columns", {}))
        return TableMapping(
            name,
            texts["from"],
            texts.get("where"),
            texts.get("group_by"),
            columns,
            reject,
            own_columns,
        )

    def expression(self, value: object, where: str) -> str | None:
        """Return SQL for a column: text is SQL, ``{value: x}`` a constant, null is null."""
        if isinstance(value, dict):
            constant = self.fields(value, where, required=("value",))["value"]
            return sql_text(str(constant))
        return None if value is None else self.sql(value, where)

    def check_relation_names(self, sources: tuple[Source, ...], views: dict[str, str]) -> None:
        """Refuse two relations of one name."""
        kept = {rule.keep for source in sources for rule in source.rows if rule.keep}
        names = [source.name for source in sources] + sorted(kept) + list(views)
        for name in names:
            if names.count(name) > 1:
                raise self.error("names", f"`{name}` is used twice", "Rename one of them")
