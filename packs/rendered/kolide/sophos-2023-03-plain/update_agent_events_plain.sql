-- UpdateAgent of macOS: starts that osquery recorded
-- Platforms: darwin
-- FAIL: One row per recorded start of the second stage. Needs osquery's process events: EndpointSecurity, or OpenBSM on older systems.
-- What to do: Isolate the host; the second stage took the account's domain and sent it away.
SELECT
  CASE
    WHEN hits.is_hit = 1 THEN 'FAIL'
    ELSE 'PASS'
  END AS KOLIDE_CHECK_STATUS,
  hits."time",
  hits."pid",
  hits."parent",
  hits."path",
  hits."cmdline",
  hits."uid"
FROM (SELECT 1 AS one) AS always
LEFT JOIN (
SELECT 1 AS is_hit, found.* FROM (
-- The comma that is missing in the printed query stands here (time and pid are two columns), and a start without a
-- shell counts too. With events switched off osquery gives no row, which is no proof.
SELECT time, pid, parent, path, cmdline, uid
FROM es_process_events
WHERE event_type = 'exec'
  AND (lower(path) LIKE '%/3cx desktop app/updateagent' OR lower(cmdline) LIKE '%/3cx desktop app/updateagent%')
UNION ALL
SELECT time, pid, parent, path, cmdline, uid
FROM process_events
WHERE lower(path) LIKE '%/3cx desktop app/updateagent' OR lower(cmdline) LIKE '%/3cx desktop app/updateagent%'
) AS found
) AS hits ON 1 = 1;
