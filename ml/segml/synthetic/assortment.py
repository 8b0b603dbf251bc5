"""What the synthetic shop sells: eight categories of fifteen products."""

from __future__ import annotations

from dataclasses import dataclass

PRODUCTS_PER_CATEGORY = 15
VARIANTS_PER_FAMILY = 5


@dataclass(frozen=True)
class Category:
    """One category and how customers treat it.

    Parameters
    ----------
    taste : float
        Weight of the category in an average customer's taste.
    age_effect, income_effect : float
        Change of the log weight per standard deviation of age and of log income.
    median_price : float
        Median list price in currency.
    extra_quantity : float
        Mean number of units beyond the first in an order line.
    return_share : float
        Probability that a line of an averagely satisfied customer is returned.
    partner : int
        Position of the category that is bought together with this one.
    products : tuple of str
        Fifteen products that are bought again and again, or three families, each of which
        comes in five variants at one price and of which nobody buys the same variant twice.
    """

    name: str
    taste: float
    age_effect: float
    income_effect: float
    median_price: float
    extra_quantity: float
    return_share: float
    partner: int
    products: tuple[str, ...]
    variants: tuple[str, ...] = ()

    @property
    def is_repeatable(self) -> bool:
        """Whether customers buy the same product again."""
        return not self.variants

    @property
    def product_names(self) -> list[str]:
        """The fifteen product names, most popular first."""
        if self.is_repeatable:
            return list(self.products)
        return [f"{family}, {variant}" for family in self.products for variant in self.variants]


CATEGORIES = (
    Category(
        "Groceries", 0.20, 0.15, 0.0, 6.5, 0.9, 0.004, 4,
        ("Ground coffee 500 g", "Olive oil 750 ml", "Green tea 20 bags", "Dark chocolate 100 g",
         "Muesli 750 g", "Honey 350 g", "Basmati rice 1 kg", "Peanut butter 350 g",
         "Tomato sauce 400 g", "Spaghetti 500 g", "Oat drink 1 l", "Almonds 200 g",
         "Crackers 150 g", "Vegetable broth 250 g", "Strawberry jam 340 g"),
    ),
    Category(
        "Beauty & Care", 0.16, -0.10, 0.15, 11.0, 0.4, 0.015, 6,
        ("Hand cream 75 ml", "Shampoo 300 ml", "Shower gel 250 ml", "Face cream 50 ml",
         "Toothpaste 75 ml", "Sunscreen 100 ml", "Lip balm", "Body lotion 400 ml",
         "Hair conditioner 250 ml", "Bar soap 100 g", "Shaving foam 200 ml", "Cotton pads",
         "Deodorant 50 ml", "Bath salt 500 g", "Facial cleanser 150 ml"),
    ),
    Category(
        "Pet Supplies", 0.11, 0.20, 0.0, 14.0, 0.7, 0.008, 0,
        ("Dry cat food 2 kg", "Dry dog food 4 kg", "Cat litter 10 l", "Dog snacks 500 g",
         "Wet cat food 12 x 85 g", "Wet dog food 6 x 400 g", "Bird seed 2 kg",
         "Chew bones 10 pieces", "Rodent food 1 kg", "Aquarium flakes 250 ml", "Hay 1 kg",
         "Pet shampoo 250 ml", "Waste bags 120 pieces", "Catnip 20 g", "Straw bedding 3 kg"),
    ),
    Category(
        "Stationery", 0.12, -0.15, 0.05, 7.5, 0.6, 0.010, 7,
        ("Notebook A5", "Ballpoint pens 10 pieces", "Printer paper 500 sheets",
         "Sticky notes 6 pads", "Pencils 12 pieces", "Highlighters 4 pieces", "Envelopes 50 pieces",
         "Glue stick 3 pieces", "Paper clips 100 pieces", "Sketch pad A4", "Adhesive tape 4 rolls",
         "Wall calendar", "Index cards 200 pieces", "Marker pens 8 pieces", "Gift wrap 5 m"),
    ),
    Category(
        "Kitchen", 0.12, 0.10, 0.20, 34.0, 0.06, 0.045, 0,
        ("Frying pan 28 cm", "Mixing bowl", "Storage jar set"),
        ("steel", "black", "cream", "sage", "red"),
    ),
    Category(
        "Electronics", 0.11, -0.30, 0.25, 59.0, 0.03, 0.085, 3,
        ("Headphones", "Power bank", "Desk speaker"),
        ("black", "white", "grey", "blue", "green"),
    ),
    Category(
        "Home & Living", 0.10, 0.25, 0.20, 45.0, 0.08, 0.065, 1,
        ("Table lamp", "Cushion 45 cm", "Wool blanket"),
        ("natural", "grey", "ochre", "navy", "rust"),
    ),
    Category(
        "Toys & Games", 0.08, -0.05, 0.05, 24.0, 0.10, 0.035, 3,
        ("Jigsaw puzzle 1000 pieces", "Wooden train", "Plush animal"),
        ("forest", "ocean", "mountain", "city", "farm"),
    ),
)  # fmt: skip
