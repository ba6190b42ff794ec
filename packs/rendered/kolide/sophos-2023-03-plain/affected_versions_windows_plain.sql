-- Affected releases on Windows, running and installed
-- Platforms: windows
-- FAIL: One row per process whose file has an affected version, and per installed program of one.
-- What to do: Uninstall the release, then look for later stages.
SELECT
  CASE
    WHEN hits.is_hit = 1 THEN 'FAIL'
    ELSE 'PASS'
  END AS KOLIDE_CHECK_STATUS,
  hits."state",
  hits."name",
  hits."version",
  hits."path",
  hits."pid"
FROM (SELECT 1 AS one) AS always
LEFT JOIN (
SELECT 1 AS is_hit, found.* FROM (
-- The printed query has no condition on the version: the repaired releases are in its answer too.
-- The first three fields count; Windows may show a fourth. Not seen: programs that other users installed for themselves,
-- unless they run.
SELECT 'running' AS state, p.name, f.product_version AS version, p.path, p.pid
FROM processes AS p
JOIN file AS f ON f.path = p.path
WHERE (lower(p.name) = '3cxdesktopapp.exe' OR lower(f.original_filename) = '3cxdesktopapp.exe')
  AND (f.product_version || '.' LIKE '18.12.407.%' OR f.product_version || '.' LIKE '18.12.416.%')
UNION ALL
SELECT 'installed', name, version, install_location, NULL
FROM programs
WHERE name LIKE '3CX Desktop App%'
  AND (version || '.' LIKE '18.12.407.%' OR version || '.' LIKE '18.12.416.%')
) AS found
) AS hits ON 1 = 1;
