-- title: Sweeps that are incomplete, old, or met errors
-- description: One row per source or root of the last passes that did not examine all it promised. No row is good.
-- platforms: windows, darwin, linux
-- schedule: every 14400 s
-- mode: differential
-- level: low
-- references: https://osquery.readthedocs.io/en/stable/deployment/debugging/
-- false positives: A volume that is not readable for root, such as another container's, stays listed.
-- resolution: Read errors; run as root or administrator; see threecx_scans.
-- budget: 200 rows, 10 s
-- attack: none

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
  );
