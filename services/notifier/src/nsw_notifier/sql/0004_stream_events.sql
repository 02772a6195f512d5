-- Events kept for the live streams of businesses that have one, at positions without gaps: what a client goes on from.
create table stream_position (
    declarant text   primary key,
    position  bigint not null
);
alter table stream_position enable row level security;
create policy tenant on stream_position using (
    declarant = current_setting('nsw.tenant', true) or current_setting('nsw.tenant', true) = '*'
);

-- `told_at`: when a client was first sent it.
create table stream_event (
    declarant    text        not null,
    position     bigint      not null,
    subscription text        not null,
    dossier      text        not null,
    procedure    text        not null,
    type         text        not null,
    traceparent  text,
    body         bytea       not null,
    kept_at      timestamptz not null,
    told_at      timestamptz,
    primary key (declarant, position)
);
create index stream_event_by_time on stream_event (kept_at);
alter table stream_event enable row level security;
create policy tenant on stream_event using (
    declarant = current_setting('nsw.tenant', true) or current_setting('nsw.tenant', true) = '*'
);
