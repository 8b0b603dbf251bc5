"""One customer as the marts show them: segment, outlook, persona and reasons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from segml.errors import CustomerError, WarehouseError
from segml.warehouse import open_warehouse

if TYPE_CHECKING:
    from pathlib import Path

    from segml.warehouse import Warehouse

NEEDED = (
    ("marketing", "customer_segments"),
    ("staging", "stg_segml__prediction_reasons"),
    ("staging", "stg_segml__personas"),
)


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One fact that moved the prediction.

    Parameters
    ----------
    text : str
        The fact in words, beside what is typical.
    contribution : float
        Change in the log-odds of a purchase against a typical customer.
    features : list of str
        Columns of ``customer_features`` that say it.
    """

    text: str
    contribution: float
    features: list[str]


@dataclass(frozen=True, kw_only=True)
class CustomerExplanation:
    """What is known and expected of one customer, and why.

    Parameters
    ----------
    tier_probabilities : dict of str to float
        P(value tier) within the horizon, ``high`` first.
    expected_net_revenue : float
        E[net revenue within the horizon] in currency.
    value_rank : int
        1 for the highest expected net revenue.
    persona, persona_description : str or None
        None where personas are not fitted.
    reasons : list of Reason
        Strongest first.
    """

    customer_key: str
    snapshot_date: str
    model_version: str
    rfm_segment: str
    value_tier: str
    tier_probabilities: dict[str, float]
    purchase_probability: float
    expected_net_revenue: float
    value_rank: int
    scored_customer_count: int
    persona: str | None
    persona_description: str | None
    reasons: list[Reason]


def explain_customer(warehouse_path: Path, customer: str) -> CustomerExplanation:
    """Describe a customer by the newest scoring.

    Parameters
    ----------
    customer : str
        A customer_key, or the shop's own customer_id while the vault holds it.

    Raises
    ------
    WarehouseError
        When the marts have not been built.
    CustomerError
        When the customer is unknown, erased, or not scored.
    """
    with open_warehouse(warehouse_path, read_only=True) as warehouse:
        for schema, table in NEEDED:
            if not warehouse.has_table(schema, table):
                raise WarehouseError(
                    f"{warehouse.path} has no table {schema}.{table}", "Run `segml run` first"
                )
        key = _resolve(warehouse, customer)
        segment = _read_segment(warehouse, key)
        if segment["value_tier"] == "unscored":
            raise _unscored(warehouse, customer, segment["rfm_segment"])
        return CustomerExplanation(
            customer_key=key,
            tier_probabilities={
                tier: segment.pop(f"probability_{tier}") for tier in ("high", "mid", "low")
            },
            reasons=_read_reasons(warehouse, key),
            **segment,
        )


def _resolve(warehouse: Warehouse, customer: str) -> str:
    """Return the key of a customer in the mart."""
    keys = [str(UUID(customer))] if _is_uuid(customer) else []
    if warehouse.has_table("vault", "customer_keys"):
        found = warehouse.rows(
            "select cast(customer_key as varchar) from vault.customer_keys where customer_id = ?",
            [customer],
        )
        keys += [key for (key,) in found]
    if _is_erased(warehouse, customer, keys):
        raise CustomerError(
            "This customer has asked to be erased, and nothing is kept",
            "Remove the customer from your own lists, too",
        )
    for key in keys:
        if warehouse.rows(
            "select 1 from marketing.customer_segments where customer_key = cast(? as uuid)", [key]
        ):
            return key
    raise CustomerError(
        f"There is no customer '{customer}'",
        "Give a customer_id of the shop or a customer_key, or run `segml run` if they are new",
    )


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _is_erased(warehouse: Warehouse, customer: str, keys: list[str]) -> bool:
    if not warehouse.has_table("staging", "base_shop__erasure_requests"):
        return False
    by_id = warehouse.value(
        "select count(*) from staging.base_shop__erasure_requests "
        "where customer_id = ? and rejection_reason is null",
        [customer],
    )
    by_key = warehouse.value(
        "select count(*) from staging.stg_shop__erasure_requests "
        "where list_contains(?, cast(customer_key as varchar))",
        [keys],
    )
    return bool(by_id or by_key)


def _read_segment(warehouse: Warehouse, key: str) -> dict[str, Any]:
    """Return a customer's row by the names of ``CustomerExplanation``."""
    row = warehouse.frame(
        """
        select
            cast(segments.prediction_snapshot_date as varchar) as snapshot_date,
            segments.model_version,
            segments.rfm_segment,
            segments.value_tier,
            segments.probability_high,
            segments.probability_mid,
            segments.probability_low,
            segments.purchase_probability,
            segments.expected_net_revenue,
            segments.value_rank,
            (
                select count(*) from marketing.customer_segments where value_tier != 'unscored'
            ) as scored_customer_count,
            segments.cluster_name as persona,
            personas.description as persona_description
        from marketing.customer_segments as segments
        left join staging.stg_segml__personas as personas
            on segments.cluster_name = personas.cluster_name
        where segments.customer_key = cast(? as uuid)
        """,
        [key],
    ).astype(object)
    values = row.where(row.notna(), None).to_dict("records")[0]
    return {str(name): value for name, value in values.items()}


def _read_reasons(warehouse: Warehouse, key: str) -> list[Reason]:
    """Return the reasons, those added up that several features give in the same words."""
    rows = warehouse.rows(
        """
        select reason_text, sum(contribution), list(feature order by reason_rank)
        from staging.stg_segml__prediction_reasons
        where customer_key = cast(? as uuid)
        group by reason_text
        order by abs(sum(contribution)) desc, min(reason_rank)
        """,
        [key],
    )
    return [Reason(text=text, contribution=total, features=names) for text, total, names in rows]


def _unscored(warehouse: Warehouse, customer: str, rfm_segment: str) -> CustomerError:
    if not warehouse.rows(
        "select 1 from marketing.customer_segments where scored_at is not null limit 1"
    ):
        return CustomerError("No customer has been scored", "Run `segml run` first")
    return CustomerError(
        f"Customer '{customer}' has no prediction: their segment is {rfm_segment}",
        "Only customers with an order within eligibility_days before as_of_date are scored",
    )
