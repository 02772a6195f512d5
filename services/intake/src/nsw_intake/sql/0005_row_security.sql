-- A business's rows are seen by the platform's own work and on behalf of that business, and by nobody else.

alter table timeline add column declarant text;
update timeline t set declarant = d.declarant from dossier d where d.number = t.number;
update timeline set declarant = fact::jsonb ->> 'declarant' where declarant is null;
alter table timeline alter column declarant set not null;

alter table command add column declarant text;
update command c set declarant = d.declarant from dossier d where d.number = c.number;
alter table command alter column declarant set not null;

alter table dossier enable row level security;
alter table timeline enable row level security;
alter table command enable row level security;
create policy tenant on dossier
    using (current_setting('nsw.tenant', true) = '*' or declarant = current_setting('nsw.tenant', true));
create policy tenant on timeline
    using (current_setting('nsw.tenant', true) = '*' or declarant = current_setting('nsw.tenant', true));
create policy tenant on command
    using (current_setting('nsw.tenant', true) = '*' or declarant = current_setting('nsw.tenant', true));
