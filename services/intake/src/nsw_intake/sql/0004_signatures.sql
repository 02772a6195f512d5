-- The certificates businesses sign with, and what they signed, as it was received.

create table signing_certificate (
    sha256        text        primary key,
    declarant     text        not null,
    holder        text        not null,
    issuer        text        not null,
    serial        text        not null,
    not_before    timestamptz not null,
    not_after     timestamptz not null,
    certificate   bytea       not null,
    chain         bytea[]     not null,
    registered_at timestamptz not null,
    ended_at      timestamptz,
    good_at       timestamptz not null,
    revoked_at    timestamptz
);
create index on signing_certificate (declarant);

-- One row a dossier or command that came signed; `fact` is the fact it became. `signatures` is an array of
-- {jws, certificate, holder, signed_at, revocation, checked_at}.
create table signed (
    number      text        not null,
    fact        text        not null,
    declarant   text        not null,
    received_at timestamptz not null,
    body        bytea       not null,
    signatures  jsonb       not null,
    primary key (number, fact)
);

alter table signing_certificate enable row level security;
create policy tenant on signing_certificate
    using (declarant = current_setting('nsw.tenant', true) or current_setting('nsw.tenant', true) = '*');
alter table signed enable row level security;
create policy tenant on signed
    using (declarant = current_setting('nsw.tenant', true) or current_setting('nsw.tenant', true) = '*');
