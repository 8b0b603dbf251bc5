"""The command about one customer: ``explain``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import typer

from segml.cli.console import print_json, print_table
from segml.cli.options import (
    DEFAULT_PROJECT_DIR,
    Json,
    ProfilesDir,
    ProjectDir,
    Target,
    project_from,
)

if TYPE_CHECKING:
    from segml.customers import CustomerExplanation

BAR_CELLS = 24
EIGHTHS = " ▏▎▍▌▋▊▉"


def explain(
    customer: Annotated[str, typer.Argument(help="The shop's own customer_id, or a customer_key.")],
    project_dir: ProjectDir = DEFAULT_PROJECT_DIR,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
    as_json: Json = False,
) -> None:
    """Show what is expected of one customer, and why.

    Example: segml explain 13047 --target dev
    """
    from segml.customers import explain_customer

    project = project_from(project_dir, profiles_dir, target)
    explanation = explain_customer(project.warehouse_path(), customer)
    print_json(explanation) if as_json else print_explanation(explanation)


def print_explanation(explanation: CustomerExplanation) -> None:
    """Print segments, chances with bars, and how each reason moves the odds of buying."""
    persona = explanation.persona or "-"
    facts = [
        ["RFM segment", explanation.rfm_segment],
        ["persona", persona],
        ["", explanation.persona_description or ""],
        ["expected net revenue", f"{explanation.expected_net_revenue:,.2f}"],
        ["value rank", f"{explanation.value_rank:,} of {explanation.scored_customer_count:,}"],
        ["chance to buy", f"{explanation.purchase_probability:.1%}"],
    ]
    title = f"Customer {explanation.customer_key} on {explanation.snapshot_date}"
    print_table(title, ["", ""], [fact for fact in facts if fact[1]])
    print_table(
        f"Value tier: {explanation.value_tier}",
        ["tier", "probability", ""],
        [
            [tier, f"{probability:.1%}", bar(probability)]
            for tier, probability in explanation.tier_probabilities.items()
        ],
    )
    largest = max((abs(reason.contribution) for reason in explanation.reasons), default=1.0)
    print_table(
        "Why, against a typical customer",
        ["reason", "odds of buying", ""],
        [
            [reason.text, f"× {math.exp(reason.contribution):.2f}",
             bar(abs(reason.contribution) / largest)]
            for reason in explanation.reasons
        ],
    )  # fmt: skip


def bar(share: float) -> str:
    """Return a bar of a share of ``BAR_CELLS`` cells, to an eighth of a cell."""
    eighths = round(share * BAR_CELLS * 8)
    return "█" * (eighths // 8) + EIGHTHS[eighths % 8].strip()
