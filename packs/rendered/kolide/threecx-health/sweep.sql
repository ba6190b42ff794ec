-- Sweeps that are incomplete, old, or met errors
-- Platforms: windows, darwin, linux
-- FAIL: One row per source or root of the last passes that did not examine all it promised. No row is good.
-- What to do: Read errors; run as root or administrator; see threecx_scans.
SELECT
  CASE
    WHEN hits.is_hit = 1 THEN 'FAIL'
    WHEN NOT EXISTS (SELECT 1 FROM threecx_verdict WHERE scan_complete = 1) THEN 'UNKNOWN'
    ELSE 'PASS'
  END AS KOLIDE_CHECK_STATUS,
  hits."scan",
  hits."source",
  hits."root",
  hits."state",
  hits."skipped",
  hits."unexamined",
  hits."errors",
  hits."truncated"
FROM (SELECT 1 AS one) AS always
LEFT JOIN (
SELECT 1 AS is_hit, found.* FROM (
-- A pass that runs while the last one of its kind vouches for the host is no gap.
SELECT s.scan, s.source, s.root, s.state, s.skipped, s.unexamined, s.errors, s.truncated
FROM threecx_scans AS s
WHERE s.complete = 0
  AND NOT (
    s.state IN ('pending', 'running')
    AND EXISTS (
      SELECT 1 FROM threecx_scans AS last
      WHERE last.scan = s.scan AND last.source = s.source AND last.root = s.root AND last.complete = 1
    )
  )
) AS found
) AS hits ON 1 = 1;
