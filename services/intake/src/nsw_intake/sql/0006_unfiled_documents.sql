-- What a business keeps without a dossier is summed up whenever one of its uploads begins.
create index document_unfiled_of on document (declarant) include (size) where filed_at is null;
