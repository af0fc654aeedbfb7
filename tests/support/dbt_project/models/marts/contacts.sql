{{ config(materialized='view') }}

select email as address, 'customer' as kind, country as region
from {{ ref('customers') }}
where order_count > 0

union all

select customer_name, 'name', country
from {{ ref('stg_customers') }}
