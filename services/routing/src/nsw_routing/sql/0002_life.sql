-- A dossier at several agencies, with clocks; what is known of goods; the secret of the random checks.

alter table dossier_case
    add column agencies    jsonb,
    add column request     text,
    add column goods       text[],
    add column drawn       text[],
    add column asked_goods text[],
    add column next_at     timestamptz;

update dossier_case set agencies = jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
    'agency', agency, 'role', 'lead', 'status', status, 'accepted', status in ('accepted', 'result_issued'),
    'delivered_at', delivered_at)));

alter table dossier_case
    alter column agencies set not null,
    drop column agency,
    drop column delivered_at;

-- When the case's clocks have something to say next: the durable timers.
create index dossier_case_due on dossier_case (next_at) where next_at is not null;

-- What is known of one kind of goods under one inspection policy, whoever imports them.
create table goods_record (
    policy       text    not null,
    goods        text    not null,
    mode         text    not null,
    passes       integer not null default 0,
    exempt_until timestamptz,
    outcomes     integer not null default 0,
    primary key (policy, goods)
) with (fillfactor = 80);

-- Made once, here; each day's seed follows from it (docs/architecture/inspection.md).
create table inspection_secret (
    one    boolean primary key default true check (one),
    secret bytea   not null
);
insert into inspection_secret (secret)
select sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8'));
