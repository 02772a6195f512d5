-- Documents. Their bytes are in an object store, under a blob's name, which stands in exactly one of document_upload,
-- document_bytes and document_discarded; nothing is put there before its row is.

-- Bytes that are coming in. `nonces` has twelve bytes for each chunk that is stored, in order.
create table document_upload (
    blob        text        primary key,
    declarant   text        not null,
    sha256      text        not null,
    size        bigint      not null,
    media_type  text        not null,
    key_id      text        not null,
    wrapped_key bytea       not null,
    nonces      bytea       not null default '',
    touched_at  timestamptz not null
) with (fillfactor = 50);
create index document_upload_of on document_upload (declarant, sha256);

-- Whole documents' bytes, once for the platform, whoever has them.
create table document_bytes (
    sha256      text        primary key,
    blob        text        not null unique,
    size        bigint      not null,
    key_id      text        not null,
    wrapped_key bytea       not null,
    nonces      bytea       not null,
    stored_at   timestamptz not null
);

-- Which business has shown that it has a document, by uploading it. `filed_at`: since when a dossier refers to it.
create table document (
    declarant   text        not null,
    sha256      text        not null references document_bytes,
    size        bigint      not null,
    media_type  text        not null,
    uploaded_at timestamptz not null,
    filed_at    timestamptz,
    primary key (declarant, sha256)
);
create index document_by_bytes on document (sha256);
create index document_unfiled on document (uploaded_at) where filed_at is null;

-- Blobs to which nothing refers any more; their objects are removed a little later, then the row.
create table document_discarded (
    blob         text        primary key,
    discarded_at timestamptz not null
);

-- What a dossier, or a command that brought one, refers to: [{"sha256", "name"}].
alter table dossier add column documents jsonb;
alter table command add column documents jsonb;

alter table document_upload enable row level security;
alter table document_bytes enable row level security;
alter table document enable row level security;
alter table document_discarded enable row level security;
create policy tenant on document_upload
    using (declarant = current_setting('nsw.tenant', true) or current_setting('nsw.tenant', true) = '*');
create policy tenant on document
    using (declarant = current_setting('nsw.tenant', true) or current_setting('nsw.tenant', true) = '*');
create policy platform on document_bytes using (current_setting('nsw.tenant', true) = '*');
create policy platform on document_discarded using (current_setting('nsw.tenant', true) = '*');
