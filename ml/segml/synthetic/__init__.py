"""A synthetic shop of any size with known truth: demo data, tests and benchmarks.

The stochastic process is documented in ``docs/demo-shop.md``.
"""

from segml.synthetic.generator import ShopSummary, generate_shop
from segml.synthetic.settings import ShopSettings

__all__ = ["ShopSettings", "ShopSummary", "generate_shop"]
