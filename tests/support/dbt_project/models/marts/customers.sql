with spent as (

    select
        customer_id,
        min(ordered_at) as first_order,
        count(order_id) as order_count,
        sum(amount) as lifetime_value
    from {{ ref('orders') }}
    where status <> 'returned'
    group by customer_id

)

select
    c.*,
    s.first_order,
    s.order_count,
    coalesce(s.lifetime_value, 0) as lifetime_value
from {{ ref('stg_customers') }} c
left join spent s using (customer_id)
