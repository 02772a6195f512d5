-- Facts with a dossier's content are just wider than the 2 kB above which Postgres compresses a row and moves parts of it
-- out. Each content is written three times and read back once within seconds: rows up to a page stay as they are.

do $$
declare
    month regclass;
begin
    for month in select inhrelid::regclass from pg_inherits where inhparent = 'journal'::regclass loop
        execute format('alter table %s set (toast_tuple_target = 8160)', month);
    end loop;
end $$;

alter table intent set (toast_tuple_target = 8160);

create or replace function ensure_journal_months(today date, ahead integer) returns void
language plpgsql security definer set search_path from current as $$
declare
    month date := date_trunc('month', today)::date;
    name  text;
begin
    for step in 0..ahead loop
        name := 'journal_' || to_char(month, 'YYYYMM');
        if to_regclass(name) is null then
            execute format('create table %I partition of journal for values from (%L) to (%L) with (toast_tuple_target = 8160)',
                           name, month, (month + interval '1 month')::date);
        end if;
        month := (month + interval '1 month')::date;
    end loop;
end $$;
