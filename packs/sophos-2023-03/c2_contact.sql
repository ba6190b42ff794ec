-- title: Contacts with the addresses of the article
-- description: One row per address that the article lists, source and user: browsers, the app's own profile, resolvers, proxies, event logs, open connections.
-- platforms: windows, darwin, linux
-- schedule: every 3600 s
-- mode: differential_ignore_removals
-- level: high
-- references: https://news.sophos.com/en-us/2023/03/29/3cx-dll-sideloading-attack/
-- false positives: An analyst who looked an address up leaves the same record; contacts long after April 2023 met a sinkhole.
-- resolution: Ask who and what made the contact; with an affected release on the host, treat it as compromised.
-- budget: 500 rows, 120 s
-- attack: T1071.001, T1102.001

-- The printed query compares with LIKE '%name[.]com%'. In LIKE a bracket is a bracket, so it never matches anything.
-- It also reads the URL telemetry of Windows alone. The table knows the real names, compares whole labels, and counts
-- the shared code host only with the folder of the icons behind it.
SELECT source, source_path, indicator, indicator_type, value, user, process, first_seen, last_seen, count, stage, verdict,
  level
FROM threecx_c2_hits
WHERE EXISTS (SELECT 1 FROM json_each(indicators) AS named WHERE named.value LIKE '3cx/sophos-2023-03/%');
