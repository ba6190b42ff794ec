-- title: UpdateAgent of macOS: starts that osquery recorded
-- description: One row per recorded start of the second stage. Needs osquery's process events: EndpointSecurity, or OpenBSM on older systems.
-- platforms: darwin
-- schedule: every 600 s
-- mode: differential_ignore_removals
-- level: critical
-- references: https://news.sophos.com/en-us/2023/03/29/3cx-dll-sideloading-attack/
-- false positives: None known: the vendor never shipped a file of that name in that place.
-- resolution: Isolate the host; the second stage took the account's domain and sent it away.
-- budget: 50 rows, 20 s
-- attack: T1059.004

-- The comma that is missing in the printed query stands here (time and pid are two columns), and a start without a
-- shell counts too. With events switched off osquery gives no row, which is no proof.
SELECT time, pid, parent, path, cmdline, uid
FROM es_process_events
WHERE event_type = 'exec'
  AND (lower(path) LIKE '%/3cx desktop app/updateagent' OR lower(cmdline) LIKE '%/3cx desktop app/updateagent%')
UNION ALL
SELECT time, pid, parent, path, cmdline, uid
FROM process_events
WHERE lower(path) LIKE '%/3cx desktop app/updateagent' OR lower(cmdline) LIKE '%/3cx desktop app/updateagent%';
