-- a customer_key is a keyed hash: the lowest keys of a class are a random sample of it, the same in
-- every run
with

labelled_customers as (

    select * from {{ ref('stg_shop__labelled_customers') }}

),

ranked as (

    select
        *,
        row_number() over (partition by class_name order by customer_key) as class_position,
        count(*) over (partition by class_name) as class_size
    from labelled_customers

)

select
    * exclude (class_position, class_size),
    case
        when class_name is null then 'scoring'
        when class_position <= round(class_size * {{ var('labelled_test_share') }}) then 'test'
        else 'train'
    end as split_role
from ranked
