select
    id as customer_id,
    full_name as customer_name,
    lower(mail) as email,
    md5(lower(mail)) as email_hash,
    country
from {{ ref('raw_customers') }}
