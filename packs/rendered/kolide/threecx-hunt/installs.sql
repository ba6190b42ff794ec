-- Compromised releases of the app, present, removed or served
-- Platforms: windows, darwin, linux
-- FAIL: One row per installation of a release that carried the malware, for any user, and per update package of one that a phone system still hands out.
-- What to do: Uninstall the release; on a phone system remove the update packages; then look for later stages.
SELECT
  CASE
    WHEN hits.is_hit = 1 THEN 'FAIL'
    WHEN NOT EXISTS (SELECT 1 FROM threecx_verdict WHERE scan_complete = 1) THEN 'UNKNOWN'
    ELSE 'PASS'
  END AS KOLIDE_CHECK_STATUS,
  hits."platform",
  hits."path",
  hits."version",
  hits."state",
  hits."user",
  hits."scope",
  hits."source",
  hits."fixed_version",
  hits."first_seen",
  hits."last_seen"
FROM (SELECT 1 AS one) AS always
LEFT JOIN (
SELECT 1 AS is_hit, found.* FROM (
SELECT platform, path, version, state, user, scope, source, fixed_version, first_seen, last_seen
FROM threecx_installs
WHERE affected = 1
) AS found
) AS hits ON 1 = 1;
