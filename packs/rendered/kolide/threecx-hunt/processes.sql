-- Running processes of the attack
-- Platforms: windows, darwin, linux
-- FAIL: One row per process that runs a compromised release, a trojanised library, UpdateAgent, or has the decrypted loader in its memory (Linux).
-- What to do: Isolate the host before the process ends: its memory is evidence.
SELECT
  CASE
    WHEN hits.is_hit = 1 THEN 'FAIL'
    WHEN NOT EXISTS (SELECT 1 FROM threecx_verdict WHERE scan_complete = 1) THEN 'UNKNOWN'
    ELSE 'PASS'
  END AS KOLIDE_CHECK_STATUS,
  hits."pid",
  hits."parent",
  hits."name",
  hits."path",
  hits."cmdline",
  hits."uid",
  hits."user",
  hits."start_time",
  hits."version",
  hits."affected",
  hits."sha256",
  hits."component",
  hits."stage",
  hits."detection",
  hits."verdict",
  hits."level"
FROM (SELECT 1 AS one) AS always
LEFT JOIN (
SELECT 1 AS is_hit, found.* FROM (
SELECT pid, parent, name, path, cmdline, uid, user, start_time, version, affected, sha256, component, stage, detection,
  verdict, level
FROM threecx_processes
WHERE verdict IN ('malicious', 'suspicious', 'affected')
) AS found
) AS hits ON 1 = 1;
