with source as (

    select * from {{ ref('raw_orders') }}

),

renamed as (

    select
        id as order_id,
        customer as customer_id,
        ordered_at,
        state as status
    from source

)

select * from renamed
