select
    id as payment_id,
    order_id,
    way as method,
    cents / 100.0 as amount
from {{ ref('raw_payments') }}
