-- The desk of agencies without a system of their own: their dossiers, what they were told, what officers decided.

create table desk_dossier (
    agency       text        not null,
    dossier      text        not null,
    procedure    text        not null,
    pack_version text        not null,
    declarant    text        not null,
    role         text        not null,
    arrived_at   timestamptz not null,
    content      text        not null,
    status       text        not null,
    before       text,
    accepted     boolean     not null,
    request      text,
    asked        text,
    ended        boolean     not null,
    due_at       timestamptz,
    left_amount  bigint,
    left_unit    text,
    officer      text,
    taken_at     timestamptz,
    primary key (agency, dossier)
) with (fillfactor = 80);
create index desk_dossier_due on desk_dossier (agency, due_at, dossier) where not ended;

-- What the agency was told, whole: the dossier's content stands in the facts.
create table desk_message (
    agency     text        not null,
    message_id text        not null,
    dossier    text        not null,
    what       text        not null,
    fact       bytea       not null,
    told_at    timestamptz not null,
    seq        bigint      generated always as identity,
    primary key (agency, message_id)
);
create index desk_message_of on desk_message (agency, dossier, seq);

-- What officers decided. `proposed`: a second officer must agree; `stated`: on its way to the window; `settled`: there.
create table desk_decision (
    agency     text        not null,
    id         text        not null,
    dossier    text        not null,
    kind       text        not null,
    fact       jsonb       not null,
    digest     text        not null,
    officer    text        not null,
    decided_at timestamptz not null,
    state      text        not null check (state in ('proposed', 'declined', 'stated', 'settled', 'refused')),
    second     text,
    judged_at  timestamptz,
    reason     text        not null default '',
    seq        bigint      generated always as identity,
    primary key (agency, id)
);
create index desk_decision_of on desk_decision (agency, dossier, seq);
create index desk_decision_open on desk_decision (agency, seq) where state = 'stated';
create unique index desk_decision_proposed on desk_decision (agency, dossier) where state = 'proposed';

do $$
declare
    name text;
begin
    foreach name in array array['desk_dossier', 'desk_message', 'desk_decision'] loop
        execute format('alter table %I enable row level security', name);
        execute format(
            'create policy of_agency on %I using (agency = current_setting(''nsw.tenant'', true)'
            ' or current_setting(''nsw.tenant'', true) = ''*'')', name);
    end loop;
end $$;
