-- Contacts with the addresses of the article
-- Platforms: windows, darwin, linux
-- FAIL: One row per address that the article lists, source and user: browsers, the app's own profile, resolvers, proxies, event logs, open connections.
-- What to do: Ask who and what made the contact; with an affected release on the host, treat it as compromised.
SELECT
  CASE
    WHEN hits.is_hit = 1 THEN 'FAIL'
    WHEN NOT EXISTS (SELECT 1 FROM threecx_verdict WHERE scan_complete = 1) THEN 'UNKNOWN'
    ELSE 'PASS'
  END AS KOLIDE_CHECK_STATUS,
  hits."source",
  hits."source_path",
  hits."indicator",
  hits."indicator_type",
  hits."value",
  hits."user",
  hits."process",
  hits."first_seen",
  hits."last_seen",
  hits."count",
  hits."stage",
  hits."verdict",
  hits."level"
FROM (SELECT 1 AS one) AS always
LEFT JOIN (
SELECT 1 AS is_hit, found.* FROM (
-- The printed query compares with LIKE '%name[.]com%'. In LIKE a bracket is a bracket, so it never matches anything.
-- It also reads the URL telemetry of Windows alone. The table knows the real names, compares whole labels, and counts
-- the shared code host only with the folder of the icons behind it.
SELECT source, source_path, indicator, indicator_type, value, user, process, first_seen, last_seen, count, stage, verdict,
  level
FROM threecx_c2_hits
WHERE EXISTS (SELECT 1 FROM json_each(indicators) AS named WHERE named.value LIKE '3cx/sophos-2023-03/%')
) AS found
) AS hits ON 1 = 1;
