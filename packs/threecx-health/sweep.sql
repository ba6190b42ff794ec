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
SELECT scan, source, root, state, skipped, unexamined, errors, truncated
FROM threecx_scans
WHERE complete = 0;
