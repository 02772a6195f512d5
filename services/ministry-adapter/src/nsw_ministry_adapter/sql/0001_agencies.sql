-- What the adapter keeps beside its intents: deliveries made, what agencies said, and when an agency is left alone.
-- Each row is one agency's: a session sees those of its tenant, the platform's own work (`*`) all, others none.

-- Deliveries that an agency's system has taken: what a later answer is about, under which version of the pack.
create table delivery (
    agency       text        not null,
    dossier      text        not null,
    message_id   text        not null,
    pack_version text        not null,
    traceparent  text,
    delivered_at timestamptz not null,
    primary key (dossier, agency, message_id)
);

-- Messages of agencies, by the agency's own id: each takes effect once. `digest`: of what it says. `facts`: what an
-- early one will state once its delivery is settled.
create table answer (
    agency      text        not null,
    id          text        not null,
    dossier     text        not null,
    message_id  text,
    digest      bytea       not null,
    verdict     text        not null check (verdict in ('taken', 'early', 'unknown', 'refused')),
    reason      text        not null default '',
    facts       jsonb,
    received_at timestamptz not null,
    primary key (agency, id)
);
create index answer_early on answer (agency, message_id) where verdict = 'early';
create index answer_strange on answer (agency, received_at) where verdict in ('unknown', 'refused');

-- When an agency is not delivered to: a maintenance window, or a pause without an end.
create table pause (
    agency    text        not null,
    begins_at timestamptz not null,
    ends_at   timestamptz,
    reason    text        not null,
    made_at   timestamptz not null default now(),
    primary key (agency, begins_at),
    check (ends_at > begins_at)
);

-- How deliveries to an agency go, as the host last saw it: written when it changes.
create table condition (
    agency text        primary key,
    state  text        not null check (state in ('well', 'resting', 'misconfigured')),
    reason text        not null,
    since  timestamptz not null
);

-- Small values that adapters keep (`Context.store`).
create table kept (
    agency  text        not null,
    key     text        not null collate "C",
    value   bytea       not null,
    kept_at timestamptz not null,
    primary key (agency, key)
);

do $$
declare
    name text;
begin
    foreach name in array array['delivery', 'answer', 'pause', 'condition', 'kept'] loop
        execute format('alter table %I enable row level security', name);
        execute format(
            'create policy of_agency on %I using (agency = current_setting(''nsw.tenant'', true)'
            ' or current_setting(''nsw.tenant'', true) = ''*'')', name);
    end loop;
end $$;
