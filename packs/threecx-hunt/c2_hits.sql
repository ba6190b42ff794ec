-- title: Contacts with the infrastructure of the attack
-- description: One row per address of the attack, source and user: browsers' histories, the app's own profile, logs of resolvers and
--   proxies, event logs, open connections.
-- platforms: windows, darwin, linux
-- schedule: every 3600 s
-- mode: differential_ignore_removals
-- level: high
-- references: https://news.sophos.com/en-us/2023/03/29/3cx-dll-sideloading-attack/
-- false positives: An analyst who looked an address up in a browser leaves the same record. The domains were taken over after the attack; a
--   contact long after April 2023 met a sinkhole.
-- resolution: Ask who and what contacted the address; with a compromised release on the host, treat it as compromised.
-- budget: 500 rows, 120 s
-- attack: T1071.001, T1102.001
SELECT source, source_path, indicator, indicator_type, value, url, domain, user, process, first_seen, last_seen, count,
  stage, verdict, level
FROM threecx_c2_hits;
