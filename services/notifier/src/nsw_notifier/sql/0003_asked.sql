-- When a mailbox was last asked to confirm: nobody's mailbox is filled with questions.
alter table subscription add column asked_at timestamptz;
