-- Affected releases, running and installed
-- Platforms: windows, darwin, linux
-- FAIL: One row per process of an affected release and per installation of one.
-- What to do: Uninstall the release, then look for later stages.
SELECT
  CASE
    WHEN hits.is_hit = 1 THEN 'FAIL'
    WHEN NOT EXISTS (SELECT 1 FROM threecx_verdict WHERE scan_complete = 1) THEN 'UNKNOWN'
    ELSE 'PASS'
  END AS KOLIDE_CHECK_STATUS,
  hits."state",
  hits."version",
  hits."path",
  hits."user",
  hits."pid",
  hits."first_seen"
FROM (SELECT 1 AS one) AS always
LEFT JOIN (
SELECT 1 AS is_hit, found.* FROM (
-- The printed query lists every release of the app that runs, the repaired ones too: it filters by name, not by version.
SELECT 'running' AS state, version, path, user, pid, start_time AS first_seen
FROM threecx_processes
WHERE affected = 1
UNION ALL
SELECT state, version, path, user, NULL, first_seen
FROM threecx_installs
WHERE affected = 1
) AS found
) AS hits ON 1 = 1;
