-- What the shop exports, tidied.
create table staging.people as
select customer_id, lower(trim(email)) as email, country
from 'examples/customers.csv';

create table staging.sales as
select order_id, customer_id, cast(amount as decimal(10, 2)) as amount, order_date
from 'examples/orders.csv'
where status <> 'cancelled';
