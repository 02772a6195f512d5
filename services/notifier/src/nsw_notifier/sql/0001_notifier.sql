-- Who wants to hear of what, and how.
create table subscription (
    id         text        primary key,
    declarant  text        not null,
    url        text        not null,
    delivery   text        not null check (delivery in ('single', 'batch')),
    events     text        not null check (events in ('all', 'results')),
    secret     text        not null,
    created_at timestamptz not null,
    unique (declarant, url)
);
