-- A business's cases are seen by the platform's own work, and on behalf of that business.

alter table dossier_case enable row level security;
create policy tenant on dossier_case
    using (current_setting('nsw.tenant', true) = '*' or declarant = current_setting('nsw.tenant', true));
