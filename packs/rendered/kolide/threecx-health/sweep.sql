-- Sweeps that are incomplete, old, or met errors
-- Platforms: windows, darwin, linux
-- FAIL: One row per source or root of the last passes that did not examine all it promised. No row is good.
-- What to do: Read errors; run as root or administrator; see threecx_scans.
SELECT
  CASE
    WHEN hits.is_hit = 1 THEN 'FAIL'
    WHEN NOT EXISTS (SELECT 1 FROM threecx_scans WHERE complete = 1)
      OR EXISTS (SELECT 1 FROM threecx_scans WHERE complete = 0) THEN 'UNKNOWN'
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
SELECT scan, source, root, state, skipped, unexamined, errors, truncated
FROM threecx_scans
WHERE complete = 0
) AS found
) AS hits ON 1 = 1;
