-- Who acts for whom (nsw_runtime.identity): each service that lets callers in keeps its own copy. Revisions follow the
-- order of commits, because the clock's row is locked from the change to the commit.

create table registration_clock (
    one      boolean primary key default true check (one),
    revision bigint  not null
);
insert into registration_clock (revision) values (0);

create table registration (
    issuer     text        not null,
    subject    text        not null,
    role       text        not null,
    party      text        not null,
    public_key text        not null,
    revoked    boolean     not null,
    changed_at timestamptz not null,
    revision   bigint      not null,
    primary key (issuer, subject, role, party)
);
create index registration_by_revision on registration (revision);
create index registration_by_party on registration (party);
