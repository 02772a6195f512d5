-- A result may come with a document of the agency's: it is held under the agency's code, as a business's is under its tax
-- code, and the entry of the timeline that tells of it refers to it.

comment on column document.declarant is 'whose it is: a business by its tax code, or an agency by its code';
alter table timeline add column document text;
create index timeline_document on timeline (document) where document is not null;
