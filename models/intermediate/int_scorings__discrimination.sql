-- how well the purchase probabilities of past scorings told buyers from others: area under the ROC
-- curve with its standard error (DeLong, DeLong and Clarke-Pearson 1988), and the share of buyers
-- among the top tenth over their share among all; equal probabilities share their place
with

outcomes as (

    select * from {{ ref('int_scorings__outcomes') }}

),

steps as (

    select
        scoring_id,
        purchase_probability,
        count(*) as customer_count,
        count(*) filter (where has_purchased) as buyer_count,
        count(*) filter (where not has_purchased) as other_count
    from outcomes
    group by scoring_id, purchase_probability

),

placed as (

    select
        scoring_id,
        buyer_count,
        other_count,
        customer_count,
        sum(customer_count) over from_top - customer_count as better_count,
        sum(customer_count) over (partition by scoring_id) as total_count,
        cast(sum(other_count) over from_bottom - other_count / 2 as decimal(18, 1))
            as beaten_others,
        cast(sum(buyer_count) over from_bottom - buyer_count / 2 as decimal(18, 1))
            as beaten_buyers
    from steps
    window
        from_top as (partition by scoring_id order by purchase_probability desc),
        from_bottom as (partition by scoring_id order by purchase_probability)

),

sums as (

    select
        scoring_id,
        nullif(sum(buyer_count), 0) as buyer_total,
        nullif(sum(other_count), 0) as other_total,
        cast(sum(buyer_count * beaten_others) as double) as beaten_others,
        cast(sum(buyer_count * beaten_others * beaten_others) as double) as beaten_others_squares,
        cast(sum(other_count * beaten_buyers) as double) as beaten_buyers,
        cast(sum(other_count * beaten_buyers * beaten_buyers) as double) as beaten_buyers_squares,
        sum(
            cast(buyer_count as decimal(18, 6)) * greatest(
                least(total_count / 10 - better_count, customer_count), 0
            ) / customer_count
        ) / max(total_count) * 10 as top_tenth_buyer_share,
        sum(buyer_count) / sum(customer_count) as buyer_share
    from placed
    group by scoring_id

)

select
    scoring_id,
    beaten_others / buyer_total / other_total as roc_auc,
    sqrt(
        greatest(beaten_others_squares - beaten_others * beaten_others / buyer_total, 0)
        / nullif(buyer_total - 1, 0) / buyer_total / other_total / other_total
        + greatest(beaten_buyers_squares - beaten_buyers * beaten_buyers / other_total, 0)
        / nullif(other_total - 1, 0) / other_total / buyer_total / buyer_total
    ) as roc_auc_error,
    top_tenth_buyer_share / nullif(buyer_share, 0) as lift_10
from sums
