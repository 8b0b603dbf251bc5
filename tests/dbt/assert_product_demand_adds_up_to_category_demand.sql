-- products add up to their category, but for the corrections of the two
select
    categories.snapshot_date,
    categories.category
from {{ ref('int_demand__forecasts') }} as categories
inner join {{ ref('int_demand__settings') }} as learned
    on categories.snapshot_date = learned.snapshot_date
left join {{ ref('int_demand__forecasts') }} as products
    on
        categories.snapshot_date = products.snapshot_date
        and categories.category = products.category
        and products.grain = 'product'
where categories.grain = 'category'
group by
    categories.snapshot_date,
    categories.category,
    learned.product_correction,
    learned.category_correction
having
    abs(
        sum(products.expected_units) / learned.product_correction
        - any_value(categories.expected_units) / learned.category_correction
    ) > 1e-6 * any_value(categories.expected_units) + 1e-6
