-- Past executions of compromised releases and later stages
-- Platforms: windows, darwin, linux
-- FAIL: One row per program of the attack that the system recorded as run or seen, also when the file is gone.
-- What to do: A run of a compromised release between 22 March and the clean-up counts as a compromise until later stages are excluded.
SELECT
  CASE
    WHEN hits.is_hit = 1 THEN 'FAIL'
    WHEN NOT EXISTS (SELECT 1 FROM threecx_verdict WHERE scan_complete = 1) THEN 'UNKNOWN'
    ELSE 'PASS'
  END AS KOLIDE_CHECK_STATUS,
  hits."time",
  hits."last_time",
  hits."count",
  hits."source",
  hits."source_path",
  hits."proof",
  hits."path",
  hits."cmdline",
  hits."user",
  hits."version",
  hits."sha256",
  hits."component",
  hits."stage",
  hits."verdict",
  hits."level"
FROM (SELECT 1 AS one) AS always
LEFT JOIN (
SELECT 1 AS is_hit, found.* FROM (
SELECT time, last_time, count, source, source_path, proof, path, cmdline, user, version, sha256, component, stage, verdict,
  level
FROM threecx_executions
WHERE verdict IN ('malicious', 'suspicious', 'affected')
) AS found
) AS hits ON 1 = 1;
