{% set methods = ['card', 'transfer', 'voucher'] %}

with payments as (

    select
        order_id,
        {% for method in methods -%}
        sum(case when method = '{{ method }}' then amount else 0 end) as {{ method }}_amount{{ "," if not loop.last }}
        {% endfor %}
    from {{ ref('stg_payments') }}
    group by order_id

)

select
    o.order_id,
    o.customer_id,
    o.ordered_at,
    o.status,
    {% for method in methods -%}
    p.{{ method }}_amount,
    {% endfor -%}
    t.amount
from {{ ref('stg_orders') }} o
left join payments p on p.order_id = o.order_id
left join {{ ref('paid_orders') }} t on t.order_id = o.order_id
