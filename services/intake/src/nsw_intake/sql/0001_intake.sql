-- What businesses filed, and what intake last heard of it.

create table dossier (
    number          text        primary key,
    declarant       text        not null,
    idempotency_key text        not null,
    content_sha256  text        not null,
    procedure       text        not null,
    submitted_at    timestamptz not null,
    unique (declarant, idempotency_key)
);

-- One row a status change, in the dossier's own order. The last one is its status.
create table timeline (
    number     text        not null,
    revision   integer     not null,
    status     text        not null,
    agency     text        not null,
    changed_at timestamptz not null,
    detail     jsonb       not null,
    primary key (number, revision)
);
