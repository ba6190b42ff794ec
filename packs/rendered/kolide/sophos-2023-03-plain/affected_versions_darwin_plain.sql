-- Affected releases on macOS, running and installed
-- Platforms: darwin
-- FAIL: One row per bundle of an affected release, with the process that runs it where one does.
-- What to do: Remove the app, then look for UpdateAgent.
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
-- The printed query has no condition on the version and asks Windows alone; macOS has releases of its own in the list.
SELECT CASE WHEN p.pid IS NULL THEN 'installed' ELSE 'running' END AS state, a.name, a.bundle_short_version AS version,
  a.path, p.pid
FROM apps AS a
LEFT JOIN processes AS p ON substr(p.path, 1, length(a.path) + 16) = a.path || '/Contents/MacOS/'
WHERE lower(a.bundle_identifier) = 'com.electron.3cx-desktop-app'
  AND a.bundle_short_version IN ('18.11.1213', '18.12.402', '18.12.407', '18.12.416')
) AS found
) AS hits ON 1 = 1;
