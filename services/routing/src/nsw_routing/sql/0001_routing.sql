-- The case of each dossier: which agency has it and how far it is.
create table dossier_case (
    number       text        primary key,
    procedure    text        not null,
    pack_version text        not null,
    declarant    text        not null,
    agency       text        not null,
    status       text        not null,
    revision     integer     not null,
    delivered_at timestamptz,
    changed_at   timestamptz not null
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
