-- UpdateAgent of macOS: files, processes, past runs
-- Platforms: windows, darwin, linux
-- FAIL: One row per trace of the second stage that the macOS loader starts.
-- What to do: Isolate the host; the second stage took the account's domain and sent it away.
SELECT
  CASE
    WHEN hits.is_hit = 1 THEN 'FAIL'
    WHEN NOT EXISTS (SELECT 1 FROM threecx_verdict WHERE scan_complete = 1) THEN 'UNKNOWN'
    ELSE 'PASS'
  END AS KOLIDE_CHECK_STATUS,
  hits."trace",
  hits."path",
  hits."pid",
  hits."cmdline",
  hits."time",
  hits."verdict"
FROM (SELECT 1 AS one) AS always
LEFT JOIN (
SELECT 1 AS is_hit, found.* FROM (
-- A comma is missing in the printed query: "ingestion_timestamp pid" renames the time to pid, and no pid comes back.
-- It also needs a shell in between; a direct start is missed. The tables know the path, however it was started.
SELECT 'file' AS trace, path, NULL AS pid, NULL AS cmdline, mtime AS time, verdict
FROM threecx_artifacts
WHERE stage = 'macos_second_stage'
UNION ALL
SELECT 'process', path, pid, cmdline, start_time, verdict
FROM threecx_processes
WHERE stage = 'macos_second_stage'
UNION ALL
SELECT 'execution', path, pid, cmdline, time, verdict
FROM threecx_executions
WHERE stage = 'macos_second_stage'
) AS found
) AS hits ON 1 = 1;
