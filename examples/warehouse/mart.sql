-- What people look at.
create table mart.revenue as
select p.country, s.order_date as day, sum(s.amount) as revenue, count(distinct p.email) as buyers
from staging.sales s
join staging.people p on p.customer_id = s.customer_id
group by p.country, s.order_date;

create table mart.newsletter as
select email, md5(email) as token, country
from staging.people;

create view mart.revenue_by_country as
select country, sum(revenue) as revenue
from mart.revenue
group by country;
