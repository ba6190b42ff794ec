-- UpdateAgent of macOS: running, or still on disk
-- Platforms: darwin
-- FAIL: One row per process of the second stage, and per file that the second stage left in the folder of the app's settings.
-- What to do: Isolate the host before the process ends: its memory is evidence.
SELECT
  CASE
    WHEN hits.is_hit = 1 THEN 'FAIL'
    ELSE 'PASS'
  END AS KOLIDE_CHECK_STATUS,
  hits."trace",
  hits."pid",
  hits."path",
  hits."cmdline",
  hits."uid"
FROM (SELECT 1 AS one) AS always
LEFT JOIN (
SELECT 1 AS is_hit, found.* FROM (
-- The printed query names its columns wrongly (a comma is missing, so that the time is called pid) and needs a shell in
-- between. Here the path counts, however the program was started. UpdateAgent deletes itself: no row is no proof.
SELECT 'process' AS trace, pid, path, cmdline, uid
FROM processes
WHERE lower(path) LIKE '%/3cx desktop app/updateagent' OR lower(cmdline) LIKE '%/3cx desktop app/updateagent%'
UNION ALL
SELECT 'file', NULL, path, NULL, uid
FROM file
WHERE path LIKE '/Users/%/Library/Application Support/3CX Desktop App/UpdateAgent'
) AS found
) AS hits ON 1 = 1;
