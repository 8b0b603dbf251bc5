"""A campaign's audience as a file with identities: the one way out of the pseudonyms."""

from __future__ import annotations

import getpass
import uuid
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from segml.errors import ExportError
from segml.files import draft_folder, sha256_of
from segml.loading.sql import sql_name, sql_text
from segml.warehouse import open_warehouse

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from segml.warehouse import Warehouse

COPY_OPTIONS = {".csv": "format csv, header", ".parquet": "format parquet"}
NUMBER_CHANNELS = ("sms", "phone")
PRIVATE_FILE_MODE = 0o600
NEEDED_TABLES = (
    ("marketing", "campaign_audiences"),
    ("reference", "campaign_playbook"),
    ("staging", "typed_shop__customers"),
    ("staging", "typed_shop__erasure_requests"),
    ("ml", "audience_exports"),
)


@dataclass(frozen=True, kw_only=True)
class AudienceExport:
    """One row of ``ml.audience_exports``: who took which audience when, without identities."""

    export_id: str
    campaign_id: str
    as_of_date: date
    exported_at: datetime
    exported_by: str
    file_name: str
    file_sha256: str
    row_count: int
    holdout_count: int
    is_holdout_included: bool
    left_out_count: int


def export_audience(
    warehouse_path: Path,
    campaign_id: str,
    path: Path,
    *,
    include_holdout: bool = False,
    overwrite: bool = False,
) -> AudienceExport:
    """Write whom to contact, by which channel, with which offer and why; best customers first.

    Identities come from the vault and the raw customers as they are now: whoever has asked to be
    erased or refused contact since the audience was built is left out. The file is readable by its
    owner only, and there is no file without its row in ``ml.audience_exports``.

    Parameters
    ----------
    path : Path
        Ends in ``.csv`` or ``.parquet``; complete or untouched, whatever happens.
    include_holdout : bool
        Whether the hold-out group is written too, told apart by a column ``is_holdout``.

    Raises
    ------
    ExportError
        When the file is of another kind or exists already, when there is no such campaign, or
        nobody to contact in it.
    """
    if path.suffix.lower() not in COPY_OPTIONS:
        raise ExportError(
            f"{path.name} is neither .csv nor .parquet", "Choose one of these endings for --to"
        )
    if path.exists() and not overwrite:
        raise ExportError(f"{path} exists already", "Choose another file or pass --force")
    with open_warehouse(warehouse_path) as warehouse:
        _require_tables(warehouse)
        _require_campaign(warehouse, campaign_id)
        _resolve(warehouse, campaign_id, include_holdout=include_holdout)
        counts = _count(warehouse, campaign_id, include_holdout=include_holdout)
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft_folder(path.parent, path.name) as folder:
            draft = folder / path.name
            warehouse.execute(
                f"copy (from segml_export order by audience_rank) to {sql_text(str(draft))} "
                f"({COPY_OPTIONS[path.suffix.lower()]})"
            )
            draft.chmod(PRIVATE_FILE_MODE)
            export = AudienceExport(
                export_id=uuid.uuid4().hex,
                campaign_id=campaign_id,
                exported_at=datetime.now(UTC).replace(tzinfo=None),
                exported_by=_user(),
                file_name=path.name,
                file_sha256=sha256_of(draft),
                is_holdout_included=include_holdout,
                **counts,
            )
            with warehouse.transaction():
                _record(warehouse, export)
                draft.replace(path)
    return export


def _require_tables(warehouse: Warehouse) -> None:
    if not warehouse.has_table("vault", "customer_keys"):
        raise ExportError(
            f"{warehouse.path} has no vault.customer_keys, which says who a pseudonym is",
            "Export from the warehouse that dbt builds, not from a published copy",
        )
    for schema, table in NEEDED_TABLES:
        if not warehouse.has_table(schema, table):
            raise ExportError(
                f"{warehouse.path} has no {schema}.{table}", "Run `dbt build` or `segml run` first"
            )


