-- The version of the procedure each dossier was judged by, what businesses asked for after filing, and every public fact.

alter table dossier add column pack_version text not null default '2026.1';
alter table dossier alter column pack_version drop default;

alter table timeline
    add column type text not null default 'status-changed',
    add column fact text;
update timeline set fact = jsonb_build_object('agency', agency, 'changed_at', changed_at) || detail;
alter table timeline
    alter column type drop default,
    alter column fact set not null,
    drop column agency,
    drop column changed_at,
    drop column detail;

create table command (
    number          text        not null,
    idempotency_key text        not null,
    command         text        not null,
    sha256          text        not null,
    id              text        not null,
    filed_at        timestamptz not null,
    primary key (number, idempotency_key)
);
