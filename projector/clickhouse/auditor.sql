-- A user who can ask everything and change nothing (docs/clickhouse.md). Run once by an administrator of the server;
-- the in-process engine has no users. Replace PASSWORD_SHA256 by `printf %s "$PASSWORD" | sha256sum`, and evidence by
-- the name of the database where it is another one.
CREATE SETTINGS PROFILE IF NOT EXISTS evidence_auditor SETTINGS
  readonly = 1,
  max_execution_time = 60,
  max_memory_usage = 4000000000,
  max_rows_to_read = 500000000,
  max_result_rows = 1000000,
  max_concurrent_queries_for_user = 4;
CREATE USER IF NOT EXISTS evidence_auditor IDENTIFIED WITH sha256_hash BY 'PASSWORD_SHA256' SETTINGS PROFILE 'evidence_auditor';
GRANT SELECT ON evidence.* TO evidence_auditor;