def _require_campaign(warehouse: Warehouse, campaign_id: str) -> None:
    known = warehouse.rows(
        """
        select playbook.campaign_id, count(audiences.customer_key)
        from reference.campaign_playbook as playbook
        left join marketing.campaign_audiences as audiences
            on playbook.campaign_id = audiences.campaign_id
        group by playbook.campaign_id
        order by min(playbook.priority), playbook.campaign_id
        """
    )
    if campaign_id not in dict(known):
        names = ", ".join(f"{name} ({customers:,})" for name, customers in known)
        raise ExportError(
            f"There is no audience '{campaign_id}'",
            f"Choose one of {names}" if known else "Fill seeds/reference/campaign_playbook.csv",
        )
    if not dict(known)[campaign_id]:
        raise ExportError(
            f"The audience '{campaign_id}' is empty: nobody with consent fits the campaign now",
            "Look at its row of seeds/reference/campaign_playbook.csv, then run `dbt build`",
        )


def _resolve(warehouse: Warehouse, campaign_id: str, *, include_holdout: bool) -> None:
    """Create the temporary table ``segml_export``, of whoever may still be contacted."""
    channel, has_email, has_phone = warehouse.rows(
        """
        select
            (
                select any_value(channel) from marketing.campaign_audiences
                where campaign_id = ?
            ),
            count(email) > 0,
            count(phone) > 0
        from staging.typed_shop__customers
        """,
        [campaign_id],
    )[0]
    identities = ["customer_keys.customer_id"]
    if has_email:
        identities.append("customers.email")
    if has_phone and channel in NUMBER_CHANNELS:
        identities.append("customers.phone")
    flag = ", audiences.is_holdout" if include_holdout else ""
    warehouse.execute(
        f"""
        create or replace temp table segml_export as
        with customers as (
            select customer_id, email, phone, marketing_consent
            from staging.typed_shop__customers
            qualify row_number() over (
                partition by customer_id order by loaded_at desc nulls last, typed_row desc
            ) = 1
        )
        select
            {", ".join(identities)}, audiences.campaign_id, audiences.audience_rank,
            audiences.action, audiences.channel, audiences.offer, audiences.reason,
            audiences.value_tier, round(audiences.expected_incremental_profit, 2)
                as expected_incremental_profit{flag}
        from marketing.campaign_audiences as audiences
        inner join vault.customer_keys as customer_keys
            on audiences.customer_key = customer_keys.customer_key
        left join customers on customer_keys.customer_id = customers.customer_id
        anti join staging.typed_shop__erasure_requests as requests
            on customer_keys.customer_id = requests.customer_id
        where
            audiences.campaign_id = $campaign_id
            and coalesce(customers.marketing_consent, true)
            and ($include_holdout or not audiences.is_holdout)
        """,
        {"campaign_id": campaign_id, "include_holdout": include_holdout},
    )


def _count(warehouse: Warehouse, campaign_id: str, *, include_holdout: bool) -> dict[str, Any]:
    """Return the date and the counts of an export, and refuse one without rows."""
    as_of_date, chosen, holdout, written = warehouse.rows(
        """
        select
            max(as_of_date), count(*), count(*) filter (where is_holdout),
            (select count(*) from segml_export)
        from marketing.campaign_audiences
        where campaign_id = ?
        """,
        [campaign_id],
    )[0]
    if not written:
        raise ExportError(
            f"Nobody of the {chosen:,} customers of '{campaign_id}' is left to contact: "
            f"{holdout:,} are held out, the others refused or were erased since",
            "Run `dbt build` to choose the audience anew",
        )
    expected = chosen if include_holdout else chosen - holdout
    return {
        "as_of_date": as_of_date,
        "row_count": written,
        "holdout_count": holdout,
        "left_out_count": expected - written,
    }


def _record(warehouse: Warehouse, export: AudienceExport) -> None:
    row = asdict(export)
    warehouse.execute(
        f"insert into ml.audience_exports ({', '.join(map(sql_name, row))}) "
        f"values ({', '.join('?' * len(row))})",
        list(row.values()),
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
