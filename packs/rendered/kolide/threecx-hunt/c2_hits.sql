-- Contacts with the infrastructure of the attack
-- Platforms: windows, darwin, linux
-- FAIL: One row per address of the attack, source and user: browsers' histories, the app's own profile, logs of resolvers and proxies, event logs, open connections.
-- What to do: Ask who and what contacted the address; with a compromised release on the host, treat it as compromised.
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
  hits."url",
  hits."domain",
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
SELECT source, source_path, indicator, indicator_type, value, url, domain, user, process, first_seen, last_seen, count,
  stage, verdict, level
FROM threecx_c2_hits
) AS found
) AS hits ON 1 = 1;
