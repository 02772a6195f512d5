-- What every service keeps beside its own tables: journal, stream heads, progress, quarantine, parked, intents.
-- Runs inside the service's schema (search_path is set to it alone).

-- Every fact this service states. Append-only, cut by month; the head's row lock makes positions unique and gap-free,
-- `recorded_at` is in the key only because a partitioned table's key must hold the partition column.
create table journal (
    topic       text        not null,
    partition   integer     not null,
    position    bigint      not null,
    key         text        not null,
    type        text        not null,
    id          text        not null,
    traceparent text,
    value       bytea       not null,
    recorded_at timestamptz not null,
    primary key (topic, partition, position, recorded_at)
) partition by range (recorded_at);

-- One row a stream: the last position given, and the last one the broker has acknowledged.
create table stream_head (
    topic     text    not null,
    partition integer not null,
    position  bigint  not null default 0,
    published bigint  not null default 0,
    primary key (topic, partition)
) with (fillfactor = 50, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0);

-- Facts taken back from the broker by `nsw stream adopt`; stated again, they are recognised by id and not repeated.
create table adopted (
    id text primary key
);

-- One row a stream read: the last position applied.
create table progress (
    topic     text    not null,
    partition integer not null,
    position  bigint  not null default 0,
    primary key (topic, partition)
) with (fillfactor = 50, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0);

-- Records that could not be read, as they came. `position` is null where even that was unreadable.
create table quarantine (
    topic          text        not null,
    partition      integer     not null,
    record_offset  bigint      not null,
    position       bigint,
    key            bytea,
    headers        jsonb       not null,
    value          bytea,
    reason         text        not null,
    quarantined_at timestamptz not null,
    primary key (topic, partition, record_offset)
);

-- Events that wait, in order, because their dossier cannot go on. `released` asks the service to try again.
create table parked (
    topic       text        not null,
    partition   integer     not null,
    position    bigint      not null,
    dossier     text        not null,
    type        text        not null,
    id          text        not null,
    traceparent text,
    value       bytea       not null,
    reason      text        not null,
    parked_at   timestamptz not null,
    released    boolean     not null default false,
    primary key (topic, partition, position)
);
create index parked_by_dossier on parked (dossier);

-- Effects on the outside still to be carried out, in order within a lane (one agency, one subscription).
-- A row goes when its result is a fact; `parked` rows wait for an operator.
create table intent (
    lane        text        not null,
    seq         bigint      generated always as identity,
    id          text        not null,
    dossier     text        not null,
    body        bytea       not null,
    traceparent text,
    attempts    integer     not null default 0,
    created_at  timestamptz not null,
    parked      boolean     not null default false,
    last_error  text,
    primary key (lane, seq)
) with (autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_scale_factor = 0.1);
create index intent_parked on intent (lane, dossier) where parked;

-- The journal's months, made ahead of time. The service's role owns nothing, so this runs as the schema's owner.
create function ensure_journal_months(today date, ahead integer) returns void
language plpgsql security definer set search_path from current as $$
declare
    month date := date_trunc('month', today)::date;
    name  text;
begin
    for step in 0..ahead loop
        name := 'journal_' || to_char(month, 'YYYYMM');
        if to_regclass(name) is null then
            execute format('create table %I partition of journal for values from (%L) to (%L)',
                           name, month, (month + interval '1 month')::date);
        end if;
        month := (month + interval '1 month')::date;
    end loop;
end $$;
