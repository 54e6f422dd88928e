-- A large made-up population: DuckDB draws it, every value a hash of its row's number (bench/_companies.py).

-- part draws
create macro drawn(n, salt) as cast(hash(n * 128 + salt) >> 20 as bigint);
create macro below(n, salt, most) as drawn(n, salt) % most;
create macro share(n, salt) as below(n, salt, 10000) / 10000;
create macro one_of(n, salt, list) as list[1 + cast(below(n, salt, len(list)) as int)];
create macro maybe(n, salt, part, value) as case when below(n, salt, 100) < part then value end;
create macro days_ago(n, salt, most) as date '{as_of}' - cast(below(n, salt, most) as int);
create macro moment(day, n) as
  strftime(day, '%Y-%m-%d') || 'T' || lpad(cast(7 + n % 10 as varchar), 2, '0') || ':15:00Z';
create macro size(n) as least(120, pow(1 - share(n, 1), -0.87));

-- part accounts
select {first} + n as account_id, 'Company ' || n as name,
  one_of(n, 2, ['', '', '', '', '', '', 'PROSPECT', 'PROSPECT', 'PARTNER', 'VENDOR']) as type,
  one_of(n, 3, ['customer', 'customer', 'customer', 'opportunity', 'lead', '']) as lifecycle, '' as lead_status,
  maybe(n, 4, 88, cast(1 + floor(12 * size(n) * (0.5 + 1.7 * share(n, 5))) as int)) as employees,
  maybe(n, 6, 70, cast(1000 * floor(12 * size(n) * (90 + below(n, 7, 170))) as bigint)) as own_turnover,
  maybe(n, 8, 92, one_of(n, 9, ['MACHINERY', 'CHEMICALS', 'LOGISTICS_AND_SUPPLY_CHAIN', 'COMPUTER_SOFTWARE', 'RETAIL',
    'FOOD_PRODUCTION', 'CONSTRUCTION', 'LEGAL_SERVICES'])) as industry,
  maybe(n, 10, 40, one_of(n, 11, ['C25.11', '4711', '33.20', 'C10', '62.01'])) as activity_code,
  maybe(n, 12, 20, one_of(n, 13, ['ISO 9001', 'VCA;Other', 'ISO 14001'])) as certifications,
  maybe(n, 14, 5, {first} + below(n, 15, {accounts})) as parent_id,
  maybe(n, 16, 95, 'owner' || below(n, 17, 1 + {accounts} // 400)) as owner_id,
  one_of(n, 18, ['Netherlands', 'Netherlands', 'Belgium', 'Germany']) as country,
  maybe(n, 19, 80, days_ago(n, 20, 400)) as last_contact, maybe(n, 21, 80, below(n, 22, 6)) as contacts_with_details,
  maybe(n, 23, 70, one_of(n, 24, ['high', 'medium', 'low'])) as pain_fit,
  maybe(n, 25, 30, one_of(n, 26, ['high', 'low', 'low'])) as growth_potential,
  maybe(n, 27, 40, cast(1000 * round(size(n) * (8 + below(n, 28, 52))) as bigint)) as potential_annual_revenue,
  maybe(n, 29, 40, 5 + below(n, 30, 95)) as share_of_wallet_pct,
  maybe(n, 31, 20, 'Supplier ' || below(n, 32, 25)) as current_supplier,
  maybe(n, 33, 15, days_ago(n, 34, 400)) as quote_requested_at,
  maybe(n, 35, 3, {first} + below(n, 36, {accounts})) as referred_by,
  maybe(n, 37, 15, one_of(n, 38, ['active', 'passive'])) as network_role, maybe(n, 39, 35, below(n, 40, 11)) as nps,
  maybe(n, 41, 60, format('{{:.2f}}', size(n) * below(n, 42, 9000))) as invoiced_revenue_12m,
  maybe(n, 43, 8, 'true') as reference_customer, maybe(n, 44, 4, 'true') as pilot_customer,
  maybe(n, 45, 10, format('{{:.2f}}', 1 + share(n, 46) / 2)) as knowhow_index,
  maybe(n, 47, 50, format('{{:.1f}}', 12 + 43 * share(n, 48))) as gross_margin_pct,
  maybe(n, 49, 40, format('{{:.2f}}', size(n) * (100 + below(n, 50, 1400)))) as sm_cost_12m,
  maybe(n, 51, 20, format('{{:.2f}}', size(n) * below(n, 52, 3000))) as acquisition_cost_total,
  maybe(n, 53, 20, one_of(n, 54, ['true', 'false'])) as acquisition_cost_reduction_tried,
  maybe(n, 55, 40, format('{{:.1f}}', size(n) * 30 * share(n, 56))) as service_hours_12m,
  maybe(n, 57, 35, days_ago(n, 58, 150)) as oldest_open_invoice_date,
  maybe(n, 57, 35, days_ago(n, 58, 150) + 30) as oldest_open_invoice_due_date,
  maybe(n, 59, 2, days_ago(n, 58, 150)) as first_invoice_open_since,
  maybe(n, 57, 35, format('{{:.2f}}', size(n) * (200 + below(n, 60, 3800)))) as open_invoice_amount,
  maybe(n, 61, 3, 'true') as invoice_disputed, maybe(n, 62, 60, days_ago(n, 63, 12)) as invoice_data_updated_at,
  maybe(n, 64, 20, date '{as_of}' + cast(below(n, 65, 1100) - 200 as int)) as contract_end_date,
  maybe(n, 66, 1, 'true') as seg_exclude, maybe(n, 67, 1, 'large') as seg_override_tier,
  maybe(n, 68, 1, 'force_clear') as seg_override_say_no, maybe(n, 67, 1, 'Agreed') as seg_override_reason,
  maybe(n, 67, 1, date '{as_of}' + 60) as seg_override_until,
  maybe(n, 69, 90, one_of(n, 70, ['strategic', 'large', 'development', 'regular', 'regular', 'transactional'])) as seg_tier,
  maybe(n, 69, 90, days_ago(n, 71, 500)) as seg_tier_since,
  maybe(n, 69, 90, one_of(n, 72, ['top', 'big', 'medium', 'small', 'small'])) as seg_pyramid_level,
  maybe(n, 69, 90, one_of(n, 73, ['DEMANDING', 'BAD_PAYER', '', ''])) as seg_signals,
  maybe(n, 69, 90, date '{as_of}' - 1) as seg_last_evaluated
from range({accounts}) as numbers(n)

-- part deals
select 50000000 + n as deal_id, {first} + cast(floor({accounts} * pow(share(n, 1) + share(n, 2) / 10000, 1.5)) as bigint)
    as account_id, 'Order ' || n as name, 'default' as pipeline, case when won then 'closedwon' else 'sent' end as stage,
  won as is_won, won or below(n, 4, 2) = 0 as is_closed,
  format('{{:.2f}}', least(250000, 400 * pow(1 - share(n, 5), -0.8))) as amount,
  one_of(n, 6, ['EUR', 'EUR', 'EUR', 'EUR', 'EUR', 'EUR', 'EUR', 'EUR', 'USD', 'GBP']) as currency,
  day as close_date, moment(day - cast(3 + below(n, 8, 150) as int), n) as created_at,
  one_of(n, 9, ['new', 'existing', 'existing']) as deal_type, below(n, 10, 7) = 0 as is_renewal,
  case when won then '1' else one_of(n, 11, ['0', '0.2', '0.6']) end as probability,
  maybe(n, 12, 30, one_of(n, 13, ['2', '5', '10', '25'])) as discount_pct,
  maybe(n, 14, 15, one_of(n, 15, ['12', '24', '36'])) as term_months, below(n, 16, 5) = 0 as recurring
from (select n, below(n, 3, 100) < 55 as won, days_ago(n, 7, 1100) as day from range({accounts} * {deals_each}) as numbers(n))

-- part tickets
select 70000000 + n as ticket_id, {first} + below(n, 1, {accounts}) as account_id,
  moment(days_ago(n, 2, 365), n) as created_at, moment(days_ago(n, 2, 365) + 2, n) as closed_at,
  one_of(n, 3, ['PRODUCT_ISSUE', 'BILLING_ISSUE', 'FEATURE_REQUEST', '']) as category, 'LOW' as priority
from range({accounts}) as numbers(n)

-- part activities
select 80000000 + n as activity_id, {first} + below(n, 1, {accounts}) as account_id,
  one_of(n, 2, ['call', 'call', 'email', 'meeting']) as kind, moment(days_ago(n, 3, 365), n) as started_at,
  maybe(n, 4, 70, one_of(n, 5, ['5', '15', '30', '60'])) as minutes
from range({accounts}) as numbers(n)

-- part currency_rates
select currency, date '{as_of}' - days as valid_from, rate
from (values ('USD', 1200, '0.91'), ('USD', 400, '0.93'), ('USD', 30, '0.90'), ('GBP', 1200, '1.15'), ('GBP', 200, '1.17'))
    as rates(currency, days, rate)
