-- A dossier may wait by itself while its lane goes on: `due_at` is until when.

alter table intent add column due_at timestamptz;
drop index intent_parked;
create index intent_waits on intent (lane, dossier) where parked or due_at is not null;
