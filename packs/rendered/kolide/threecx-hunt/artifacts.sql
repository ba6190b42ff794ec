-- Files of the 3CX attack on disk
-- Platforms: windows, darwin, linux
-- FAIL: One row per file that a published digest, a rule or a structural check points at: the trojanised libraries, the payload carrier, icons with encrypted trailers, installers that hold them, and later stages.
-- What to do: Isolate the host, uninstall the app, use the web client (PWA), rotate every credential that a browser of this host had stored.
SELECT
  CASE
    WHEN hits.is_hit = 1 THEN 'FAIL'
    WHEN NOT EXISTS (SELECT 1 FROM threecx_verdict WHERE scan_complete = 1) THEN 'UNKNOWN'
    ELSE 'PASS'
  END AS KOLIDE_CHECK_STATUS,
  hits."path",
  hits."filename",
  hits."size",
  hits."sha256",
  hits."mtime",
  hits."owner",
  hits."platform",
  hits."component",
  hits."stage",
  hits."detection",
  hits."verdict",
  hits."level",
  hits."matched_by",
  hits."version"
FROM (SELECT 1 AS one) AS always
LEFT JOIN (
SELECT 1 AS is_hit, found.* FROM (
SELECT path, filename, size, sha256, mtime, owner, platform, component, stage, detection, verdict, level, matched_by,
  version
FROM threecx_artifacts
WHERE verdict IN ('malicious', 'suspicious', 'affected')
) AS found
) AS hits ON 1 = 1;
