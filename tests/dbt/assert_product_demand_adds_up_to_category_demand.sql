-- products add up to their category, but for the corrections of the two
select
    categories.snapshot_date,
    categories.category
from {{ ref('int_demand__forecasts') }} as categories
inner join {{ ref('int_demand__settings') }} as settings
    on categories.snapshot_date = settings.snapshot_date
left join {{ ref('int_demand__forecasts') }} as products
    on
        categories.snapshot_date = products.snapshot_date
        and categories.category = products.category
        and products.level = 'product'
where categories.level = 'category'
group by
    categories.snapshot_date,
    categories.category,
    settings.product_correction,
    settings.category_correction
having
    abs(
        sum(products.expected_units) / settings.product_correction
        - any_value(categories.expected_units) / settings.category_correction
    ) > 1e-6 * any_value(categories.expected_units) + 1e-6
