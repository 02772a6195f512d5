-- Row-level security of the tables that every service has. No caller's session reaches journal and intent at all: its
-- role has no privilege on them (nsw_runtime.migrations), and Postgres has no COPY into a table with row security.

alter table parked enable row level security;
alter table quarantine enable row level security;
alter table registration enable row level security;
create policy platform on parked using (current_setting('nsw.tenant', true) = '*');
create policy platform on quarantine using (current_setting('nsw.tenant', true) = '*');
create policy platform on registration using (current_setting('nsw.tenant', true) = '*');
