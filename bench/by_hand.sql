-- The facts behind the models, as someone writes them who needs these numbers once (bench/_by_hand.py).
create table accounts as select account_id, parent_id, gross_margin_pct, sm_cost_12m, contract_end_date
  from read_csv('{folder}/accounts.csv', types={{'account_id': 'varchar', 'parent_id': 'varchar'}});

with recursive top(id, root) as (
  select account_id, account_id from accounts where parent_id is null
  union all
  select a.account_id, t.root from accounts a join top t on a.parent_id = t.id
), account as (
  select a.*, account_id as id, coalesce(t.root, account_id) as root from accounts a left join top t on t.id = account_id
), deal as (
  select d.*, cast(case when d.currency is null or d.currency = 'EUR' then d.amount else round(d.amount * r.rate, 2) end
      as decimal(18, 2)) as home, d.is_won and d.close_date > as_of - interval 1 year and d.close_date <= as_of as counts
  from (select *, date '{day}' as as_of from read_csv('{folder}/deals.csv', types={{'amount': 'decimal(18,2)'}})) d
  asof left join read_csv('{folder}/currency_rates.csv', types={{'rate': 'decimal(18,6)'}}) r
    on r.currency = d.currency and r.valid_from <= d.close_date
), sold as (
  select account_id::varchar as id, coalesce(sum(home) filter (where counts), 0) as revenue, count(*) filter (where counts)
    as won, count(*) filter (where is_won) as won_ever, min(close_date) filter (where is_won) as customer_since,
    max(close_date) filter (where is_won) as last_won, bool_and(recurring) filter (where counts) as all_recurring,
    sum(home * probability) filter (where not is_closed and not is_renewal and close_date <= as_of + interval 1 year)
      as pipeline, count(*) filter (where counts and term_months > 0) as contracts,
    sum(home * 12 / term_months) filter (where counts and term_months > 0) as yearly,
    avg(discount_pct) filter (where counts and deal_type = 'new') as new_discount,
    count(*) filter (where counts and deal_type = 'existing' and discount_pct > 0) as repeat_discounts,
    max(close_date) filter (where is_won and close_date > as_of) as future,
    count(*) filter (where counts and home is null) as without_amount
  from deal group by account_id
), paced as (
  select id, avg(gap) as gap_mean, var_pop(gap) as gap_variance, median(gap) as gap_median from (
    select account_id::varchar as id, close_date - lag(close_date) over (partition by account_id order by close_date) as gap
    from deal where is_won and close_date > as_of - interval 2 year) group by id
), served as (
  select account_id::varchar as id, count(*) as contacts, count(*) filter (where created_at > date '{day}' - 30) as contacts_30d,
    count(*) filter (where created_at > date '{day}' - 90) as contacts_90d,
    count(*) filter (where category = 'FEATURE_REQUEST') as feature_requests
  from read_csv('{folder}/tickets.csv') where created_at > date '{day}' - interval 1 year group by 1
), talked as (
  select account_id::varchar as id, sum(minutes) as minutes from read_csv('{folder}/activities.csv')
  where started_at > date '{day}' - interval 1 year group by 1
), grouped as (
  select root, sum(revenue) as group_revenue, sum(won_ever) as group_won, min(customer_since) as group_since,
    max(last_won) as group_last, count(*) as members, max(contract_end_date) as group_contract
  from account a left join sold using (id) group by root
), ranked as (
  select *, rank() over (order by group_revenue desc) as place,
    (select count(*) from grouped where group_revenue > 0) as active from grouped
)
select to_json(x)::varchar from (
  select a.id, a.root, s.* exclude (id), p.* exclude (id), v.* exclude (id), t.minutes, r.* exclude (root),
    case when place <= ceil(active * 0.01) then 'top' when place <= ceil(active * 0.05) then 'big'
      when place <= ceil(active * 0.2) then 'medium' when group_revenue > 0 then 'small' end as level,
    s.revenue * coalesce(a.gross_margin_pct, 0) / 100 - coalesce(a.sm_cost_12m, 0) as margin
  from account a left join sold s on s.id = a.id left join paced p on p.id = a.id left join served v on v.id = a.id
  left join talked t on t.id = a.id left join ranked r on r.root = a.root order by a.id
) x
