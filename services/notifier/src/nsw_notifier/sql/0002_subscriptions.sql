-- Subscriptions of three kinds, with filters, a state and two secrets; what was sent to each, and with which answer.
alter table subscription rename column url to address;
alter table subscription
    add column kind           text        not null default 'webhook' check (kind in ('webhook', 'email', 'stream')),
    add column procedures     text[]      not null default '{}',
    add column dossiers       text[]      not null default '{}',
    add column types          text[]      not null default '{}',
    add column language       text        not null default 'vi' check (language in ('vi', 'en')),
    add column rate           integer     not null default 100 check (rate between 1 and 1000),
    add column state          text        not null default 'active'
                              check (state in ('unverified', 'active', 'paused', 'disabled')),
    add column note           text        not null default '',
    add column failing_since  timestamptz,
    add column previous       text,
    add column previous_until timestamptz;
alter table subscription enable row level security;
create policy tenant on subscription using (
    declarant = current_setting('nsw.tenant', true) or current_setting('nsw.tenant', true) = '*'
);

-- One row for each request made to an endpoint (or message to a mailbox), whatever came of it. `body` is the events that
-- were taken, one a line: what may be sent again for as long as the row is kept.
create table delivery (
    subscription text        not null,
    declarant    text        not null,
    seq          bigint      generated always as identity,
    message_id   text        not null,
    at           timestamptz not null,
    took_ms      integer     not null,
    attempt      integer     not null,
    answer       integer     not null,
    error        text        not null,
    events       integer     not null,
    body         bytea,
    primary key (subscription, seq)
);
create index delivery_by_time on delivery (at);
alter table delivery enable row level security;
create policy tenant on delivery using (
    declarant = current_setting('nsw.tenant', true) or current_setting('nsw.tenant', true) = '*'
);
